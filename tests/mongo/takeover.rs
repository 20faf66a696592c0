//! A database that a Node backend wrote with Mongoose is taken over as it is, and such a backend may go on with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::model::{Email, Message, NewMessage, Page, RoomId, UserId};
use tincan::store::mongodb::MongoStore;
use tincan::store::{Store, StoreError, Taken};

use super::open;
use crate::support::app::{App, PATIENCE};
use crate::support::mongod::{Mongod, database_name, shared, shared_alone};
use crate::support::node::backend;
use crate::support::sample::{message, stored_user, user};

fn room_id(filled: &Value, name: &str) -> RoomId {
    RoomId::parse(filled[name].as_str().expect("an id")).expect("an id")
}

fn user_id(filled: &Value, name: &str) -> UserId {
    UserId::parse(filled[name].as_str().expect("an id")).expect("an id")
}

async fn history(store: &Arc<dyn Store>, room: RoomId) -> Vec<Message> {
    store.messages(room, Page::After(0), 200).await.unwrap().unwrap().messages
}

async fn documents(database: &Database) -> BTreeMap<String, Vec<Document>> {
    let mut all = BTreeMap::new();
    for name in ["users", "rooms", "messages"] {
        let cursor = database.collection::<Document>(name).find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        all.insert(name.to_owned(), cursor.try_collect().await.unwrap());
    }
    all
}

