//! A disk that fills up: writes are refused, reads go on, and it heals when there is space again.

use std::sync::Arc;
use std::time::Duration;

use tincan::model::{Page, RoomId, UserId};
use tincan::store::polodb::{OpenError, Options, PoloDb};
use tincan::store::{Store, StoreError};

use crate::support::sample::{append, fill, message, stored_room};
use crate::support::small_disk::SmallDisk;
use crate::support::snapshot::until_healthy;

/// A store on a disk that has become full under it; a room, and how many messages it has.
async fn filled(disk: &SmallDisk, options: Options) -> (Arc<dyn Store>, RoomId, u64) {
    let store: Arc<dyn Store> = Arc::new(PoloDb::open(&disk.data(), options).await.expect("it opens"));
    let room = stored_room(&store, "room").await.id;
    fill(&store, room, 100).await;
    disk.fill_up();
    let mut stored = 100;
    let text = "x".repeat(4000);
    let refused = loop {
        let batch = (0..50).map(|_| message(UserId::new(), &text)).collect();
        match store.append_messages(room, batch).await {
            Ok(_) => stored += 50,
            Err(error) => break error,
        }
        assert!(stored < 100_000, "the disk is full");
    };
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    (store, room, stored)
}

#[tokio::test]
async fn a_full_disk_is_waited_out_while_reads_go_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let options = Options {
        probe_every: Duration::from_millis(50),
        mark_within: Duration::from_millis(20),
        ..Options::default()
    };
    let (store, room, stored) = filled(&disk, options.clone()).await;
    let unhealthy = store.health().await.expect_err("it cannot write");
    assert!(unhealthy.to_string().contains("full"), "{unhealthy}");
    let page = store.messages(room, Page::Newest, 50).await.unwrap().unwrap();
    assert_eq!((page.messages.len(), page.last_seq), (50, stored));
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), stored);

    disk.free();
    until_healthy(&store).await;
    let seq = append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq;
    assert_eq!(seq, stored + 1, "what was refused is not there");
    store.close().await;
    drop(store);
    let store: Arc<dyn Store> = Arc::new(PoloDb::open(&disk.data(), options).await.expect("it opens"));
    let page = store.messages(room, Page::After(0), 100_000).await.unwrap().unwrap();
    assert!(page.messages.iter().map(|message| message.seq).eq(1..=seq));
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_is_not_given_up_however_long_it_lasts() {
    let Some(disk) = SmallDisk::mount() else { return };
    let often = Duration::from_millis(5);
    let options = Options { probe_every: often, patience: often, mark_within: often, ..Options::default() };
    let (store, room, stored) = filled(&disk, options).await;
    // A hundred times as long as a broken disk is tried.
    let given_up = tokio::time::timeout(often * 100, store.failed()).await;
    assert!(given_up.is_err(), "{given_up:?}");
    store.close().await;
    disk.free();
    let after: Arc<dyn Store> = Arc::new(PoloDb::open(&disk.copy(), Options::default()).await.expect("it opens"));
    let page = after.messages(room, Page::After(0), 100_000).await.unwrap().unwrap();
    assert!(page.messages.len() as u64 >= stored, "all that was acknowledged is there");
    after.close().await;
}

#[tokio::test]
async fn a_store_is_not_opened_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount() else { return };
    std::fs::create_dir(disk.data()).unwrap();
    disk.fill_up();
    let error = PoloDb::open(&disk.data(), Options::default()).await.expect_err("it is refused");
    assert!(matches!(error, OpenError::Full(_)), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}
