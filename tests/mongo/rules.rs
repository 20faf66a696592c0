//! Indexes, rules, fields and collections of other programs: what they refuse fails alone, what they use is left to
//! them, and a start survives them.

use mongodb::IndexModel;
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use mongodb::options::IndexOptions;
use tincan::model::{Page, RoomId, UserId};
use tincan::store::{StoreError, Taken};

use super::open;
use crate::support::mongod::{database_name, shared};
use crate::support::sample::{append, call, message, room, store_calls, stored_room, stored_user, user};

fn unique_index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_message_that_the_database_refuses_fails_alone() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let store = open(shared().await, &name).await;
    let (room, other) = (stored_room(&store, "room").await.id, stored_room(&store, "other").await.id);
    database.collection::<Document>("messages").create_index(unique_index(doc! { "content": 1 })).await.unwrap();
    let rule = doc! { "content": { "$not": { "$regex": "^forbidden" } } };
    database.run_command(doc! { "collMod": "messages", "validator": rule }).await.unwrap();
    let say = |text: &str| message(UserId::new(), text);
    let batch = ["a", "forbidden 1", "b", "a", "c", "forbidden 2", "d"].map(say).to_vec();
    let (answers, beside) =
        tokio::join!(store.append_messages(room, batch), store.append_messages(other, vec![say("e")]));
    let told: Vec<_> = answers
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|answer| {
            answer.map(|stored| (stored.message.seq, stored.message.content.clone())).map_err(|error| error.to_string())
        })
        .collect();
    let stored = |seq, text: &str| Ok((seq, text.to_owned()));
    assert_eq!(
        [&told[0], &told[2], &told[4], &told[6]],
        [&stored(1, "a"), &stored(2, "b"), &stored(3, "c"), &stored(4, "d")]
    );
    for (place, part) in [(1, "validation"), (3, "content_1"), (5, "validation")] {
        assert!(told[place].as_ref().is_err_and(|text| text.contains(part) && text.contains("messages")), "{told:?}");
    }
    assert!(beside.unwrap().unwrap()[0].is_ok());
    let page = store.messages(room, Page::Newest, 9).await.unwrap().unwrap();
    assert!(page.messages.iter().map(|one| one.seq).eq(1..=4));
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn only_our_own_indexes_say_that_a_name_is_taken() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let store = open(shared().await, &name).await;
    for (collection, field) in [("users", "phone"), ("rooms", "slug"), ("calls", "sid")] {
        database.collection::<Document>(collection).create_index(unique_index(doc! { field: 1 })).await.unwrap();
    }
    stored_user(&store, "first").await;
    stored_room(&store, "first").await;
    store_calls(&store, vec![call(UserId::new(), &[])]).await;
    let refused = [
        (store.insert_user(user("second")).await, "phone_1", "users"),
        (store.insert_room(room("second")).await, "slug_1", "rooms"),
        (store.change_call(call(UserId::new(), &[])).await.map(drop), "sid_1", "calls"),
    ];
    for (refused, index, collection) in refused {
        let text = refused.as_ref().unwrap_err().to_string();
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(text.contains(index) && text.contains(collection), "{text}");
    }
    let taken = store.insert_user(user("FIRST")).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Taken::Username))), "{taken:?}");
    let taken = store.insert_room(room("FIRST")).await;
    assert!(matches!(taken, Err(StoreError::Conflict(Taken::RoomName))), "{taken:?}");
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn fields_and_a_collection_that_another_program_uses_are_left_to_it() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let (room, ann) = (ObjectId::new(), ObjectId::new());
    let theirs = (
        doc! { "_id": ann, "username": "ann", "email": "ann@example.com", "password": "x", "tokenVersion": 7 },
        doc! { "_id": room, "name": "room", "participants": [ann] },
        ["one", "two", "three"].map(|text| {
            doc! {
            "room": room, "sender": ann, "content": text, "timestamp": DateTime::now(), "seq": 5, "clientId": "phone",
        }
        }),
        doc! { "from": "+1555", "duration": 12, "open": true },
    );
    database.collection("users").insert_one(theirs.0.clone()).await.unwrap();
    database.collection("rooms").insert_one(theirs.1).await.unwrap();
    database.collection("messages").insert_many(theirs.2).await.unwrap();
    database.collection("calls").insert_one(theirs.3.clone()).await.unwrap();

    for _ in 0..2 {
        let store = open(shared().await, &name).await;
        let room = RoomId::from_bytes(room.bytes());
        let page = store.messages(room, Page::After(0), 3).await.unwrap().unwrap();
        let texts: Vec<_> = page.messages.iter().map(|one| (one.seq, one.content.as_str())).collect();
        assert_eq!(texts, [(1, "one"), (2, "two"), (3, "three")]);
        assert!(page.messages.iter().all(|one| one.client_id.is_none()));
        let user = store.user_by_name("ann").await.unwrap().unwrap();
        assert_eq!(user.token_version, 0, "a count of theirs is none of ours");
        let sent = crate::support::sample::repeatable(user.id, "ours", "1");
        let again = crate::support::sample::repeatable(user.id, "ours", "1");
        let first = append(&store, room, vec![sent]).await[0].message.seq;
        assert_eq!(append(&store, room, vec![again]).await[0].message.seq, first);
        assert_eq!(first, 4);
        let ringing = call(UserId::new(), &[]);
        store_calls(&store, vec![ringing.clone()]).await;
        assert!(store.open_calls().await.unwrap().contains(&ringing));
        let left_out = store.left_out().await.unwrap();
        assert!(left_out.iter().any(|one| one.what.contains("calls") && one.count == 1), "{left_out:?}");
        store.close().await;
    }
    let user: Document = database.collection("users").find_one(doc! {}).await.unwrap().unwrap();
    assert!(theirs.0.iter().all(|(field, value)| user.get(field) == Some(value)), "{user}");
    let calls: Vec<Document> =
        futures_util::TryStreamExt::try_collect(database.collection("calls").find(doc! {}).await.unwrap())
            .await
            .unwrap();
    assert!(calls.len() == 1 && theirs.3.iter().all(|(field, value)| calls[0].get(field) == Some(value)), "{calls:?}");
    let kept: Vec<Document> =
        futures_util::TryStreamExt::try_collect(database.collection("messages").find(doc! { "seq": 5 }).await.unwrap())
            .await
            .unwrap();
    assert_eq!(kept.len(), 3);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_start_survives_whatever_is_in_the_way_of_indexes_keys_and_numbers() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let room = ObjectId::new();
    let twice = doc! { "uniqueUsername": "same", "uniqueEmail": "same", "usernameKey": 5 };
    let users = database.collection::<Document>("users");
    users.insert_many([twice.clone(), twice, doc! { "username": "plain", "email": "p@example.com" }]).await.unwrap();
    let rooms = database.collection::<Document>("rooms");
    rooms
        .insert_many([doc! { "_id": room, "name": "room" }, doc! { "uniqueName": "x" }, doc! { "uniqueName": "x" }])
        .await
        .unwrap();
    // Two lists in what an index is over, the same index under another name, and rules that let nobody touch old
    // documents.
    let messages = database.collection::<Document>("messages");
    let both = doc! { "room": [room, ObjectId::new()], "timestamp": [DateTime::now(), DateTime::now()] };
    let parallel = doc! { "room": [1, 2], "clientId": ["a", "b"], "sender": [3, 4], "seq": [1_i64, 2_i64] };
    messages.insert_many([both, parallel]).await.unwrap();
    let said = |text: &str| doc! { "room": room, "content": text, "timestamp": DateTime::now() };
    messages.insert_many([said("one"), doc! { "room": room, "old": true }, said("two")]).await.unwrap();
    rooms.create_index(IndexModel::builder().keys(doc! { "participants": 1 }).build()).await.unwrap();
    let rule = doc! { "old": { "$exists": false } };
    database.run_command(doc! { "collMod": "messages", "validator": rule }).await.unwrap();
    let rule = doc! { "username": { "$ne": "plain" } };
    database.run_command(doc! { "collMod": "users", "validator": rule }).await.unwrap();

    let store = open(shared().await, &name).await;
    let room = RoomId::from_bytes(room.bytes());
    let page = store.messages(room, Page::After(0), 9).await.unwrap().unwrap();
    let texts: Vec<_> = page.messages.iter().map(|one| (one.seq, one.content.as_str())).collect();
    assert_eq!(texts, [(1, "one"), (2, "two")]);
    assert_eq!(append(&store, room, vec![message(UserId::new(), "three")]).await[0].message.seq, 3);
    stored_user(&store, "ann").await;
    stored_room(&store, "another").await;
}
