//! Copies of a store that others change meanwhile: always good ones, and a room is whole in them or not there.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tincan::model::{Page, RoomId, RoomName, RoomPatch};
use tincan::operator::{Control, Links, Operator};
use tincan::store::{LeftOut, Store};
use tincan::transfer::{Totals, check, export, export_from_running, import, migrate};
use tokio::task::JoinHandle;

use crate::support::copies::{Unwatched, open, to_fill};
use crate::support::sample::{append, fill, message, stored_room, stored_user};
use crate::support::troubled::Troubled;

/// What an archive holds, once put into a store.
pub(crate) struct Restored {
    store: Arc<dyn Store>,
    rooms: HashSet<RoomId>,
    _place: TempDir,
}

/// Reads an archive back, which must be whole, and looks that all in it belongs together.
pub(crate) async fn restored(archive: &Path, exported: &Totals) -> Restored {
    assert_eq!(&check(archive).await.expect("the archive is whole"), exported);
    let place = TempDir::new().unwrap();
    let target = to_fill(place.path()).await;
    assert_eq!(&import(archive, &target, "a directory", &mut Unwatched).await.unwrap(), exported);
    target.close().await;
    let store = open(place.path()).await;
    let rooms = store.rooms().await.unwrap();
    for room in &rooms {
        let page = store.messages(room.id, Page::After(0), 100_000).await.unwrap().unwrap();
        let numbers = page.messages.iter().map(|message| message.seq);
        assert!(numbers.eq(1..=room.last_seq()), "all messages of {:?} are there", room.name);
        assert_eq!(store.user_refs(&room.participants).await.unwrap().len(), room.participants.len());
    }
    let rooms = rooms.iter().map(|room| room.id).collect();
    Restored { store, rooms, _place: place }
}

/// A store with a large room between two small ones, in the order of their ids, in front of which calls can be held.
async fn large_between_small(place: &Path) -> (Arc<Troubled>, [RoomId; 3]) {
    let store = open(place).await;
    let first = stored_room(&store, "first").await.id;
    let large = stored_room(&store, "large").await.id;
    let last = stored_room(&store, "last").await.id;
    fill(&store, first, 10).await;
    fill(&store, large, 3500).await;
    fill(&store, last, 10).await;
    assert!(first < large && large < last);
    (Troubled::new(store), [first, large, last])
}

#[tokio::test]
async fn a_room_that_is_deleted_between_its_pages_is_not_in_the_archive_and_all_others_are() {
    for deleted_at in [1, 2, 3, 5] {
        let place = TempDir::new().unwrap();
        let archive = place.path().join("backup");
        let (troubled, [first, large, last]) = large_between_small(&place.path().join("one")).await;
        let gate = troubled.hold("messages");
        let store: Arc<dyn Store> = troubled.clone();
        let exporting = tokio::spawn({
            let (store, archive) = (Arc::clone(&store), archive.clone());
            async move { export(&store, &archive, &mut Unwatched).await }
        });
        gate.add_permits(deleted_at - 1);
        troubled.begun("messages", deleted_at).await;
        assert!(store.delete_room(large).await.unwrap());
        troubled.heal("messages");
        gate.add_permits(100);
        let exported = exporting.await.unwrap().expect("the export does not end by that");
        let restored = restored(&archive, &exported).await;
        assert_eq!(restored.rooms, [first, last].into(), "deleted at call {deleted_at}");
        assert_eq!((exported.rooms.count, exported.messages.count), (2, 20));
    }
}

#[tokio::test]
async fn a_migration_whose_source_loses_a_room_leaves_nothing_of_it_in_the_target() {
    let place = TempDir::new().unwrap();
    let (troubled, [first, large, last]) = large_between_small(&place.path().join("one")).await;
    let gate = troubled.hold("messages");
    let store: Arc<dyn Store> = troubled.clone();
    let target = to_fill(&place.path().join("two")).await;
    let moving = tokio::spawn({
        let (store, target) = (Arc::clone(&store), Arc::clone(&target));
        async move { migrate(&store, "one", &target, "two", &mut Unwatched).await }
    });
    gate.add_permits(3);
    troubled.begun("messages", 4).await;
    assert!(store.delete_room(large).await.unwrap());
    troubled.heal("messages");
    gate.add_permits(100);
    let moved = moving.await.unwrap().expect("the copy does not end by that");
    assert_eq!((moved.rooms.count, moved.messages.count), (2, 20));
    target.close().await;
    let rooms = open(&place.path().join("two")).await.rooms().await.unwrap();
    assert_eq!(rooms.iter().map(|room| room.id).collect::<HashSet<_>>(), [first, last].into());
}

#[tokio::test]
async fn who_signs_up_after_the_accounts_were_copied_is_no_participant_in_the_copy() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let (troubled, [first, ..]) = large_between_small(&place.path().join("one")).await;
    let store: Arc<dyn Store> = troubled.clone();
    let ann = stored_user(&store, "ann").await.id;
    store.add_participant(first, ann).await.unwrap();
    let gate = troubled.hold("room");
    let exporting = tokio::spawn({
        let (store, archive) = (Arc::clone(&store), archive.clone());
        async move { export(&store, &archive, &mut Unwatched).await }
    });
    troubled.begun("room", 1).await;
    let late = stored_user(&store, "late").await.id;
    store.add_participant(first, late).await.unwrap();
    troubled.heal("room");
    gate.add_permits(100);
    let exported = exporting.await.unwrap().unwrap();
    let restored = restored(&archive, &exported).await;
    assert_eq!(*restored.store.room(first).await.unwrap().unwrap().participants, [ann]);
}

