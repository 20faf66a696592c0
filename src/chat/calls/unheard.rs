//! What was found out about calls by reading the store, before the server that did it said so. As a rule it does within
//! milliseconds; one that has died never will.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::CallId;
use crate::wire::Delivery;

/// What nobody has told.
#[derive(Debug)]
pub(crate) enum Untold {
    /// This call has begun.
    Begun(CallId),
    /// A call is over, of which this is to be told.
    Over(Vec<Delivery>),
}

/// At most one thing a call.
#[derive(Debug, Default)]
pub(crate) struct Unheard {
    /// With whether it has been left for a while.
    calls: Mutex<HashMap<CallId, (Untold, bool)>>,
}

impl Unheard {
    fn calls(&self) -> MutexGuard<'_, HashMap<CallId, (Untold, bool)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call was found to have begun.
    pub(crate) fn begun(&self, call: CallId) {
        self.calls().insert(call, (Untold::Begun(call), false));
    }

    /// A call was found to be over, of which this is to be told.
    pub(crate) fn over(&self, call: CallId, deliveries: Vec<Delivery>) {
        // Where nobody has heard of its beginning, there is nothing to be told of its end.
        if self.calls().remove(&call).is_none() {
            self.calls().insert(call, (Untold::Over(deliveries), false));
        }
    }

    /// A server has said how the call stands, and tells what follows.
    pub(crate) fn heard(&self, call: CallId) {
        self.calls().remove(&call);
    }

    /// Nobody is connected yet who could be told.
    pub(crate) fn forget_all(&self) {
        self.calls().clear();
    }

    /// Takes out what has been left since this was asked last.
    pub(crate) fn left_over(&self) -> Vec<Untold> {
        let mut calls = self.calls();
        let left: Vec<Untold> = calls.extract_if(|_, (_, waited)| *waited).map(|(_, (untold, _))| untold).collect();
        calls.values_mut().for_each(|(_, waited)| *waited = true);
        left
    }
}
