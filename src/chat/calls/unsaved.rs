//! The records of calls that the store does not have yet: what happened to a call is told at once and stored as soon as
//! the store takes it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::model::{Call, CallId};

/// At most one record a call, the newest.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    records: Mutex<HashMap<CallId, Call>>,
    added: Notify,
}

impl Unsaved {
    fn records(&self) -> MutexGuard<'_, HashMap<CallId, Call>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a record stored, in the place of an older one of the call.
    pub(crate) fn put(&self, record: Call) {
        self.records().insert(record.id, record);
        self.added.notify_one();
    }

    /// Resolves when a record was put.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// All of them.
    pub(crate) fn all(&self) -> HashMap<CallId, Call> {
        self.records().clone()
    }

    /// The calls of some of them, at most so many.
    pub(crate) fn some(&self, most: usize) -> Vec<CallId> {
        self.records().keys().take(most).copied().collect()
    }

    /// Whether the store has everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.records().is_empty()
    }

    /// The one of a call.
    pub(crate) fn get(&self, call: CallId) -> Option<Call> {
        self.records().get(&call).cloned()
    }

    /// It is stored; a newer one that came meanwhile stays, to be stored over it.
    pub(crate) fn saved(&self, record: &Call) {
        let mut records = self.records();
        match records.get_mut(&record.id) {
            Some(newer) if newer != record => newer.revision = record.revision + 1,
            _ => drop(records.remove(&record.id)),
        }
    }

    /// What the store has of the call counts.
    pub(crate) fn forget(&self, call: CallId) {
        self.records().remove(&call);
    }
}
