//! A database that fails for good, a directory that goes away, and stores that are dropped in the middle of their work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tincan::model::{Page, UserId};
use tincan::store::polodb::{DatabaseCall, Faults, Options};
use tincan::store::{Store, StoreError};

use crate::store::Place;
use crate::support::app::PATIENCE;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{append, fill, message, stored_room};
use crate::support::snapshot::until_healthy;

/// A disk that takes no more commits from a moment on, as after a failed fsync.
#[derive(Debug, Default)]
struct Broken(AtomicBool);

impl Faults for Broken {
    fn at(&self, call: DatabaseCall) -> Result<(), String> {
        let fails = call == DatabaseCall::Commit && self.0.load(Ordering::SeqCst);
        if fails { Err("the disk does not answer".to_owned()) } else { Ok(()) }
    }
}

async fn failed(store: &Arc<dyn Store>) -> String {
    tokio::time::timeout(PATIENCE, store.failed()).await.expect("it gives up")
}

#[tokio::test]
async fn a_store_whose_writes_keep_failing_with_space_there_is_given_up_and_still_reads() {
    let place = PoloDbPlace::empty();
    let disk = Arc::new(Broken::default());
    let every = Duration::from_millis(1);
    let options = Options {
        faults: Some(disk.clone()),
        probe_every: every,
        patience: Duration::from_millis(50),
        ..Options::default()
    };
    let store = place.open_with(options).await;
    let room = stored_room(&store, "room").await.id;
    fill(&store, room, 3).await;
    disk.0.store(true, Ordering::SeqCst);
    let refused = store.append_messages(room, vec![message(UserId::new(), "lost")]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let reason = failed(&store).await;
    assert!(reason.contains("the disk does not answer"), "{reason}");
    assert!(store.health().await.is_err());
    // Given up is given up: a disk that works again is for the next process.
    disk.0.store(false, Ordering::SeqCst);
    let refused = store.append_messages(room, vec![message(UserId::new(), "late")]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(failed(&store).await, reason);
    assert_eq!(store.messages(room, Page::Newest, 9).await.unwrap().unwrap().messages.len(), 3);
    store.close().await;
    let after = place.after_a_power_cut().open().await;
    assert_eq!(after.messages(room, Page::Newest, 9).await.unwrap().unwrap().messages.len(), 3);
    after.close().await;
}

#[tokio::test]
async fn a_store_whose_writes_fail_for_a_while_is_not_given_up() {
    let place = PoloDbPlace::empty();
    let disk = Arc::new(Broken::default());
    let options = Options { faults: Some(disk.clone()), probe_every: Duration::from_millis(1), ..Options::default() };
    let store = place.open_with(options).await;
    let room = stored_room(&store, "room").await.id;
    disk.0.store(true, Ordering::SeqCst);
    store.append_messages(room, vec![message(UserId::new(), "lost")]).await.expect_err("it cannot be stored");
    disk.0.store(false, Ordering::SeqCst);
    until_healthy(&store).await;
    assert_eq!(append(&store, room, vec![message(UserId::new(), "one")]).await[0].message.seq, 1);
    store.close().await;
}

#[tokio::test]
async fn a_store_whose_directory_is_removed_is_given_up() {
    let place = PoloDbPlace::empty();
    let store = place.open_with(Options { mark_within: Duration::from_millis(2), ..Options::default() }).await;
    let room = stored_room(&store, "room").await.id;
    // A mark may be written in the middle of it.
    while place.path().exists() {
        let _ = std::fs::remove_dir_all(place.path());
    }
    // What is in the log's open file would be gone with the process.
    let _ = store.append_messages(room, vec![message(UserId::new(), "to nowhere")]).await;
    let reason = failed(&store).await;
    assert!(reason.contains("is gone"), "{reason}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_dropped_among_reads_and_writes_lets_go_of_its_directory() {
    let place = PoloDbPlace::empty();
    let (mut room, mut kept) = (None, 0);
    for round in 1..=5 {
        let store = place.open().await;
        let id = match room {
            Some(id) => id,
            None => *room.insert(stored_room(&store, "room").await.id),
        };
        fill(&store, id, 100).await;
        kept += 100;
        assert!(store.room(id).await.unwrap().unwrap().last_seq() >= kept, "round {round}");
        kept = store.room(id).await.unwrap().unwrap().last_seq();
        // Callers that go away in the middle: what they asked for may be done or not, and nothing panics.
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (reads, writes) = (store.clone(), store.clone());
            callers.spawn(async move { reads.messages(id, Page::Newest, 100).await.map(drop) });
            callers.spawn(async move { writes.append_messages(id, vec![message(UserId::new(), "x")]).await.map(drop) });
        }
        callers.join_next().await;
        callers.shutdown().await;
        drop(store);
    }
}
