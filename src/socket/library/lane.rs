//! One bounded queue and one worker for the events of a connection: they run one after another, in the order in which
//! they came.
//!
//! The library would run each in a task of its own, out of order and without bound. The worker is a task that lives
//! only while there is
//! something to do, so that an idle connection costs none.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::live::Backlog;

/// More than the rate limits let through at once.
const MOST_WAITING: usize = 2048;
/// All that waits together, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The queue. `J` is a job that knows its size.
#[derive(Debug)]
pub(crate) struct Lane<J> {
    state: Mutex<State<J>>,
}

#[derive(Debug)]
struct State<J> {
    backlog: Backlog<(J, usize)>,
    bytes: usize,
    /// Jobs are taken but do not run before it is open.
    open: bool,
}

/// What the one who queued a job has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// Nothing: it runs in its turn.
    Waits,
    /// Start the worker.
    StartWorker,
    /// It was not taken: too much waits.
    Full,
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self { state: Mutex::new(State { backlog: Backlog::default(), bytes: 0, open: false }) }
    }
}

impl<J> Lane<J> {
    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job of this size in bytes.
    pub(crate) fn push(&self, job: J, bytes: usize) -> Queued {
        let mut state = self.state();
        if state.backlog.waiting() >= MOST_WAITING || state.bytes + bytes > MOST_BYTES {
            return Queued::Full;
        }
        state.push(job, bytes)
    }

    /// Queues a job that must run, however much waits.
    pub(crate) fn push_always(&self, job: J) -> Queued {
        self.state().push(job, 0)
    }

    /// Lets jobs run, this one before those that came already. Nothing where it is open.
    pub(crate) fn open(&self, first: J) -> Queued {
        let mut state = self.state();
        if std::mem::replace(&mut state.open, true) {
            return Queued::Waits;
        }
        state.backlog.push_front((first, 0));
        Queued::StartWorker
    }

    /// The next job and its size; `None`, and the worker has to end, where nothing waits.
    pub(crate) fn next(&self) -> Option<(J, usize)> {
        let mut state = self.state();
        let (job, bytes) = state.backlog.next(1)?.next()?;
        state.bytes -= bytes;
        Some((job, bytes))
    }

    /// All that waits together, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

impl<J> State<J> {
    fn push(&mut self, job: J, bytes: usize) -> Queued {
        self.bytes += bytes;
        let idle = self.backlog.push((job, bytes));
        if idle && self.open { Queued::StartWorker } else { Queued::Waits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_wait_until_it_opens_and_come_out_in_order_behind_the_first() {
        let lane = Lane::default();
        assert_eq!(lane.push("a", 1), Queued::Waits);
        assert_eq!(lane.push("b", 1), Queued::Waits);
        assert_eq!(lane.open("connect"), Queued::StartWorker);
        assert_eq!(lane.open("again"), Queued::Waits);
        assert_eq!(lane.push("c", 1), Queued::Waits);
        let order: Vec<_> = std::iter::from_fn(|| lane.next().map(|(job, _)| job)).collect();
        assert_eq!(order, ["connect", "a", "b", "c"]);
        assert_eq!(lane.push("d", 1), Queued::StartWorker);
        assert_eq!(lane.push("e", 1), Queued::Waits);
    }

    #[test]
    fn it_is_bounded_in_jobs_and_in_bytes_and_recovers() {
        let lane = Lane::default();
        assert_eq!(lane.push(0, MOST_BYTES), Queued::Waits);
        assert_eq!(lane.push(1, 1), Queued::Full);
        assert_eq!(lane.push_always(2), Queued::Waits);
        assert_eq!(lane.next(), Some((0, MOST_BYTES)));
        for job in 0..MOST_WAITING {
            lane.push(job, 1);
        }
        assert_eq!(lane.push(9, 1), Queued::Full);
    }
}
