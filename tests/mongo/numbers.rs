//! Numbers of messages never go back, also where another program removes messages.

use std::sync::Arc;

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use reqwest::StatusCode;
use serde_json::json;
use tincan::config::Secret;
use tincan::model::{Page, RoomId, UserId};
use tincan::store::{Place, Store, open_to_fill};

use super::open;
use crate::support::app::App;
use crate::support::mongod::{database_name, shared};
use crate::support::sample::{append, fill, message, repeatable, stored_room};

fn oid(id: impl ToString) -> ObjectId {
    ObjectId::parse_str(id.to_string()).expect("an id")
}

/// Removes a room's messages from a number on, as another program does.
async fn remove_from(database: &str, room: impl ToString, seq: i64) {
    let messages = shared().await.database(database).await.collection::<Document>("messages");
    messages.delete_many(doc! { "room": oid(room), "seq": { "$gte": seq } }).await.unwrap();
}

async fn next(store: &Arc<dyn Store>, room: RoomId) -> u64 {
    append(store, room, vec![message(UserId::new(), "next")]).await[0].message.seq
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn the_number_of_a_removed_message_is_not_given_again() {
    let name = database_name();
    let store = open(shared().await, &name).await;
    let room = stored_room(&store, "room").await.id;
    fill(&store, room, 10).await;
    remove_from(&name, room, 9).await;
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), 10);
    assert_eq!(store.rooms().await.unwrap()[0].last_message.as_ref().map(|newest| newest.seq), Some(8));
    let page = store.messages(room, Page::After(10), 5).await.unwrap().unwrap();
    assert_eq!((page.messages.len(), page.older, page.newer, page.last_seq), (0, true, false, 10));
    assert_eq!(next(&store, room).await, 11);

    // Over a restart, and where nothing is left at all.
    remove_from(&name, room, 1).await;
    store.close().await;
    let store = open(shared().await, &name).await;
    let page = store.messages(room, Page::Newest, 5).await.unwrap().unwrap();
    assert_eq!((page.messages.len(), page.older, page.newer, page.last_seq), (0, false, false, 11));
    assert_eq!(next(&store, room).await, 12);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_goes_on_behind_what_another_one_gave_though_it_is_gone() {
    let name = database_name();
    let (one, other) = (open(shared().await, &name).await, open(shared().await, &name).await);
    let room = stored_room(&one, "room").await.id;
    for round in 0..5 {
        assert_eq!(next(&one, room).await, 4 * round + 1);
        assert_eq!(next(&other, room).await, 4 * round + 2);
        assert_eq!(next(&one, room).await, 4 * round + 3);
        remove_from(&name, room, 4 * round as i64 + 3).await;
        // This one never saw the message that is gone.
        assert_eq!(next(&other, room).await, 4 * round + 4);
    }
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn numbers_of_taken_over_messages_are_not_given_again_either() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let room = ObjectId::new();
    let messages = database.collection::<Document>("messages");
    let said = |text: &str| doc! { "room": room, "content": text, "timestamp": DateTime::now() };
    database.collection::<Document>("rooms").insert_one(doc! { "_id": room, "name": "room" }).await.unwrap();
    messages.insert_many(["one", "two", "three"].map(said)).await.unwrap();
    let store = open(shared().await, &name).await;
    remove_from(&name, room, 2).await;
    let id = RoomId::from_bytes(room.bytes());
    assert_eq!(next(&store, id).await, 4);
    store.close().await;
    // What a backend in Node adds later is numbered behind the highest, too.
    remove_from(&name, room, 4).await;
    messages.insert_one(said("five")).await.unwrap();
    let store = open(shared().await, &name).await;
    let page = store.messages(id, Page::After(1), 5).await.unwrap().unwrap();
    assert_eq!(page.messages.iter().map(|one| (one.seq, one.content.as_str())).collect::<Vec<_>>(), [(5, "five")]);
    // A database of a version that wrote no ends down.
    store.close().await;
    database.collection::<Document>("tincan_ends").drop().await.unwrap();
    let store = open(shared().await, &name).await;
    remove_from(&name, room, 5).await;
    assert_eq!(next(&store, id).await, 6);
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn pages_lead_over_gaps_in_both_directions() {
    let name = database_name();
    let store = open(shared().await, &name).await;
    let room = stored_room(&store, "room").await.id;
    fill(&store, room, 20).await;
    let messages = shared().await.database(&name).await.collection::<Document>("messages");
    // The oldest have expired, and some were removed.
    messages.delete_many(doc! { "seq": { "$in": [1, 2, 3, 8, 9, 10, 11, 15] } }).await.unwrap();
    let there: Vec<u64> = vec![4, 5, 6, 7, 12, 13, 14, 16, 17, 18, 19, 20];
    for limit in 1..=13 {
        for cursor in 0..=22 {
            for page in [Page::After(cursor), Page::Before(cursor), Page::Newest] {
                let found = store.messages(room, page, limit).await.unwrap().unwrap();
                let mut expected: Vec<u64> = match page {
                    Page::After(cursor) => there.iter().copied().filter(|seq| *seq > cursor).take(limit).collect(),
                    Page::Before(cursor) => {
                        there.iter().rev().copied().filter(|seq| *seq < cursor).take(limit).collect()
                    }
                    Page::Newest => there.iter().rev().copied().take(limit).collect(),
                };
                expected.sort_unstable();
                let (first, last) = match (expected.first(), expected.last(), page) {
                    (Some(first), Some(last), _) => (*first, *last),
                    (_, _, Page::After(cursor)) => (cursor + 1, cursor),
                    (_, _, Page::Before(cursor)) => (cursor, cursor.saturating_sub(1)),
                    _ => unreachable!("there are messages"),
                };
                assert_eq!(found.messages.iter().map(|one| one.seq).collect::<Vec<_>>(), expected, "{page:?}, {limit}");
                assert_eq!(found.older, there.iter().any(|seq| *seq < first), "{page:?}, {limit}");
                assert_eq!(found.newer, there.iter().any(|seq| *seq > last), "{page:?}, {limit}");
                assert_eq!(found.last_seq, 20);
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn who_has_seen_a_removed_message_gets_the_next_one_and_is_not_told_to_begin_anew() {
    let name = database_name();
    let url = shared().await.url(&name);
    let app = App::with(|config| config.mongo_url = Some(Secret::new(url.clone()))).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    for text in ["one", "two"] {
        from.ok("send-message", json!({"roomId": room, "content": text})).await;
    }
    to.event_where("new-message", |told| told["seq"] == 2).await;
    drop(to);
    remove_from(&name, &room, 2).await;
    from.ok("send-message", json!({"roomId": room, "content": "three"})).await;
    let back = bob.socket().await;
    let joined = back.ok("join-room", json!({"roomId": room, "after": 2})).await;
    assert_eq!((&joined["lastSeq"], &joined["messages"][0]["content"]), (&json!(3), &json!("three")));
    assert_eq!(joined["reset"], json!(null));
    remove_from(&name, &room, 1).await;
    let joined = back.ok("join-room", json!({"roomId": room, "after": 3})).await;
    assert_eq!((&joined["lastSeq"], &joined["messages"], &joined["reset"]), (&json!(3), &json!([]), &json!(null)));
    let shown = ann.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!((&shown["lastSeq"], &shown["lastMessage"]), (&json!(3), &json!(null)));
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_copy_goes_on_behind_the_highest_number_of_its_source() {
    let (name, copy) = (database_name(), database_name());
    let store = open(shared().await, &name).await;
    let (room, deleted) = (stored_room(&store, "room").await.id, stored_room(&store, "deleted").await.id);
    fill(&store, room, 10).await;
    fill(&store, deleted, 10).await;
    remove_from(&name, room, 8).await;
    assert!(store.delete_room(deleted).await.unwrap());
    let target = open_to_fill(&Place::MongoDb(shared().await.secret(&copy))).await.unwrap();
    tincan::transfer::migrate(&store, "one", &target, "copy", &mut crate::support::copies::Unwatched).await.unwrap();
    target.close().await;
    let copied = open(shared().await, &copy).await;
    assert_eq!(next(&copied, room).await, 11);
    assert_eq!(append(&copied, room, vec![repeatable(UserId::new(), "again", "1")]).await[0].message.seq, 12);
}
