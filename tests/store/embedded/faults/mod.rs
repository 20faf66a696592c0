//! A database whose n-th call fails, for n = 1, 2, 3, … until a run passes: nothing is half-written, and memory shows
//! what the disk holds.

mod life;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tincan::store::polodb::{DatabaseCall, Faults, Options};
use tincan::store::{Store, StoreError};

use self::life::Life;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::at_once;
use crate::support::snapshot::{Snapshot, until_healthy};

/// Makes some calls of the database fail, counted from the first of all.
#[derive(Debug)]
struct Failing {
    first: u64,
    times: u64,
    calls: AtomicU64,
}

impl Failing {
    fn new(first: u64, times: u64) -> Arc<Self> {
        Arc::new(Self { first, times, calls: AtomicU64::new(0) })
    }

    /// Whether as many calls were made as it takes to fail.
    fn has_failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.first
    }
}

impl Faults for Failing {
    fn at(&self, call: DatabaseCall) -> std::result::Result<(), String> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = (self.first..self.first + self.times).contains(&number);
        if fails { Err(format!("call {number} ({call:?}) was made to fail")) } else { Ok(()) }
    }
}

/// Opens it, again where the first time fails by what was made to fail.
async fn open(place: &PoloDbPlace, options: &Options) -> Arc<dyn Store> {
    loop {
        match place.try_open(options.clone()).await {
            Ok(store) => return store,
            Err(error) => assert!(error.to_string().contains("was made to fail"), "{error}"),
        }
    }
}

/// Runs `live` with the n-th call failing, for n = 1, 2, 3, … until it is not reached.
async fn for_every_call<F: Future<Output = bool> + Send + 'static>(live: impl Fn(u64) -> F) {
    const AT_ONCE: u64 = 8;
    let mut n = 1;
    while at_once((n..n + AT_ONCE).map(&live)).await.into_iter().all(|failed| failed) {
        n += AT_ONCE;
    }
    assert!(n > 50, "a life has more than {n} calls");
}

/// Each intent that fails has changed nothing, and works when it is asked for again.
async fn live_on(life: Arc<Life>, n: u64, times: u64) -> bool {
    let faults = Failing::new(n, times);
    let options = Options { faults: Some(faults.clone()), probe_every: Duration::from_millis(1), ..Options::default() };
    let place = PoloDbPlace::empty();
    let store = open(&place, &options).await;
    for (number, step) in life.steps.iter().enumerate() {
        let mut refusals = 0;
        let answer = loop {
            match step(store.clone()).await {
                Ok(answer) => break answer,
                Err(StoreError::Unavailable(_)) if refusals < times => refusals += 1,
                Err(error) => panic!("call {n}, step {number}: {error}"),
            }
            assert_eq!(Snapshot::of(&store, &life.callers).await, life.states[number], "call {n}, step {number}");
            until_healthy(&store).await;
        };
        assert_eq!(answer, life.answers[number], "call {n}, step {number}");
    }
    assert_eq!(&Snapshot::of(&store, &life.callers).await, life.last(), "call {n}");
    store.close().await;
    let store = open(&place, &options).await;
    assert_eq!(&Snapshot::of(&store, &life.callers).await, life.last(), "call {n}, opened again");
    store.close().await;
    faults.has_failed()
}

/// The power is cut right after the first intent that fails: it shows whole or not at all.
async fn die(life: Arc<Life>, n: u64) -> bool {
    let faults = Failing::new(n, 1);
    let options =
        Options { faults: Some(faults.clone()), probe_every: Duration::from_secs(3600), ..Options::default() };
    let place = PoloDbPlace::empty();
    let store = open(&place, &options).await;
    for (number, step) in life.steps.iter().enumerate() {
        if step(store.clone()).await.is_ok() {
            continue;
        }
        let copy = place.after_a_power_cut();
        let after = copy.open_with(Options::default()).await;
        let shown = Snapshot::of(&after, &life.callers).await;
        assert!(life.states[number..=number + 1].contains(&shown), "call {n}, step {number}: {shown:?}");
        after.close().await;
        // An orderly end undoes what it could not answer for.
        store.close().await;
        let after = place.open_with(Options::default()).await;
        assert_eq!(Snapshot::of(&after, &life.callers).await, life.states[number], "call {n}, step {number}");
        after.close().await;
        return true;
    }
    store.close().await;
    faults.has_failed()
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_fails_nothing_is_half_written_and_it_works_when_asked_for_again() {
    for life in Life::all().await {
        for_every_call(|n| live_on(Arc::clone(&life), n, 1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_four_calls_fail_one_after_another_it_heals_all_the_same() {
    for life in Life::all().await {
        for_every_call(|n| live_on(Arc::clone(&life), n, 4)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_after_a_failed_call_leaves_the_intent_whole_or_not_at_all() {
    for life in Life::all().await {
        for_every_call(|n| die(Arc::clone(&life), n)).await;
    }
}
