//! Calls: a state machine in memory. A command answers with what it would change, and changes nothing itself.
//!
//! What somebody asks for (to ring, to accept) is stored first, then applied, then told: so nobody hears of a call that the store does not
//! know. Because others may change the calls while it is stored, the command is given again then, and the change that it answers with
//! is applied where it is the one that was stored. What has happened (a connection was lost, a time ran out, somebody hung up) is
//! applied and told at once and stored afterwards. Between a command and [`Calls::apply`] of its change no other change may be applied.
//!
//! No I/O, no sockets; the time is a parameter. Ring times and graces are measured by the monotonic clock, so that they last as long as
//! they should when somebody sets the time of day.

mod absence;
mod answer;
mod begin;
mod book;
mod call;
mod leave;
mod questions;
mod restore;
#[cfg(test)]
mod tests;
mod turn;

use std::time::{Duration, Instant};

pub use answer::{Accepted, Which};
pub use begin::Refusal;
pub use restore::Restored;

use crate::model::{Call, CallId, Delivery};
use book::Book;
use call::OpenCall;

/// How many may be in a call, those who are away for the grace among them.
const MOST_INSIDE: usize = 16;

/// The calls that go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    ring_timeout: Duration,
    grace: Duration,
    book: Book,
    /// Counts the changes, so that none is applied to another state than it was made for.
    revision: u64,
}

/// What a command would change: hand it to [`Calls::apply`] and tell what that answers; [`Change::record`] is what the store is to hold.
///
/// Dropped instead, it has not happened.
#[derive(Clone, Debug)]
#[must_use = "nothing has changed until it is applied"]
pub struct Change {
    /// The call as it is to be stored; `None` where nothing that is stored changes.
    pub record: Option<Call>,
    /// The call that changes.
    pub call: CallId,
    deliveries: Vec<Delivery>,
    after: Option<OpenCall>,
    revision: u64,
}

impl Calls {
    /// No calls yet. They ring for `ring_timeout`; who lost the connection has `grace` to come back.
    pub fn new(ring_timeout: Duration, grace: Duration) -> Self {
        Self { ring_timeout, grace, book: Book::default(), revision: 0 }
    }

    /// Makes a change true, and answers with what is to be told of it.
    ///
    /// # Panics
    /// Where another change was applied since the command: the change may no longer be one.
    pub fn apply(&mut self, change: Change) -> Vec<Delivery> {
        assert_eq!(change.revision, self.revision, "another change was applied since this one was made");
        self.revision += 1;
        self.book.replace(change.call, change.after);
        change.deliveries
    }

    /// Whether the call goes on.
    pub fn is_open(&self, call: CallId) -> bool {
        self.book.get(call).is_some()
    }

    /// A call that goes on, as it is to be stored.
    pub fn record(&self, call: CallId) -> Option<Call> {
        self.book.get(call).map(|call| call.record(None))
    }

    /// When [`Calls::tick`] has something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.book.first_due().map(|(at, _)| at)
    }
}
