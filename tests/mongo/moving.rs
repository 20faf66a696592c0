//! From the embedded store to MongoDB and back, and archives of MongoDB.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tincan::model::{RoomName, RoomPatch, UserId};
use tincan::store::{Place, Store, open_to_fill};
use tincan::transfer::{TransferError, export, import, migrate};

use super::open;
use crate::support::app::PATIENCE;
use crate::support::copies::{Unwatched, are_alike, furnish, open as open_embedded, to_fill};
use crate::support::mongod::{database_name, shared, shared_alone};
use crate::support::node::backend;
use crate::support::process::Workplace;
use crate::support::sample::{fill, stored_room};

async fn database_to_fill(name: &str) -> Arc<dyn Store> {
    open_to_fill(&Place::MongoDb(shared().await.secret(name))).await.expect("the store opens")
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn everything_moves_to_mongodb_and_back() {
    let place = TempDir::new().unwrap();
    let name = database_name();
    let embedded = open_embedded(&place.path().join("one")).await;
    let furnished = furnish(&embedded).await;
    let target = database_to_fill(&name).await;
    let there = migrate(&embedded, "one", &target, "a database", &mut Unwatched).await.unwrap();
    target.close().await;

    let database = open(shared().await, &name).await;
    let target = to_fill(&place.path().join("two")).await;
    let back = migrate(&database, "a database", &target, "two", &mut Unwatched).await.unwrap();
    assert_eq!(there, back);
    target.close().await;
    are_alike(&embedded, &database, &furnished).await;
    let again = open_embedded(&place.path().join("two")).await;
    are_alike(&embedded, &again, &furnished).await;
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_node_database_moves_into_a_directory_with_all_its_names() {
    let place = TempDir::new().unwrap();
    let name = database_name();
    backend(&shared_alone().await.url(&name), "fill", json!({})).await;
    let database = open(shared_alone().await, &name).await;
    let target = to_fill(place.path()).await;
    let moved = migrate(&database, "a database", &target, "here", &mut Unwatched).await.unwrap();
    assert_eq!((moved.users.count, moved.rooms.count, moved.messages.count), (3, 2, 7));
    target.close().await;
    let embedded = open_embedded(place.path()).await;
    for spelling in ["Bob", "bob"] {
        let user = embedded.user_by_name(spelling).await.unwrap();
        assert_eq!(user.map(|user| user.username).as_deref(), Some(spelling));
    }
    assert_eq!(embedded.user_by_name("BOB").await.unwrap(), None);
    let ann = embedded.user_by_email(&tincan::model::Email::parse("ann@example.com").unwrap()).await.unwrap();
    assert_eq!(ann.map(|ann| ann.username).as_deref(), Some("Ann"));
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn an_archive_of_mongodb_goes_into_either_engine() {
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup");
    let (name, other) = (database_name(), database_name());
    let database = open(shared().await, &name).await;
    let furnished = furnish(&database).await;
    let exported = export(&database, &archive, &mut Unwatched).await.unwrap();
    let target = database_to_fill(&other).await;
    assert_eq!(import(&archive, &target, "other", &mut Unwatched).await.unwrap(), exported);
    target.close().await;
    are_alike(&database, &open(shared().await, &other).await, &furnished).await;
    let target = to_fill(&place.path().join("one")).await;
    assert!(import(&archive, &target, "one", &mut Unwatched).await.is_ok());
    let refused = import(&archive, &database, "the database", &mut Unwatched).await;
    assert!(matches!(refused, Err(TransferError::NotEmpty(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_migration_that_broke_off_is_gone_on_with() {
    let place = TempDir::new().unwrap();
    let name = database_name();
    let embedded = open_embedded(place.path()).await;
    let furnished = furnish(&embedded).await;
    for number in 0..10 {
        let room = stored_room(&embedded, &format!("large {number}")).await.id;
        fill(&embedded, room, 3000).await;
    }
    let target = database_to_fill(&name).await;
    let moving = tokio::spawn({
        let (embedded, target) = (Arc::clone(&embedded), Arc::clone(&target));
        async move { migrate(&embedded, "one", &target, "a database", &mut Unwatched).await }
    });
    let began = Instant::now();
    while target.rooms().await.unwrap().iter().all(|room| room.last_seq() < 2000) {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    moving.abort();
    assert!(moving.await.is_err(), "it was stopped in the middle");
    target.close().await;
    let refused = tincan::store::mongodb::MongoStore::open(&shared().await.secret(&name)).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("half filled")));

    let target = database_to_fill(&name).await;
    let refused = migrate(&embedded, "another", &target, "a database", &mut Unwatched).await;
    assert!(matches!(refused, Err(TransferError::NotEmpty(_))), "{refused:?}");
    // Meanwhile the source has changed: the copy is of what it is now.
    let rooms = embedded.rooms().await.unwrap();
    let room = |name: &str| rooms.iter().find(|room| room.name == name).expect("a room").id;
    let (renamed, deleted) = (room("large 0"), room("large 1"));
    let patch = RoomPatch { name: Some(RoomName::parse("Renamed").unwrap()), description: None };
    embedded.update_room(renamed, patch).await.unwrap().expect("a room");
    embedded.add_participant(renamed, furnished_user(&embedded).await).await.unwrap().expect("a room");
    assert!(embedded.delete_room(deleted).await.unwrap());
    migrate(&embedded, "one", &target, "a database", &mut Unwatched).await.unwrap();
    target.close().await;
    let database = open(shared().await, &name).await;
    are_alike(&embedded, &database, &furnished).await;
    let there = database.room(renamed).await.unwrap().expect("the room");
    assert_eq!((there.name.as_str(), there.participants.len()), ("Renamed", 1));
    assert!(database.room(deleted).await.unwrap().is_none());
}

/// Some user of a store.
async fn furnished_user(store: &Arc<dyn Store>) -> UserId {
    store.dump_users(None, 1).await.unwrap()[0].id
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn the_command_line_moves_a_store_and_says_how_to_switch_over() {
    let workplace = Workplace::new();
    let url = shared().await.url(&database_name());
    let source = open_embedded(&workplace.path().join("tincan-data")).await;
    furnish(&source).await;
    source.close().await;
    drop(source);
    let tried = workplace.run(&["migrate", "--to", &url, "--dry-run"]);
    assert!(
        tried.code == Some(0) && tried.out.contains("would copy 2 accounts, 4 rooms and 3006 messages"),
        "{tried:?}"
    );
    let moved = workplace.run(&["migrate", "--to", &url]);
    assert!(moved.code == Some(0) && moved.out.contains("the checksums agree"), "{moved:?}");
    assert!(moved.out.contains("--mongo-url"), "{moved:?}");
    let again = workplace.run(&["migrate", "--to", &url]);
    assert!(again.code == Some(1) && again.err.contains("is not empty"), "{again:?}");
    let back = workplace.run(&["migrate", "--to", "other", "--mongo-url", &url]);
    assert!(back.code == Some(0) && back.out.contains("--data-dir other"), "{back:?}");
    let listed = workplace.run(&["user", "list", "--mongo-url", &url]);
    assert!(listed.code == Some(0) && listed.out.contains("ann@example.com"), "{listed:?}");
}
