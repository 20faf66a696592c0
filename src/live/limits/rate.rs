//! So many in a time and no more: what comes beyond is refused and not counted.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

use crate::error::Error;

/// Counts until it is worth looking for keys to forget; more where more are kept, so that looking costs each count the
/// same.
const SWEEP_AFTER: usize = 1024;

/// Decides after how many counts the keys are looked through.
#[derive(Debug)]
pub(crate) struct Sweep(AtomicUsize);

impl Sweep {
    /// Looks for the first time after so many counts as ever.
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(SWEEP_AFTER))
    }

    /// Notes a count. When the time has come, one caller is told to forget by `forget`, which answers how many keys are
    /// left.
    pub(crate) fn note(&self, forget: impl FnOnce() -> usize) {
        // Wraps where several pass zero before the one that found it has set it anew; by then it is set.
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.store(forget().max(SWEEP_AFTER), Ordering::Relaxed);
        }
    }
}

/// A rate for each key.
#[derive(Debug)]
pub(crate) struct Rate<K: Clone + Eq + Hash, C: Clock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    sweep: Sweep,
}

impl<K: Clone + Eq + Hash, C: Clock + Clone> Rate<K, C> {
    /// None has done anything yet.
    pub(crate) fn new(quota: Quota, clock: &C) -> Self {
        Self { limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()), sweep: Sweep::new() }
    }

    /// Counts one more of `key`.
    ///
    /// # Errors
    /// [`Error::RateLimited`], with the time until there is room for one.
    pub(crate) fn count(&self, key: &K) -> Result<(), Error> {
        self.sweep();
        self.limiter.check_key(key).map_err(|refusal| limited(&refusal, self.limiter.clock()))
    }

    /// Counts `number` more of `key` at once: all of them, or none. More than the burst count as the whole burst, so
    /// that they pass
    /// where nothing was counted lately, and all that follows waits.
    ///
    /// # Errors
    /// [`Error::RateLimited`], with the time until there is room for as many.
    pub(crate) fn count_many(&self, key: &K, number: NonZeroU32) -> Result<(), Error> {
        self.sweep();
        let mut checked = self.limiter.check_key_n(key, number);
        if let Err(governor::InsufficientCapacity(burst)) = checked
            && let Some(burst) = NonZeroU32::new(burst)
        {
            checked = self.limiter.check_key_n(key, burst);
        }
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(limited(&refusal, self.limiter.clock())),
            // The burst itself always fits.
            Err(_) => Err(Error::Internal),
        }
    }

    /// Forgets now and then those who have not been counted for long.
    fn sweep(&self) {
        self.sweep.note(|| {
            self.limiter.retain_recent();
            self.limiter.len()
        });
    }

    /// How many keys are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.limiter.len()
    }
}

/// A rate of one alone.
#[derive(Debug)]
pub(crate) struct SocketRate<C: Clock>(RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>);

impl<C: Clock> SocketRate<C> {
    /// Nothing has been done yet.
    pub(crate) fn new(quota: Quota, clock: C) -> Self {
        Self(RateLimiter::new(quota, InMemoryState::default(), clock))
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`Error::RateLimited`], with the time until there is room for one.
    pub(crate) fn count(&self) -> Result<(), Error> {
        self.0.check().map_err(|refusal| limited(&refusal, self.0.clock()))
    }
}

fn limited<C: Clock>(refusal: &NotUntil<C::Instant>, clock: &C) -> Error {
    Error::RateLimited(refusal.wait_time_from(clock.now()))
}
