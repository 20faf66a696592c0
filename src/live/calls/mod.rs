//! Calls: a state machine in memory. A command answers with what it would change, and changes nothing itself.
//!
//! A change is stored, then applied, then told: so nobody hears of a call that the store does not know. The store takes
//! a change only over the one that it was made from (each call has a revision), and keeps two calls from sharing
//! somebody or a room; where it refuses, the command is given again, to the calls as the store has them by then. So
//! any number of servers decide about the same calls, and none owns one.
//!
//! No I/O, no sockets; the time is a parameter. Ring times and graces are measured by the monotonic clock, so that they
//! last as long as
//! they should when somebody sets the time of day.

mod absence;
mod answer;
mod begin;
mod book;
mod call;
mod leave;
mod questions;
mod standing;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub use answer::{Accepted, Which};
pub use begin::Refusal;

use crate::model::{Call, CallId, Now, ServerId};
use crate::wire::Delivery;
use book::Book;
use call::OpenCall;

/// How many may be in a call, those who are away for the grace among them.
const MOST_INSIDE: usize = 16;

/// Of how many calls it is remembered that they are over.
const MOST_OVER: usize = 4096;

/// The calls that go on, as one server knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallMachine {
    server: ServerId,
    ring_timeout: Duration,
    grace: Duration,
    book: Book,
    /// Calls that ended lately, and the last revision that is known to be in the store: what was said of one before its
    /// end and is heard after it opens it no more.
    over: BTreeMap<CallId, u64>,
}

/// What a command would change: hand it to [`CallMachine::apply`] and tell what that answers; [`Change::record`] is
/// what the store is to hold.
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
    made_from: u64,
}

impl CallMachine {
    /// No calls yet, on this server. They ring for `ring_timeout`; who lost the connection has `grace` to come back.
    pub fn new(server: ServerId, ring_timeout: Duration, grace: Duration) -> Self {
        Self { server, ring_timeout, grace, book: Book::default(), over: BTreeMap::new() }
    }

    /// Makes a change true that the store has taken, or with `stored` false is to take later; answers with what is to
    /// be told of it. Where the call is known already as another server changed it after this, it stays so.
    pub fn apply(&mut self, change: Change, stored: bool) -> Vec<Delivery> {
        let Change { call, deliveries, mut after, made_from, record } = change;
        let revision = if stored && record.is_some() { made_from + 1 } else { made_from };
        if self.known_revision(call).is_none_or(|known| known <= made_from) {
            after.iter_mut().for_each(|after| after.revision = revision);
            self.replace(call, after, revision);
        }
        deliveries
    }

    /// The store has taken what was applied before: the revision that it has now.
    pub fn stored(&mut self, record: &Call) {
        match self.book.get(record.id) {
            Some(known) if known.revision < record.revision => {
                let known = OpenCall { revision: record.revision, ..known.clone() };
                self.book.replace(record.id, Some(known));
            }
            Some(_) => {}
            None => self.remember_over(record.id, record.revision),
        }
    }

    /// The last change of a call that is known to be in the store, also of one that is over.
    fn known_revision(&self, call: CallId) -> Option<u64> {
        self.book.get(call).map(|known| known.revision).or_else(|| self.over.get(&call).copied())
    }

    fn replace(&mut self, id: CallId, call: Option<OpenCall>, revision: u64) {
        if call.is_none() {
            self.remember_over(id, revision);
        }
        self.book.replace(id, call);
    }

    fn remember_over(&mut self, call: CallId, revision: u64) {
        let last = self.over.entry(call).or_default();
        *last = revision.max(*last);
        if self.over.len() > MOST_OVER {
            self.over.pop_first();
        }
    }

    /// Whether the call goes on.
    pub fn is_open(&self, call: CallId) -> bool {
        self.book.get(call).is_some()
    }

    /// A call that goes on, as it is to be stored.
    pub fn record(&self, now: Now, call: CallId) -> Option<Call> {
        self.book.get(call).map(|call| call.record(now, None))
    }

    /// When [`CallMachine::tick`] has something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.book.first_due().map(|(at, _)| at)
    }
}
