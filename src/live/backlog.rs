//! Jobs for a worker that lives only while there is something to do, so that idle things cost no task.

use std::collections::VecDeque;
use std::collections::vec_deque::Drain;

/// What waits, and whether somebody works on it.
#[derive(Debug)]
pub struct Backlog<J> {
    waiting: VecDeque<J>,
    has_worker: bool,
}

impl<J> Default for Backlog<J> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), has_worker: false }
    }
}

impl<J> Backlog<J> {
    /// Queues a job; whether a worker must be started for it.
    pub fn push(&mut self, job: J) -> bool {
        self.waiting.push_back(job);
        !std::mem::replace(&mut self.has_worker, true)
    }

    /// Queues a job before all others; whether a worker must be started for it.
    pub fn push_front(&mut self, job: J) -> bool {
        self.waiting.push_front(job);
        !std::mem::replace(&mut self.has_worker, true)
    }

    /// The next jobs, at most so many, in their order. None, and the worker has to end, where nothing waits.
    pub fn next(&mut self, most: usize) -> Option<Drain<'_, J>> {
        if self.waiting.is_empty() {
            self.waiting.shrink_to_fit();
            self.has_worker = false;
            return None;
        }
        let count = self.waiting.len().min(most);
        Some(self.waiting.drain(..count))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
