//! Turns: changes of one thing that come one after another, each with what the store and the sockets are told of it.

use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

use crate::error::Error;
use crate::store::StoreError;

/// How many locks there are; things whose keys meet in one wait for each other for no reason, which is rare.
const STRIPES: usize = 1024;

/// How long a change waits for its turn. Together with one question to the store this stays within the 5 s that an
/// answer may take.
const LONGEST_WAIT: Duration = Duration::from_millis(2500);

/// Puts changes with the same key in order.
///
/// While the store is away each change would wait for all before it, each until its own time is over. So whoever waited
/// for a change that
/// found the store away is answered as that one was, without asking the store again.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Each holds when the store was last found away in a turn.
    stripes: Vec<Mutex<Option<Instant>>>,
    hasher: RandomState,
    longest_wait: Duration,
}

/// The turn of somebody, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _stripe: MutexGuard<'a, Option<Instant>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self::waiting_at_most(LONGEST_WAIT)
    }
}

impl Turns {
    fn waiting_at_most(longest_wait: Duration) -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::default()).collect(), hasher: RandomState::new(), longest_wait }
    }

    /// Waits, for as long as it takes, for the turn of `key`, which lasts until what is answered is dropped.
    pub(crate) async fn turn(&self, key: impl Hash) -> Turn<'_> {
        Turn { _stripe: self.stripe(key).lock().await }
    }

    fn stripe(&self, key: impl Hash) -> &Mutex<Option<Instant>> {
        &self.stripes[self.hasher.hash_one(key) as usize % STRIPES]
    }

    /// Does `work` when it is the turn of `key`.
    ///
    /// # Errors
    /// [`Error::Storage`] where it was not its turn in time, or the one waited for found the store away; `work` has not
    /// begun then.
    /// Those of `work`.
    pub(crate) async fn in_turn<T>(
        &self,
        key: impl Hash,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let stripe = self.stripe(key);
        let asked = Instant::now();
        let Ok(mut noticed) = tokio::time::timeout(self.longest_wait, stripe.lock()).await else {
            return Err(store_away("it was not its turn in time"));
        };
        if noticed.is_some_and(|noticed| noticed > asked) {
            return Err(store_away("the one before it found the store away"));
        }
        let outcome = work.await;
        if outcome.as_ref().is_err_and(Error::is_store_away) {
            *noticed = Some(Instant::now());
        }
        outcome
    }
}

fn store_away(why: &str) -> Error {
    StoreError::Unavailable(why.to_owned()).into()
}

/// How often, and how long apart, what must be done in the end is tried while the store is away.
const TRIES: usize = 60;
const PAUSE: Duration = Duration::from_secs(1);

impl Turns {
    /// Does `work` in the turn of `key`, again and again for about a minute until it succeeds; whether it did.
    pub(crate) async fn in_the_end<F>(&self, key: impl Copy + Hash, work: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<(), Error>>,
    {
        for _ in 0..TRIES {
            match self.in_turn(key, work()).await {
                Ok(()) => return true,
                Err(error) => error.log("what must be done in the end is tried again"),
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::oneshot;

    use super::*;

    /// A change of key 1 that waits for a signal and then ends so.
    fn change(
        turns: &Arc<Turns>,
        outcome: Result<u8, Error>,
    ) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Result<u8, Error>>) {
        let (go, may_go) = oneshot::channel::<()>();
        let turns = Arc::clone(turns);
        let running = tokio::spawn(async move {
            let work = async {
                let _ = may_go.await;
                outcome
            };
            turns.in_turn(1, work).await
        });
        (go, running)
    }

    #[tokio::test]
    async fn changes_of_one_thing_do_not_overlap() {
        let turns = Arc::new(Turns::default());
        let (first_may_go, first) = change(&turns, Ok(1));
        let (second_may_go, second) = change(&turns, Ok(2));
        tokio::task::yield_now().await;
        drop(second_may_go);
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first_may_go);
        assert_eq!(first.await.unwrap(), Ok(1));
        assert_eq!(second.await.unwrap(), Ok(2));
    }

    #[tokio::test]
    async fn who_waited_for_a_change_that_found_the_store_away_is_answered_the_same() {
        let turns = Arc::new(Turns::default());
        let (first_may_go, first) = change(&turns, Err(store_away("it does not answer")));
        let (_never, second) = change(&turns, Ok(2));
        tokio::task::yield_now().await;
        drop(first_may_go);
        assert!(first.await.unwrap().is_err_and(|error| error.is_store_away()));
        assert!(second.await.unwrap().is_err_and(|error| error.is_store_away()));
        // Whoever comes later asks the store again.
        assert_eq!(turns.in_turn(1, async { Ok(3) }).await, Ok(3));
    }

    #[tokio::test]
    async fn a_refusal_that_is_not_the_stores_stops_nobody() {
        let turns = Arc::new(Turns::default());
        let (first_may_go, first) = change(&turns, Err(Error::RoomNotFound));
        let (second_may_go, second) = change(&turns, Ok(2));
        tokio::task::yield_now().await;
        drop((first_may_go, second_may_go));
        assert_eq!(first.await.unwrap(), Err(Error::RoomNotFound));
        assert_eq!(second.await.unwrap(), Ok(2));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_turn_without_end() {
        let turns = Arc::new(Turns::waiting_at_most(Duration::from_millis(20)));
        let (_never, _stuck) = change(&turns, Ok(1));
        tokio::task::yield_now().await;
        assert!(turns.in_turn(1, async { Ok(2) }).await.is_err_and(|error| error.is_store_away()));
    }
}
