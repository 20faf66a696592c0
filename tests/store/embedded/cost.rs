//! What an intent asks of the database, counted in calls: what is read must be what is told, not what is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tincan::model::{CallStatus, Email, NameKey, Page, UserId};
use tincan::store::Store;
use tincan::store::polodb::{DatabaseCall, Faults, Options};

use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{at_once, call, fill, message, store_calls, stored_room, stored_user};

#[derive(Debug, Default)]
struct Meter {
    reads: AtomicU64,
    writes: AtomicU64,
    commits: AtomicU64,
}

impl Faults for Meter {
    fn at(&self, call: DatabaseCall) -> Result<(), String> {
        let counter = match call {
            DatabaseCall::Read => &self.reads,
            DatabaseCall::Write => &self.writes,
            DatabaseCall::Commit => &self.commits,
            DatabaseCall::Begin | DatabaseCall::Committed => return Ok(()),
        };
        counter.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

impl Meter {
    /// Reads, writes and commits since the last time.
    fn take(&self) -> [u64; 3] {
        [&self.reads, &self.writes, &self.commits].map(|counter| counter.swap(0, Ordering::SeqCst))
    }
}

async fn metered(place: &PoloDbPlace) -> (Arc<dyn Store>, Arc<Meter>) {
    let meter = Arc::new(Meter::default());
    (place.open_with(Options { faults: Some(meter.clone()), ..Options::default() }).await, meter)
}

#[tokio::test]
async fn a_page_costs_the_page_and_not_the_room() {
    let place = PoloDbPlace::empty();
    let (store, meter) = metered(&place).await;
    let room = stored_room(&store, "room").await.id;
    fill(&store, room, 3000).await;
    for page in [Page::Newest, Page::Before(1500), Page::After(700), Page::After(2960)] {
        meter.take();
        let told = store.messages(room, page, 50).await.unwrap().unwrap().messages.len() as u64;
        assert_eq!(meter.take(), [told, 0, 0], "{page:?}");
    }
    store.close().await;
}

#[tokio::test]
async fn what_is_small_is_told_from_memory() {
    let place = PoloDbPlace::empty();
    let (store, meter) = metered(&place).await;
    let (ann, bob) = (stored_user(&store, "ann").await, stored_user(&store, "bob").await);
    let room = stored_room(&store, "room").await.id;
    store.add_participant(room, ann.id).await.unwrap();
    fill(&store, room, 10).await;
    meter.take();
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), 10);
    assert_eq!(store.rooms().await.unwrap().len(), 1);
    assert!(store.user_by_email(&Email::parse(&ann.email).unwrap()).await.unwrap().is_some());
    assert!(store.user_by_name("BOB").await.unwrap().is_some());
    assert_eq!(store.list_users(&NameKey::of(""), None, 9).await.unwrap().len(), 2);
    assert!(!store.share_room(ann.id, bob.id).await.unwrap());
    store.health().await.unwrap();
    assert_eq!(meter.take(), [0, 0, 0]);
    store.close().await;
}

#[tokio::test]
async fn a_page_of_calls_costs_the_page_and_not_the_history() {
    let place = PoloDbPlace::empty();
    let (store, meter) = metered(&place).await;
    let (ann, bob) = (stored_user(&store, "ann").await.id, stored_user(&store, "bob").await.id);
    let mut calls: Vec<_> = (0..500).map(|_| call(ann, &[bob])).collect();
    for call in &mut calls {
        call.status = CallStatus::Ended;
    }
    store_calls(&store, calls).await;
    meter.take();
    assert_eq!(store.calls_of(bob, None, 20).await.unwrap().len(), 20);
    assert_eq!(meter.take(), [20, 0, 0]);
    store.close().await;
}

#[tokio::test]
async fn opening_reads_the_newest_messages_and_not_all() {
    let place = PoloDbPlace::empty();
    let (store, meter) = metered(&place).await;
    for name in ["one", "two"] {
        let room = stored_room(&store, name).await.id;
        fill(&store, room, 5000).await;
    }
    store.close().await;
    drop(store);
    meter.take();
    let (store, meter) = metered(&place).await;
    let [reads, writes, commits] = meter.take();
    assert!(reads < 200, "{reads} reads for two rooms");
    assert_eq!((writes, commits), (0, 0));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_together_is_committed_together() {
    let place = PoloDbPlace::empty();
    let (store, meter) = metered(&place).await;
    let room = stored_room(&store, "room").await.id;
    meter.take();
    at_once((0..1000).map(|_| {
        let store = store.clone();
        async move { store.append_messages(room, vec![message(UserId::new(), "x")]).await.unwrap() }
    }))
    .await;
    let [_, _, commits] = meter.take();
    assert!(commits < 500, "{commits} commits for 1000 messages");
    store.close().await;
}
