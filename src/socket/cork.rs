//! When what is sent is written: at once, at the end of the turn in which it is sent, or a moment later.
//!
//! A write costs more than all else that a packet costs. So what is sent to one client within a turn goes out in one
//! write, and where many clients are sent something by turns that follow each other without a pause, the writing waits
//! until these turns are over: each client then gets all of it at once. A thread that has just woken for one turn
//! writes without delay. Outside a turn what is sent is written a moment later.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::Handle;

use crate::live::Backlog;

/// So many clients are always written to at the end of the turn.
const FEW: usize = 4;

/// So many are written to in one poll.
const AT_ONCE: usize = 256;

/// How many lists there may be at most of those who are written to later.
const MOST_LISTS: usize = 8;

/// The way to a client, on which something waits to be written.
pub(crate) trait Waiting: Send + Sync {
    /// Writes what waits, as far as it is taken.
    fn write(self: Arc<Self>);

    /// Where it is written later.
    fn later(&self) -> &Later;

    /// Tells ways apart, so that one is always on the same list.
    fn number(&self) -> usize;
}

/// Those who are written to later, on a few lists, so that several threads can do it.
pub struct Later {
    runtime: Handle,
    lists: Box<[Arc<List>]>,
}

#[derive(Default)]
struct List(Mutex<Backlog<Arc<dyn Waiting>>>);

/// What a thread is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// No turn of a session.
    Else,
    /// A turn in which what is sent is written at once.
    Turn,
    /// A turn at whose end it is written.
    Corked,
}

thread_local! {
    static DOING: Cell<Doing> = const { Cell::new(Doing::Else) };
    static GATHERING: Cell<bool> = const { Cell::new(false) };
    /// Whether a turn has ended since the thread slept last.
    static BUSY: Cell<bool> = const { Cell::new(true) };
    static GATHERED: RefCell<Vec<Arc<dyn Waiting>>> = const { RefCell::new(Vec::new()) };
}

/// This thread begins to work after it has slept. Said by the runtime; where nobody says it, more is written later.
pub fn woke() {
    BUSY.set(false);
}

/// Whether what is sent now has to wait; it is to be entered by [`enter`] then.
pub(crate) fn is_corked() -> bool {
    GATHERING.get() || DOING.get() != Doing::Turn
}

/// Has a way written to when it is time.
pub(crate) fn enter(way: Arc<dyn Waiting>) {
    if DOING.get() == Doing::Else && !GATHERING.get() {
        return way.later().add([Arc::clone(&way)]);
    }
    GATHERED.with_borrow_mut(|gathered| gathered.push(way));
}

/// One poll of what a session does: of one packet, or of several that came together. What it sends is written by its
/// end, or soon after.
pub(crate) fn turn<T>(packets: usize, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            DOING.set(Doing::Else);
            write_gathered(!BUSY.replace(true));
        }
    }
    let direct = packets == 1 && !BUSY.get();
    DOING.set(if direct { Doing::Turn } else { Doing::Corked });
    // Also where it panics.
    let _done = Done;
    poll()
}

/// Sends to several: nothing is written before that is done.
pub(crate) fn gather(send: impl FnOnce()) {
    struct Done(bool);
    impl Drop for Done {
        fn drop(&mut self) {
            GATHERING.set(self.0);
            if !self.0 && DOING.get() == Doing::Else {
                let gathered = GATHERED.take();
                defer(gathered);
            }
        }
    }
    let _done = Done(GATHERING.replace(true));
    send();
}

/// Writes to those who were sent something in this turn, or has it done later where they are many. `first` is the turn
/// for which the thread woke.
fn write_gathered(first: bool) {
    if GATHERED.with_borrow(Vec::is_empty) {
        return;
    }
    let mut gathered = GATHERED.take();
    let most = if first { AT_ONCE } else { FEW };
    if !first && gathered.len() > FEW {
        return defer(gathered);
    }
    let rest = gathered.split_off(gathered.len().min(most));
    gathered.drain(..).for_each(Waiting::write);
    // The allocation is used again.
    GATHERED.set(gathered);
    defer(rest);
}

fn defer(ways: Vec<Arc<dyn Waiting>>) {
    let Some(first) = ways.first() else { return };
    let first = Arc::clone(first);
    first.later().add(ways);
}

