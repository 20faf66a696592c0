//! The records of calls that the store does not have yet: what happened to a call is told at once and stored as soon as the store takes it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;

use crate::chat::Chat;
use crate::model::{Call, CallId, CallStatus, EndReason, Timestamp};
use crate::store::Engine;

/// How many records are stored at once.
const AT_ONCE: usize = 16;

/// How long to wait after the store did not take a record.
const AGAIN: Duration = Duration::from_secs(1);

/// How often it is looked for calls of servers that are gone, where several may be on one database.
const ADOPT_EVERY: Duration = Duration::from_secs(3);

/// At most one record a call, the newest.
#[derive(Debug, Default)]
pub struct Unsaved {
    records: Mutex<HashMap<CallId, Call>>,
    added: Notify,
}

impl Unsaved {
    fn records(&self) -> MutexGuard<'_, HashMap<CallId, Call>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a record stored, in the place of an older one of the call.
    pub fn put(&self, record: Call) {
        self.records().insert(record.id, record);
        self.added.notify_one();
    }

    /// All of them.
    pub fn all(&self) -> HashMap<CallId, Call> {
        self.records().clone()
    }

    fn some(&self) -> Vec<CallId> {
        self.records().keys().take(AT_ONCE).copied().collect()
    }

    fn is_empty(&self) -> bool {
        self.records().is_empty()
    }

    /// The one of a call.
    pub fn get(&self, call: CallId) -> Option<Call> {
        self.records().get(&call).cloned()
    }

    /// It is stored; a newer one that came meanwhile stays.
    fn saved(&self, record: &Call) {
        let mut records = self.records();
        if records.get(&record.id) == Some(record) {
            records.remove(&record.id);
        }
    }
}

impl Chat {
    /// The store may have this record of a call, and it is not true: has what is true stored over it.
    pub(super) fn put_right(&self, record: Call) {
        if self.calls.unsaved.get(record.id).is_some() {
            return;
        }
        let true_one = self.calls().record(record.id);
        self.calls.unsaved.put(true_one.unwrap_or_else(|| Call {
            status: CallStatus::Ended,
            inside: Vec::new(),
            ringing: Vec::new(),
            ended_at: Some(Timestamp::now().max(record.created_at)),
            end_reason: Some(EndReason::Disconnected),
            ..record
        }));
    }

    /// Stores what happened to calls, as it comes, and takes up the calls of servers that are gone. Never resolves.
    pub async fn keep_calls(self: Arc<Self>) {
        let mut adopt = tokio::time::interval(ADOPT_EVERY);
        adopt.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let shared = self.store.engine() == Engine::MongoDb;
        loop {
            tokio::select! {
                () = self.calls.unsaved.added.notified() => {}
                _ = adopt.tick(), if shared => {
                    if let Err(error) = self.resume_calls().await {
                        tracing::debug!(%error, "it could not be looked for calls of servers that are gone");
                    }
                }
            }
            while !self.calls.unsaved.is_empty() {
                if !self.save_some_calls().await {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Stores what is left, at the end.
    pub async fn save_calls_left(&self) {
        while !self.calls.unsaved.is_empty() && self.save_some_calls().await {}
    }

    /// Whether the store took them.
    async fn save_some_calls(&self) -> bool {
        let saved = join_all(self.calls.unsaved.some().into_iter().map(|call| async move {
            let work = async {
                // Looked at in its turn: what was asked of the call meanwhile may have made a newer one.
                if let Some(record) = self.calls.unsaved.get(call) {
                    self.store.save_calls(vec![record.clone()]).await?;
                    self.calls.unsaved.saved(&record);
                }
                Ok(())
            };
            self.calls.turns.in_turn(call, work).await
        }));
        let failed = saved.await.into_iter().find_map(Result::err);
        if let Some(error) = &failed {
            tracing::debug!(%error, "what happened to calls is not stored yet");
        }
        failed.is_none()
    }
}
