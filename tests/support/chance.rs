//! Chance that can be had again: what a test leaves to it follows from a seed, which it prints and `SEED` sets.

use std::time::{SystemTime, UNIX_EPOCH};

/// A source of numbers; the algorithm is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014).
pub(crate) struct Chance(u64);

impl Chance {
    /// From the seed in `SEED`, else from the time of day; it is printed, for the report of a test that fails.
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
    pub(crate) fn new(test: &str) -> Self {
        let set = std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a whole number"));
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64 >> 10);
        let seed = set.unwrap_or_else(now);
        println!("{test}: SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.number() % end.max(1) as u64) as usize
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
