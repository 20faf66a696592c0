//! What many ask for at once is made once for all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::yield_now;

/// What is made for several.
type Made<T> = Shared<BoxFuture<'static, T>>;

/// What is to be made, by what it is about.
type Waiting<K, T> = HashMap<K, Made<T>>;

/// Makes things for all who ask for the same one before it is begun. What was begun is nobody's who comes later: it may
/// not hold what has happened since.
pub(crate) struct Together<K, T> {
    waiting: Arc<Mutex<Waiting<K, T>>>,
}

impl<K, T> Default for Together<K, T> {
    fn default() -> Self {
        Self { waiting: Arc::default() }
    }
}

impl<K, T> Together<K, T>
where
    K: Copy + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// What is made by `make`, which begins after this was called: by this caller's or by another's who asked for the
    /// same.
    pub(crate) fn ask<F>(&self, key: K, make: impl FnOnce() -> F + Send + 'static) -> Made<T>
    where
        F: Future<Output = T> + Send,
    {
        let waiting = Arc::clone(&self.waiting);
        let begin = || {
            let all_who_are_ready_ask_first = yield_now();
            let made = async move {
                all_who_are_ready_ask_first.await;
                lock(&waiting).remove(&key);
                make().await
            };
            made.boxed().shared()
        };
        lock(&self.waiting).entry(key).or_insert_with(begin).clone()
    }
}

fn lock<K, T>(waiting: &Mutex<Waiting<K, T>>) -> MutexGuard<'_, Waiting<K, T>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn those_who_ask_before_it_is_begun_share_it() {
        let together = Together::default();
        let times = Arc::new(AtomicUsize::default());
        let ask = |about: &'static str| {
            let times = Arc::clone(&times);
            together.ask(about, move || async move { times.fetch_add(1, Ordering::SeqCst) })
        };
        let (first, second, other) = tokio::join!(ask("this"), ask("this"), ask("that"));
        assert_eq!(first, second);
        assert_ne!(first, other);
        assert_eq!(ask("this").await, 2, "what was made before is nobody's who comes later");
    }

    #[tokio::test]
    async fn who_asks_while_it_is_made_gets_the_next_one() {
        let together = Arc::new(Together::default());
        let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = {
            let (begun, end) = (Arc::clone(&begun), Arc::clone(&end));
            together.ask((), move || async move {
                begun.notify_one();
                end.notified().await;
                "first"
            })
        };
        let first = tokio::spawn(first);
        begun.notified().await;
        assert_eq!(together.ask((), || async { "second" }).await, "second");
        end.notify_one();
        assert_eq!(first.await.unwrap(), "first");
    }

    #[tokio::test]
    async fn it_is_made_though_the_first_who_asked_is_gone() {
        let together = Together::default();
        let mut asking = JoinSet::new();
        asking.spawn(together.ask((), || async { "made" }));
        let second = together.ask((), || async { "made by the second" });
        asking.shutdown().await;
        assert_eq!(second.await, "made");
    }
}