impl Later {
    /// On the runtime that this is called in.
    pub fn new() -> Arc<Self> {
        let lists = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(MOST_LISTS));
        Arc::new(Self { runtime: Handle::current(), lists: (0..lists).map(|_| Arc::default()).collect() })
    }

    /// The runtime.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn add(&self, ways: impl IntoIterator<Item = Arc<dyn Waiting>>) {
        for way in ways {
            let list = &self.lists[way.number() % self.lists.len()];
            if list.lock().push(way) {
                self.runtime.spawn(Arc::clone(list).work());
            }
        }
    }
}

impl List {
    fn lock(&self) -> std::sync::MutexGuard<'_, Backlog<Arc<dyn Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Vec<Arc<dyn Waiting>>> {
        self.lock().next(AT_ONCE).map(Iterator::collect)
    }

    async fn work(self: Arc<Self>) {
        loop {
            // Turns that are due now come first: what they send goes out with the rest.
            tokio::task::yield_now().await;
            let Some(ways) = self.next() else { return };
            for way in ways {
                // A mistake on one way must not stop the others for ever.
                let _written = catch_unwind(AssertUnwindSafe(|| way.write()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    struct Counter {
        later: Arc<Later>,
        number: usize,
        written: AtomicUsize,
        told: Arc<Notify>,
    }

    impl Waiting for Counter {
        fn write(self: Arc<Self>) {
            self.written.fetch_add(1, Ordering::Relaxed);
            self.told.notify_one();
        }

        fn later(&self) -> &Later {
            &self.later
        }

        fn number(&self) -> usize {
            self.number
        }
    }

    fn ways(count: usize) -> (Vec<Arc<Counter>>, Arc<Notify>) {
        let (later, told) = (Later::new(), Arc::new(Notify::new()));
        let way = |number| {
            let (later, told) = (Arc::clone(&later), Arc::clone(&told));
            Arc::new(Counter { later, number, written: AtomicUsize::new(0), told })
        };
        ((0..count).map(way).collect(), told)
    }

    fn enter_all(ways: &[Arc<Counter>]) {
        ways.iter().for_each(|way| enter(Arc::clone(way) as Arc<dyn Waiting>));
    }

    fn written(ways: &[Arc<Counter>]) -> usize {
        ways.iter().map(|way| way.written.load(Ordering::Relaxed)).sum()
    }

    async fn all_written(ways: &[Arc<Counter>], told: &Notify) {
        while written(ways) < ways.len() {
            told.notified().await;
        }
    }

    #[tokio::test]
    async fn few_are_written_to_at_the_end_of_the_turn_and_many_later() {
        let (few, _) = ways(FEW);
        let _ = turn(2, || {
            assert!(is_corked());
            enter_all(&few);
            assert_eq!(written(&few), 0);
            Poll::Ready(())
        });
        assert_eq!(written(&few), FEW);
        let (many, told) = ways(1000);
        let _ = turn(2, || {
            enter_all(&many);
            Poll::<()>::Pending
        });
        assert_eq!(written(&many), 0, "other turns may follow");
        all_written(&many, &told).await;
    }

    #[tokio::test]
    async fn the_first_turn_after_sleep_writes_at_once_and_the_next_one_does_not() {
        woke();
        let (many, told) = ways(1000);
        let _ = turn(1, || {
            assert!(!is_corked());
            gather(|| {
                assert!(is_corked());
                enter_all(&many);
            });
            Poll::Ready(())
        });
        assert_eq!(written(&many), AT_ONCE, "no more in one poll");
        let _ = turn(1, || {
            assert!(is_corked());
            Poll::Ready(())
        });
        all_written(&many, &told).await;
    }

    #[tokio::test]
    async fn outside_a_turn_it_is_always_later() {
        let (own, told) = ways(10);
        assert!(is_corked());
        enter_all(&own[..5]);
        gather(|| enter_all(&own[5..]));
        assert_eq!(written(&own), 0);
        all_written(&own, &told).await;
    }

    #[tokio::test]
    async fn a_turn_that_panics_leaves_nothing_unwritten_and_no_turn_open() {
        let (own, _) = ways(1);
        let broken = catch_unwind(AssertUnwindSafe(|| {
            turn(2, || -> Poll<()> {
                enter_all(&own);
                panic!("a mistake")
            })
        }));
        assert!(broken.is_err());
        assert_eq!(written(&own), 1);
        assert!(DOING.get() == Doing::Else);
    }
}
