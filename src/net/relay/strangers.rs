//! How many answers an address gets that has proved nothing: so few that nobody is flooded with answers to what
//! somebody else sends in its name, and counted in a table of a fixed size, whoever asks.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use crate::live::network;

/// How many counters there are. Addresses that share one share what is left of it.
const COUNTERS: usize = 4096;
/// How many answers in a second, and at once. A call in a large group asks some dozens of times when it begins.
const MOST: u16 = 200;

/// Counts answers to those who have proved nothing.
pub(super) struct Strangers {
    hasher: RandomState,
    start: Instant,
    counters: Mutex<Box<[Counter]>>,
}

#[derive(Clone, Copy, Default)]
struct Counter {
    second: u32,
    answered: u16,
}

impl Strangers {
    /// Nobody was answered yet.
    pub(crate) fn new() -> Self {
        let counters = Mutex::new(vec![Counter::default(); COUNTERS].into_boxed_slice());
        Self { hasher: RandomState::new(), start: Instant::now(), counters }
    }

    /// Whether this address may have one more answer.
    pub(crate) fn may_have_answer(&self, address: IpAddr) -> bool {
        self.at(address, self.start.elapsed().as_secs() as u32)
    }

    fn at(&self, address: IpAddr, second: u32) -> bool {
        let place = self.hasher.hash_one(network(address)) as usize % COUNTERS;
        let counter = &mut self.counters.lock().unwrap_or_else(PoisonError::into_inner)[place];
        if counter.second != second {
            *counter = Counter { second, answered: 0 };
        }
        counter.answered = counter.answered.saturating_add(1);
        counter.answered <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_answers_in_a_second() {
        let strangers = Strangers::new();
        let address = IpAddr::from([192, 0, 2, 1]);
        assert!((0..MOST).all(|_| strangers.at(address, 7)));
        assert!(!strangers.at(address, 7) && strangers.at(address, 8));
    }
}
