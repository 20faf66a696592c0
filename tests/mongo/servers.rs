//! The server on a MongoDB that goes away and comes back, and several servers on one database.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc, oid::ObjectId};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tincan::model::{Page, RoomId, UserId};
use tincan::store::mongodb::{MongoStore, OpenError};

use super::open;
use crate::support::app::{App, PATIENCE};
use crate::support::mongod::{Mongod, database_name, shared};
use crate::support::sample::{append, fill, message, stored_room, stored_user};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn sockets_outlive_an_outage_and_nothing_is_told_that_is_not_stored() {
    let mut deployment = Mongod::replicas(1).await;
    let secret = deployment.secret("chat");
    let app = App::with(|config| config.mongo_url = Some(secret)).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let say = |text: &str| json!({"roomId": room, "content": text, "clientId": text});
    from.ok("send-message", say("before")).await;

    deployment.nodes[0].kill();
    let began = Instant::now();
    from.refused("send-message", say("meanwhile"), "storage").await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let health = app.request(Method::GET, "/health").send().await.unwrap();
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);

    deployment.nodes[0].run();
    deployment.ready().await;
    let back = Instant::now();
    while from.ask("send-message", say("meanwhile")).await["ok"] != json!(true) {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not come back");
    }
    from.ok("send-message", say("after")).await;
    to.event_where("new-message", |told| told["content"] == "after").await;
    let told: Vec<_> = to.came("new-message").await.into_iter().map(|told| told["content"].clone()).collect();
    let stored = app.request(Method::GET, &format!("/api/rooms/{room}/messages")).bearer_auth(&ann.token);
    let stored: Vec<serde_json::Value> = stored.send().await.unwrap().json().await.unwrap();
    let stored: Vec<_> = stored.into_iter().map(|one| one["content"].clone()).collect();
    assert_eq!(stored, ["before", "meanwhile", "after"].map(|text| json!(text)));
    assert!(told.iter().all(|text| stored.contains(text)), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn what_one_server_does_the_other_knows() {
    let name = database_name();
    let (one, other) = (open(shared().await, &name).await, open(shared().await, &name).await);
    let room = stored_room(&one, "room").await.id;
    let ann = stored_user(&one, "ann").await;
    assert_eq!(other.user_by_name("ANN").await.unwrap().as_ref(), Some(&ann));
    // Both know the end of the room, and each goes on from where the other one is.
    for number in 1..=6 {
        let store = if number % 2 == 0 { &one } else { &other };
        assert_eq!(append(store, room, vec![message(ann.id, "text")]).await[0].message.seq, number);
    }
    assert!(one.delete_room(room).await.unwrap());
    assert_eq!(other.append_messages(room, vec![message(ann.id, "late")]).await.unwrap(), None);
    assert_eq!(other.messages(room, Page::Newest, 9).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_messages_of_a_deleted_room_go_also_over_a_restart_and_no_others_do() {
    let name = database_name();
    let store = open(shared().await, &name).await;
    let (gone, kept) = (stored_room(&store, "gone").await.id, stored_room(&store, "kept").await.id);
    for _ in 0..20 {
        fill(&store, gone, 1000).await;
    }
    fill(&store, kept, 10).await;
    let messages = shared().await.database(&name).await.collection::<Document>("messages");
    let orphan = doc! { "room": ObjectId::new(), "content": "of a room that a Node backend deleted" };
    messages.insert_one(orphan).await.unwrap();
    assert!(store.delete_room(gone).await.unwrap());
    store.close().await;
    drop(store);

    let _store = open(shared().await, &name).await;
    let left = |room: RoomId| messages.count_documents(doc! { "room": ObjectId::from_bytes(room.bytes()) });
    let began = Instant::now();
    while left(gone).await.unwrap() > 0 {
        assert!(began.elapsed() < PATIENCE, "they stay");
    }
    assert_eq!(left(kept).await.unwrap(), 10);
    let rest: Vec<Document> =
        messages.find(doc! { "content": { "$regex": "^of a room" } }).await.unwrap().try_collect().await.unwrap();
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_of_a_newer_version_is_refused() {
    let name = database_name();
    open(shared().await, &name).await.close().await;
    let meta = shared().await.database(&name).await.collection::<Document>("tincan_meta");
    meta.update_one(doc! { "_id": "data" }, doc! { "$set": { "version": 3_i64 } }).await.unwrap();
    let refused = MongoStore::open(&shared().await.secret(&name)).await;
    assert!(matches!(refused, Err(OpenError::Newer { found: 3, known: 2, .. })), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn what_a_node_backend_may_write_is_refused_by_no_index() {
    let name = database_name();
    let store = open(shared().await, &name).await;
    let room = stored_room(&store, "room").await.id;
    append(&store, room, vec![message(UserId::new(), "ours")]).await;
    let database = shared().await.database(&name).await;
    for collection in ["users", "rooms", "messages", "calls"] {
        let bare = || doc! { "room": ObjectId::from_bytes(room.bytes()), "__v": 0 };
        database.collection::<Document>(collection).insert_many([bare(), bare(), doc! {}, doc! {}]).await.unwrap();
    }
    assert_eq!(store.room(room).await.unwrap().map(|room| room.name.clone()).as_deref(), Some("room"));
    assert_eq!(store.rooms().await.unwrap().len(), 1, "one without a name hides no other");
}
