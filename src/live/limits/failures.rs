//! So many failures in a time: counted after a try, or before it and given back where it succeeds.

use std::hash::Hash;
use std::time::Duration;

use governor::Quota;
use governor::clock::{Clock, Reference};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};

use super::rate::Sweep;

/// The failures of each key.
///
/// A limiter of rates does not fit: it gives nothing back, and does not count what is beyond the limit.
/// Kept is, as in any leaky bucket, the time by which the failures of a key are forgotten.
#[derive(Debug)]
pub(crate) struct Failures<K: Clone + Eq + Hash, C: Clock> {
    forgotten_at: DashMapStateStore<K>,
    /// How long one failure counts.
    each: Nanos,
    /// How many count at once before the next try has to wait, as time.
    bound: Nanos,
    clock: C,
    start: C::Instant,
    sweep: Sweep,
}

impl<K: Clone + Eq + Hash, C: Clock + Clone> Failures<K, C> {
    /// None has failed yet.
    pub(crate) fn new(quota: Quota, clock: &C) -> Self {
        let each = Nanos::from(quota.replenish_interval());
        Self {
            forgotten_at: DashMapStateStore::default(),
            each,
            bound: each * u64::from(quota.burst_size().get()),
            clock: clock.clone(),
            start: clock.now(),
            sweep: Sweep::new(),
        }
    }

    /// How long `key` has to wait before the next try; `None` where it may try now. Counts nothing.
    pub(crate) fn wait(&self, key: &K) -> Option<Duration> {
        let now = self.now();
        // The store offers a look only on the way to a change; there is none, so nothing is kept of those who never
        // failed.
        let look = self.forgotten_at.measure_and_replace(key, Err::<((), Nanos), _>);
        let at = look.err().flatten()?;
        let free_at = (at + self.each).saturating_sub(self.bound);
        (free_at > now).then(|| free_at.saturating_sub(now).into())
    }

    /// Counts a failure, however many there were.
    pub(crate) fn count(&self, key: K) {
        let now = self.now();
        self.sweep(now);
        let count = |at: Option<Nanos>| Ok::<_, std::convert::Infallible>(((), at.unwrap_or(now).max(now) + self.each));
        let Ok(()) = self.forgotten_at.measure_and_replace(&key, count);
    }

    /// Counts a failure before it has happened, where there is room for one; asked and counted in one step, so that of
    /// many at once
    /// no more than that get through. What turns out well is given back.
    ///
    /// # Errors
    /// How long `key` has to wait; nothing is counted then.
    pub(crate) fn take(&self, key: &K) -> Result<(), Duration> {
        let now = self.now();
        self.sweep(now);
        self.forgotten_at.measure_and_replace(key, |at| {
            let next = at.unwrap_or(now).max(now) + self.each;
            let free_at = next.saturating_sub(self.bound);
            if free_at > now { Err(free_at.saturating_sub(now).into()) } else { Ok(((), next)) }
        })
    }

    /// What was taken was no failure.
    pub(crate) fn give_back(&self, key: &K) {
        let less = |at: Option<Nanos>| at.map_or(Err(()), |at| Ok(((), at.saturating_sub(self.each))));
        // Nothing is kept where its time has passed already.
        let _ = self.forgotten_at.measure_and_replace(key, less);
    }

    fn sweep(&self, now: Nanos) {
        self.sweep.note(|| {
            self.forgotten_at.retain_recent(now);
            self.forgotten_at.len()
        });
    }

    fn now(&self) -> Nanos {
        self.clock.now().duration_since(self.start)
    }

    /// How many keys are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.forgotten_at.len()
    }
}
