//! How many commands may be under way at once, and how many callers may wait for their turn.
//!
//! The driver hands a free connection even to a waiter that has gone, and then serves nobody for half a second. So
//! nobody waits inside the driver: a command begins only when a connection is free for it, the waiting is done here,
//! where a waiter that goes is forgotten at once, and a command that has begun runs to its end, whoever goes (see
//! [`super::database::Db::run_within`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// How many callers may wait for a free connection. Whoever comes then is refused at once.
const MOST_WAITING: usize = 4096;

/// The way to the connections.
#[derive(Debug)]
pub(super) struct Gate {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// Why a command did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too many wait already.
    Full,
    /// No connection was free in time.
    Late,
}

/// Counts one who waits, for as long as it lives.
struct Waiter<'a>(&'a AtomicUsize);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    /// For so many connections, at least one.
    pub(crate) fn new(connections: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(connections.max(1))), waiting: AtomicUsize::new(0) }
    }

    /// Waits until a connection is free; it is taken for as long as the permit lives.
    pub(crate) async fn enter(&self, until: Instant) -> Result<OwnedSemaphorePermit, Refused> {
        if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
            return Ok(permit);
        }
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!("tincan_store_refused_total").increment(1);
            return Err(Refused::Full);
        }
        let _waiter = Waiter(&self.waiting);
        match timeout_at(until, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            // Nobody closes the semaphore.
            Ok(Err(_)) | Err(_) => Err(Refused::Late),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_stops_waiting_holds_nobody_up() {
        let gate = Gate::new(1);
        let soon = || Instant::now() + Duration::from_secs(20);
        let held = gate.enter(soon()).await.unwrap();
        for _ in 0..2 * MOST_WAITING {
            assert!(futures_util::FutureExt::now_or_never(gate.enter(soon())).is_none(), "it has to wait");
        }
        let next = gate.enter(soon());
        drop(held);
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_refused_at_once() {
        let gate = Gate::new(1);
        let far = Instant::now() + Duration::from_secs(3600);
        let _held = gate.enter(far).await.unwrap();
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|_| Box::pin(gate.enter(far))).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert_eq!(gate.enter(far).await.err(), Some(Refused::Full));
    }
}