async fn history_is_in_the_order_of_time_on(deployment: &Mongod) {
    let name = database_name();
    let filled = backend(&deployment.url(&name), "fill", json!({})).await;
    let store = open(deployment, &name).await;
    let lounge = history(&store, room_id(&filled, "lounge")).await;
    let seen: Vec<_> = lounge.iter().map(|one| (one.seq, one.content.as_str())).collect();
    assert_eq!(seen, [(1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (5, "fifth")]);
    let other = history(&store, room_id(&filled, "other")).await;
    let seen: Vec<_> = other.iter().map(|one| (one.content.as_str(), one.sender_name.as_str())).collect();
    assert_eq!(seen, [("alone", "bob"), ("from nobody", "gone")]);
    let rooms = store.rooms().await.unwrap();
    let newest: Vec<_> = rooms.iter().map(|room| (room.name.as_str(), room.last_seq())).collect();
    assert_eq!(newest, [("lounge", 2), ("Lounge", 5)]);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn the_history_of_a_node_backend_is_in_the_order_of_time() {
    history_is_in_the_order_of_time_on(shared().await).await;
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_stand_alone_server_is_taken_over_too() {
    history_is_in_the_order_of_time_on(shared_alone().await).await;
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn nothing_of_theirs_is_changed_and_a_second_start_changes_nothing() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    backend(&shared().await.url(&name), "fill", json!({})).await;
    let before = documents(&database).await;
    open(shared().await, &name).await.close().await;
    let first = documents(&database).await;
    for (collection, documents) in &before {
        let after = &first[collection];
        assert_eq!(documents.len(), after.len(), "{collection}");
        for (theirs, ours) in documents.iter().zip(after) {
            assert!(theirs.iter().all(|(field, value)| ours.get(field) == Some(value)), "{theirs} became {ours}");
        }
    }
    open(shared().await, &name).await.close().await;
    assert_eq!(documents(&database).await, first);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn names_that_differ_in_case_are_both_kept_and_the_exact_spelling_wins() {
    let name = database_name();
    let filled = backend(&shared().await.url(&name), "fill", json!({})).await;
    let store = open(shared().await, &name).await;
    for (spelling, id) in [("Bob", "bigBob"), ("bob", "bob")] {
        assert_eq!(store.user_by_name(spelling).await.unwrap().map(|user| user.id), Some(user_id(&filled, id)));
    }
    assert_eq!(store.user_by_name("BOB").await.unwrap(), None, "none of the two");
    assert_eq!(store.user_by_name("aNN").await.unwrap().map(|user| user.id), Some(user_id(&filled, "ann")));
    for spelling in ["Bob", "bob", "BOB"] {
        let refused = store.insert_user(user(spelling)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::Username))), "{spelling}: {refused:?}");
    }
    // Also when the one who holds the name is gone.
    for id in ["bigBob", "bob"] {
        let refused = store.insert_user(user("BOB")).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::Username))), "{refused:?}");
        assert!(store.remove_user(user_id(&filled, id)).await.unwrap());
    }
    stored_user(&store, "BOB").await;
    let ann = store.user_by_email(&Email::parse("ANN@example.com").unwrap()).await.unwrap();
    assert_eq!(ann.map(|user| user.email), Some("Ann@Example.com".to_owned()));
    let refused = store.insert_room(crate::support::sample::room("LOUNGE")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn old_passwords_and_old_tokens_work() {
    let url = shared().await.url(&database_name());
    let filled = backend(&url, "fill", json!({})).await;
    let mut secret = String::new();
    let app = App::with(|config| {
        config.mongo_url = Some(tincan::config::Secret::new(url.clone()));
        secret = config.jwt_secret.expose().to_owned();
    })
    .await;
    let accounts = [
        ("Bob", "big bob's password", "bigBob"),
        ("bob", "small bob's password", "bob"),
        ("ann@example.com", "ann's password", "ann"),
    ];
    for (name, password, id) in accounts {
        let reply = app.request(Method::POST, "/api/auth/login").json(&json!({"email": name, "password": password}));
        let reply = reply.send().await.unwrap();
        assert_eq!(reply.status(), StatusCode::OK, "{name}");
        let session: Value = reply.json().await.unwrap();
        assert_eq!(session["user"]["id"], filled[id], "{name}");
    }
    let token = json!({"userId": filled["bob"], "username": "bob", "secret": secret});
    let token = backend(&url, "token", token).await;
    let me =
        app.request(Method::GET, "/api/auth/me").bearer_auth(token["token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(me.status(), StatusCode::OK);
    assert_eq!(me.json::<Value>().await.unwrap()["user"]["username"], "bob");
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_node_backend_goes_on_and_what_it_adds_is_taken_over() {
    let name = database_name();
    let url = shared().await.url(&name);
    let filled = backend(&url, "fill", json!({})).await;
    let (lounge, ann) = (room_id(&filled, "lounge"), user_id(&filled, "ann"));
    let store = open(shared().await, &name).await;
    let ours = NewMessage { sender_name: "Ann".to_owned(), ..message(ann, "from Tincan") };
    store.append_messages(lounge, vec![ours]).await.unwrap();
    let dora = stored_user(&store, "Dora").await;

    let added = backend(&url, "goOn", json!({"room": filled["lounge"], "sender": filled["ann"]})).await;
    let read = backend(&url, "read", json!({})).await;
    let named = |list: &str, field: &str, value: &str| {
        read[list].as_array().unwrap().iter().any(|document| document[field] == value)
    };
    assert!(named("users", "_id", &dora.id.to_string()) && named("messages", "content", "from Tincan"));

    let began = Instant::now();
    let lounge = loop {
        let messages = history(&store, lounge).await;
        if messages.len() == 8 {
            break messages;
        }
        assert!(began.elapsed() < PATIENCE, "what Node added was not numbered: {messages:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let seen: Vec<_> = lounge.iter().skip(5).map(|one| (one.seq, one.content.as_str())).collect();
    assert_eq!(seen, [(6, "from Tincan"), (7, "from Node"), (8, "from Node again")]);
    let carl = store.user_by_name("CARL").await.unwrap().expect("a user of Node's");
    assert_eq!(carl.id, user_id(&added, "carl"));
    let room = store.room(room_id(&filled, "lounge")).await.unwrap().unwrap();
    assert!(room.has_participant(carl.id));
    let next = store.append_messages(room.id, vec![message(ann, "and on")]).await.unwrap().unwrap();
    assert_eq!(next[0].as_ref().unwrap().message.seq, 9);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_user_of_nodes_logs_in_at_once() {
    let name = database_name();
    let url = shared().await.url(&name);
    let store = open(shared().await, &name).await;
    let filled = backend(&url, "fill", json!({})).await;
    assert_eq!(store.user_by_name("aNN").await.unwrap().map(|user| user.id), Some(user_id(&filled, "ann")));
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_take_over_that_was_killed_is_taken_up_again() {
    let name = database_name();
    let deployment = shared().await;
    backend(&deployment.url(&name), "many", json!({"rooms": 3, "messages": 30_000})).await;
    let database = deployment.database(&name).await;
    let messages = database.collection::<Document>("messages");
    let numbered = || messages.count_documents(doc! { "seq": { "$gt": 0 } });

    let opening = tokio::spawn({
        let secret = deployment.secret(&name);
        async move { MongoStore::open(&secret).await }
    });
    let began = Instant::now();
    while numbered().await.unwrap() == 0 {
        assert!(began.elapsed() < PATIENCE, "nothing was numbered");
    }
    opening.abort();
    assert!(opening.await.is_err(), "it was killed in the middle");
    // The server stops what it was doing for us a moment later.
    let store = open(deployment, &name).await;
    assert_eq!(numbered().await.unwrap(), 90_000);
    for room in store.rooms().await.unwrap() {
        assert_eq!(room.last_seq(), 30_000);
        for after in [0, 19_900, 29_800] {
            let page = store.messages(room.id, Page::After(after), 200).await.unwrap().unwrap();
            assert!(page.messages.iter().all(|one| one.content == one.seq.to_string()), "out of order after {after}");
        }
    }
}
