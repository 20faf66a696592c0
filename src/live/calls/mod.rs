//! Calls: a state machine in memory. A command answers with what it would change, and changes nothing itself.
//!
//! What it would change is stored first, then applied, then told: so nobody hears of a call that the store does not know, and a
//! command whose change could not be stored has not happened. Between a command and [`Calls::apply`] no other change may be
//! applied; whoever drives the machine takes one command after another. Questions may be asked at any time.
//!
//! No I/O, no sockets; the time is a parameter.

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

use std::time::Duration;

pub use answer::{Accepted, Which};
pub use begin::Refusal;

use crate::model::{Call, CallId, Delivery, Timestamp};
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

/// What a command would change: store [`Change::record`], then hand the change to [`Calls::apply`], then tell what that answers.
///
/// Where the store fails, a change that somebody asked for is dropped, and has not happened. One that has happened anyway (a socket
/// is gone, a time is up) is applied all the same.
#[derive(Clone, Debug)]
#[must_use = "nothing has changed until it is applied"]
pub struct Change {
    /// The call as it is to be stored; `None` where nothing that is stored changes.
    pub record: Option<Call>,
    deliveries: Vec<Delivery>,
    call: CallId,
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

    /// When [`Calls::tick`] has something to do next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.book.first_due().map(|(at, _)| at)
    }
}
