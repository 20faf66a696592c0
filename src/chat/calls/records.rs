//! Storing what happened to calls.

use std::time::Duration;

use futures_util::future::join_all;

use super::Calls;
use crate::error::Error;
use crate::model::{Call, CallStatus, EndReason, Now, Timestamp};

/// How many records are stored at once.
const AT_ONCE: usize = 16;

/// How long to wait after the store did not take a record.
const AGAIN: Duration = Duration::from_secs(1);

/// How often the calls are compared with the store, where several servers are on one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Calls {
    /// The store may have this record of a call, and it is not true: has what is true stored over it.
    pub(super) fn put_right(&self, record: Call) {
        if self.unsaved.get(record.id).is_some() {
            return;
        }
        let true_one = self.machine().record(Now::read(), record.id);
        self.unsaved.put(true_one.unwrap_or_else(|| Call {
            status: CallStatus::Ended,
            inside: Vec::new(),
            ringing: Vec::new(),
            ended_at: Some(Timestamp::now().max(record.created_at)),
            end_reason: Some(EndReason::Disconnected),
            standing: None,
            ..record
        }));
    }

    /// Stores what happened to calls, as it comes, and follows what other servers do to them. Never resolves.
    pub async fn keep(&self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.unsaved.added() => {}
                () = self.missed.notified() => self.follow().await,
                _ = look.tick(), if self.bus.is_shared() => {
                    self.follow().await;
                    self.tell_unheard();
                }
            }
            while !self.unsaved.is_empty() {
                if !self.save_some().await {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn follow(&self) {
        match self.refresh().await {
            Ok(()) => self.put_in_order().await,
            Err(error) => error.log("it is not known what other servers did to calls"),
        }
    }

    /// Stores what is left, at the end.
    pub async fn save_left(&self) {
        self.all_happened().await;
        while !self.unsaved.is_empty() && self.save_some().await {}
    }

    /// Whether the store took them.
    async fn save_some(&self) -> bool {
        let saved = join_all(self.unsaved.some(AT_ONCE).into_iter().map(|call| async move {
            let work = async {
                // Looked at in its turn: what was asked of the call meanwhile may have made a newer one.
                match self.unsaved.get(call) {
                    Some(record) => self.save(record).await,
                    None => Ok(()),
                }
            };
            self.turns.in_turn(call, work).await
        }));
        let failed = saved.await.into_iter().find_map(Result::err);
        if let Some(error) = &failed {
            error.log("what happened to calls is not stored yet");
        }
        failed.is_none()
    }

    async fn save(&self, record: Call) -> Result<(), Error> {
        if self.store.change_call(record.clone()).await? {
            self.machine().stored(&record);
            self.unsaved.saved(&record);
            self.announce(&record);
            return Ok(());
        }
        // Another server has changed it meanwhile, while this one could not be heard: that counts.
        self.unsaved.forget(record.id);
        self.refresh().await
    }
}