/// Makes, renames, joins, fills and deletes rooms, and removes users, until it is stopped.
pub(crate) fn churn(store: &Arc<dyn Store>, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let churning = |worker: usize| {
        let (store, stop) = (Arc::clone(store), Arc::clone(stop));
        async move {
            for round in 0.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let name = format!("{worker}-{round}");
                let user = stored_user(&store, &name).await.id;
                let room = stored_room(&store, &name).await.id;
                store.add_participant(room, user).await.unwrap();
                fill(&store, room, 1200).await;
                let name = Some(RoomName::parse(&format!("renamed {name}")).unwrap());
                store.update_room(room, RoomPatch { name, description: None }).await.unwrap();
                append(&store, room, vec![message(user, "more")]).await;
                if round % 3 != 0 {
                    store.remove_user(user).await.unwrap();
                }
                if round % 8 != 0 {
                    store.delete_room(room).await.unwrap();
                }
            }
        }
    };
    (0..2).map(|worker| tokio::spawn(churning(worker))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_archive_of_a_store_in_full_swing_is_good() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("one");
    let store = open(&data).await;
    let stays = stored_room(&store, "stays").await.id;
    fill(&store, stays, 2500).await;
    let stop = Arc::new(AtomicBool::new(false));
    let churning = churn(&store, &stop);
    let links = Links { place: "http://tincan.test".to_owned(), guessed: true };
    let control = Control::answer(&data, Operator::new(&store, None, links));
    for round in 0..4 {
        let archive = place.path().join("backup");
        let exported = match round % 2 {
            0 => export(&store, &archive, &mut Unwatched).await,
            _ => export_from_running(&data, &archive, &mut Unwatched).await,
        };
        let exported = exported.unwrap_or_else(|error| panic!("export {round}: {error}"));
        let restored = restored(&archive, &exported).await;
        assert!(restored.rooms.contains(&stays), "round {round}");
    }
    stop.store(true, Ordering::SeqCst);
    for worker in churning {
        worker.await.expect("nothing went wrong for those who work");
    }
    drop(control);
}

#[tokio::test]
async fn an_account_removed_while_a_copy_was_stopped_is_not_in_it_when_it_has_gone_on() {
    let place = TempDir::new().unwrap();
    let store = open(&place.path().join("one")).await;
    let (ann, bob) = (stored_user(&store, "ann").await.id, stored_user(&store, "bob").await.id);
    let (kept, gone) = (stored_room(&store, "kept").await.id, stored_room(&store, "gone").await.id);
    for room in [kept, gone] {
        store.add_participant(room, ann).await.unwrap();
        store.add_participant(room, bob).await.unwrap();
        fill(&store, room, 1500).await;
    }
    let target = Troubled::new(to_fill(&place.path().join("two")).await);
    target.refuse("end_load");
    let stopped: Arc<dyn Store> = target.clone();
    migrate(&store, "one", &stopped, "two", &mut Unwatched).await.expect_err("it is stopped at its end");

    store.remove_user(bob).await.unwrap();
    store.delete_room(gone).await.unwrap();
    store
        .set_password(
            ann,
            tincan::model::Proof::Operator,
            tincan::model::PasswordHash::new("second".to_owned()),
            tincan::model::Timestamp::now(),
        )
        .await
        .unwrap();
    let name = Some(RoomName::parse("another name").unwrap());
    store.update_room(kept, RoomPatch { name, description: None }).await.unwrap();
    fill(&store, kept, 10).await;
    target.heal("end_load");
    migrate(&store, "one", &stopped, "two", &mut Unwatched).await.expect("it goes on with what the source is now");
    stopped.close().await;
    let copy = open(&place.path().join("two")).await;
    assert_eq!(copy.dump_users(None, 9).await.unwrap(), store.dump_users(None, 9).await.unwrap());
    assert_eq!(copy.rooms().await.unwrap(), store.rooms().await.unwrap());
}

#[tokio::test]
async fn a_copy_says_what_it_leaves_out_and_so_does_its_archive() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let what = "users whose _id is no ObjectId".to_owned();
    let store = Troubled::leaving_out(open(&place.path().join("one")).await, vec![LeftOut { what, count: 3 }]);
    let store: Arc<dyn Store> = store;
    let exported = export(&store, &archive, &mut Unwatched).await.unwrap();
    let told: Vec<_> = exported.left_out.iter().map(|one| (one.what.as_str(), one.count)).collect();
    assert_eq!(told, [("users whose _id is no ObjectId", 3)]);
    assert_eq!(check(&archive).await.unwrap(), exported);
    let target = to_fill(&place.path().join("two")).await;
    let moved = migrate(&store, "one", &target, "two", &mut Unwatched).await.unwrap();
    assert_eq!(moved.left_out, exported.left_out);
}
