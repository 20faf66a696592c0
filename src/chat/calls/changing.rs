//! Changing calls: decided, stored over what it was decided from, applied, told.

use std::future::Future;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt;

use super::Calls;
use crate::bus::Notice;
use crate::error::Error;
use crate::live::{CallMachine, Change, Presence, Refusal};
use crate::model::{Call, CallId, Now, Timestamp};
use crate::store::StoreError;

/// How often a change is decided again because others were faster, until it counts as refused by the store.
const MOST_TRIES: usize = 100;

impl Calls {
    /// Has the machine say what a command would change.
    fn decide<T>(&self, command: impl FnOnce(&CallMachine, Now, &Presence) -> T) -> T {
        let presence = self.bus.presence();
        command(&self.machine(), Now::read(), &presence)
    }

    /// Does what somebody asks of a call. Nothing has happened where the store does not take it.
    ///
    /// Where somebody else was faster, and before anybody is refused for what another server may have ended meanwhile,
    /// the calls are read anew and the command is given again.
    pub(super) async fn ask<T>(
        &self,
        call: CallId,
        command: impl Fn(&CallMachine, Now, &Presence) -> Result<(T, Change), Refusal>,
    ) -> Result<T, Error> {
        let work = async {
            let mut is_known = !self.bus.is_shared();
            for _ in 0..MOST_TRIES {
                match self.decide(&command) {
                    Ok((answer, change)) => {
                        if self.make(change).await? {
                            return Ok(answer);
                        }
                    }
                    Err(Refusal { error, kept }) if is_known => {
                        return self.store_try(kept.map(|call| *call)).await.and(Err(error));
                    }
                    Err(_) => {}
                }
                self.refresh().await?;
                is_known = true;
            }
            Err(StoreError::Unavailable("others change the call all the time".to_owned()).into())
        };
        self.turns.in_turn(call, work).await
    }

    /// Stores a try to ring somebody that came to nothing.
    async fn store_try(&self, call: Option<Call>) -> Result<(), Error> {
        match call {
            Some(call) => Ok(self.store.change_call(call).await.map(drop)?),
            None => Ok(()),
        }
    }

    /// Stores a change, and applies and tells it where the store took it; `false` where others were faster.
    async fn make(&self, change: Change) -> Result<bool, Error> {
        if let Some(record) = &change.record {
            match self.store.change_call(record.clone()).await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => {
                    // It may be stored all the same: then what is true has to be stored again.
                    self.put_right(record.clone());
                    return Err(error.into());
                }
            }
            // The change was made from all that had happened to the call.
            self.unsaved.forget(record.id);
            self.announce(record);
        }
        self.apply(change, true);
        Ok(true)
    }

    /// Tells the other servers how a call stands now, before they are told what their sockets hear of it.
    pub(super) fn announce(&self, record: &Call) {
        self.bus.notify(Notice::CallChanged(Box::new(record.clone()), Timestamp::now()));
    }

    /// Applies a change and tells what follows.
    fn apply(&self, change: Change, stored: bool) {
        // Under one lock, as connecting and greeting are: a socket that connects meanwhile is rung by one of the two,
        // and not by both.
        let mut presence = self.bus.presence();
        let deliveries = self.machine().apply(change, stored);
        deliveries.into_iter().for_each(|delivery| presence.publish(delivery));
        drop(presence);
        self.deadline_changed.notify_one();
    }

    /// Makes a change that nobody can be refused, because it has happened. Whether there was one.
    ///
    /// Where this server alone works on the store, or the store is away, it is applied and told before it is stored.
    pub(super) async fn happen(&self, command: impl Fn(&CallMachine, Now, &Presence) -> Option<Change>) -> bool {
        for _ in 0..MOST_TRIES {
            let Some(call) = self.decide(&command).map(|change| change.call) else { return false };
            let _turn = self.turns.turn(call).await;
            // It may be another one by now, and another call.
            let Some(change) = self.decide(&command) else { return false };
            if change.call != call {
                continue;
            }
            if !self.bus.is_shared() {
                self.apply_unsaved(change);
                return true;
            }
            match self.make(change).await {
                Ok(true) => return true,
                Ok(false) if self.refresh().await.is_ok() => {}
                _ => return self.decide(&command).map(|change| self.apply_unsaved(change)).is_some(),
            }
        }
        false
    }

    fn apply_unsaved(&self, change: Change) {
        let record = change.record.clone();
        self.apply(change, false);
        record.into_iter().for_each(|record| self.unsaved.put(record));
    }

    /// Has something happen from where nobody can wait: at once where it need not wait for anything, else behind.
    pub(super) fn happen_behind<F>(self: &Arc<Self>, happen: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut work = Box::pin(happen(Arc::clone(self)));
        if (&mut work).now_or_never().is_none() {
            let mut happening = self.happening.lock().unwrap_or_else(PoisonError::into_inner);
            while happening.try_join_next().is_some() {}
            happening.spawn(work);
        }
    }

    /// Waits for what happens behind.
    pub(super) async fn all_happened(&self) {
        let mut happening = std::mem::take(&mut *self.happening.lock().unwrap_or_else(PoisonError::into_inner));
        while happening.join_next().await.is_some() {}
    }
}
