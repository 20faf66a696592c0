//! What waits for one client, and whose account it is counted in.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::socket::bounds::MOST_WAITING;
use crate::socket::direct::account::Account;
use crate::socket::ledger::Over;

/// How many bytes may wait for one who has not authenticated.
const MOST_OF_STRANGER: usize = 256 * 1024;

/// A queue keeps room for this many frames when it is empty.
pub(super) const KEPT: usize = 8;

/// What waits, and how it is written.
#[derive(Default)]
pub(super) struct Out {
    pub(super) queue: VecDeque<Bytes>,
    pub(super) bytes: usize,
    pub(super) account: Option<Account>,
    /// It is entered to be written when it is time.
    pub(super) entered: bool,
    /// A task waits for the kernel.
    pub(super) draining: bool,
    /// Nothing is taken any more; what waits is written, and then the end.
    pub(super) finishing: bool,
    /// Nothing is written any more.
    pub(super) cut: bool,
}

impl Out {
    /// This much of what waits is written.
    pub(super) fn advance(&mut self, mut bytes: usize) {
        self.bytes -= bytes;
        while bytes > 0
            && let Some(first) = self.queue.front_mut()
        {
            let taken = first.len().min(bytes);
            first.advance(taken);
            bytes -= taken;
            if first.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    /// Counts what waits now; and, where that is more than may, in whose account.
    pub(super) fn counted(&mut self, count: impl Fn(&mut Account, u64) -> Over) -> (Over, Option<Account>) {
        let over = match &mut self.account {
            Some(account) => account.settle(self.bytes as u64, count),
            None if self.bytes > MOST_OF_STRANGER => Over::Socket,
            None => Over::Nothing,
        };
        let over = if self.queue.len() > MOST_WAITING { Over::Socket } else { over };
        (over, if over == Over::Nothing { None } else { self.account.clone() })
    }

    /// Counts off what has left.
    pub(super) fn settle(&mut self) {
        if let Some(account) = &mut self.account {
            account.left(self.bytes as u64);
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
    }

    /// Nothing is written any more, and nothing waits.
    pub(super) fn end(&mut self) {
        self.cut = true;
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.settle();
    }
}
