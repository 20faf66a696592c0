//! What other programs keep in the same database, or keep there otherwise than we would, is passed over, and everything
//! else goes on.

use std::sync::Arc;
use std::time::Instant;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use mongodb::{Collection, Database};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::Secret;
use tincan::model::{Email, NameKey, NewMessage, Page, PasswordHash, Proof, RoomId, Timestamp, UserId};
use tincan::store::{Place, Store, open_to_fill};

use super::open;
use crate::support::app::{App, PATIENCE};
use crate::support::mongod::{database_name, shared};
use crate::support::process::Workplace;
use crate::support::sample::{append, call, message, store_calls, stored_room, stored_user};

fn oid(id: impl ToString) -> ObjectId {
    ObjectId::parse_str(id.to_string()).expect("an id")
}

/// Values that stand in no field as a Node backend writes it.
fn odd_values() -> Vec<Bson> {
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: vec![1, 2] };
    vec![
        Bson::Null,
        7.into(),
        1.5.into(),
        f64::NAN.into(),
        true.into(),
        doc! { "a": 1 }.into(),
        vec![Bson::from("a"), Bson::Null].into(),
        DateTime::MAX.into(),
        bytes.into(),
        "".into(),
        Bson::MinKey,
    ]
}

/// Puts documents with odd values in every field, and every field missing, into the database.
async fn scatter(database: &Database, room: RoomId) {
    let fields = [
        ("users", vec!["_id", "username", "email", "password", "createdAt", "tokenVersion", "usernameKey"]),
        ("rooms", vec!["_id", "name", "description", "createdBy", "participants", "createdAt", "nameKey"]),
        ("messages", vec!["_id", "room", "sender", "senderName", "content", "timestamp", "clientId"]),
        ("calls", vec!["_id", "open", "people", "participants", "createdAt", "status", "server"]),
    ];
    for (collection, fields) in fields {
        let good = |number: usize| match collection {
            "users" => doc! { "username": format!("odd{number}"), "email": format!("odd{number}@example.com") },
            "rooms" => doc! { "name": format!("odd {number}"), "participants": [], "createdBy": ObjectId::new() },
            "messages" => doc! { "room": oid(room), "content": format!("odd {number}"), "timestamp": DateTime::now() },
            _ => doc! { "open": true, "people": [ObjectId::new()], "status": "active", "callType": "telephone" },
        };
        let collection: Collection<Document> = database.collection(collection);
        let mut number = 0;
        for field in fields {
            for value in odd_values() {
                number += 1;
                let mut document = good(number);
                document.insert(field, value);
                // Some are no ids at all, and some are there already.
                let _ = collection.insert_one(document).await;
            }
            let mut document = good(number + 1000);
            document.remove(field);
            collection.insert_one(document).await.unwrap();
        }
    }
}

/// A document with a text that is not UTF-8 in a field.
fn undecodable(field: &str) -> RawDocumentBuf {
    let mut bytes = mongodb::bson::to_vec(&doc! { "_id": ObjectId::new(), field: "xyxy" }).unwrap();
    let place = bytes.windows(4).position(|window| window == b"xyxy").unwrap();
    bytes[place..place + 4].copy_from_slice(&[0xff, 0xfe, 0xc0, 0x80]);
    RawDocumentBuf::from_bytes(bytes).unwrap()
}

async fn all_users(store: &Arc<dyn Store>) -> Vec<String> {
    let users = store.list_users(&NameKey::of(""), None, 1000).await.unwrap();
    users.into_iter().map(|user| user.username).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn odd_documents_in_every_collection_disturb_nobody() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let store = open(shared().await, &name).await;
    let ann = stored_user(&store, "ann").await;
    let kept = stored_room(&store, "kept").await.id;
    append(&store, kept, vec![message(ann.id, "first")]).await;
    store.close().await;
    scatter(&database, kept).await;
    for collection in ["users", "rooms", "messages", "calls"] {
        let raw = database.collection::<RawDocumentBuf>(collection);
        for field in ["username", "name", "content", "status", "note"] {
            raw.insert_one(undecodable(field)).await.unwrap();
        }
    }

    let store = open(shared().await, &name).await;
    assert!(all_users(&store).await.contains(&"ann".to_owned()));
    let rooms = store.rooms().await.unwrap();
    assert!(rooms.iter().any(|room| room.id == kept) && rooms.iter().any(|room| room.name == "odd 25"), "{rooms:?}");
    for room in &rooms {
        let with_ann = store.add_participant(room.id, ann.id).await.unwrap().expect("the room is there");
        assert!(with_ann.has_participant(ann.id), "{room:?}");
        assert!(append(&store, room.id, vec![message(ann.id, "to an odd room")]).await[0].fresh);
        let without = store.remove_participant(room.id, ann.id).await.unwrap().expect("the room is there");
        assert!(!without.has_participant(ann.id), "{room:?}");
    }
    let ringing = call(ann.id, &[]);
    store_calls(&store, vec![ringing.clone()]).await;
    assert_eq!(store.open_calls().await.unwrap(), std::slice::from_ref(&ringing));
    assert_eq!(store.calls_of(ann.id, None, 50).await.unwrap(), [ringing]);
    let page = store.messages(kept, Page::After(0), 200).await.unwrap().unwrap();
    assert!(page.messages.iter().any(|one| one.content == "first"));
    assert!(page.messages.iter().map(|one| one.seq).eq(1..=page.last_seq), "what can be numbered is, without gaps");
    assert!(!store.left_out().await.unwrap().is_empty());
    // Users are found, change their passwords and go, whatever lies in their other fields.
    for user in store.dump_users(None, 10_000).await.unwrap() {
        let found = store.user_by_name(&user.username).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(user.id), "{user:?}");
        let changed = store
            .set_password(user.id, Proof::Operator, PasswordHash::new("$2b$new".to_owned()), Timestamp::now())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(changed.password.expose(), "$2b$new");
        let versions = store.token_versions(&[user.id]).await.unwrap();
        assert!(versions[&user.id] > user.token_version, "{user:?}");
        assert!(store.remove_user(user.id).await.unwrap());
    }
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_user_without_a_name_is_called_removed_and_one_with_a_text_for_an_id_is_left_out() {
    let url = shared().await.url(&database_name());
    let app = App::with(|config| config.mongo_url = Some(Secret::new(url.clone()))).await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let database = shared().await.database(&name).await;
    let users = database.collection::<Document>("users");
    let nameless = [ObjectId::new(), ObjectId::new()];
    let odd = [
        doc! { "_id": nameless[0], "email": "a@example.com" },
        doc! { "_id": nameless[1], "username": Bson::Null },
        doc! { "_id": "a text", "username": "textual", "email": "t@example.com" },
    ];
    users.insert_many(odd).await.unwrap();
    let into = doc! { "$set": { "participants": [nameless[0], nameless[1], oid(&ann.id)] } };
    database.collection::<Document>("rooms").update_one(doc! { "_id": oid(&room) }, into).await.unwrap();

    let rooms = ann.get("/api/rooms").await.expect(StatusCode::OK);
    let names: Vec<_> = rooms[0]["participants"].as_array().unwrap().iter().map(|who| &who["username"]).collect();
    assert_eq!(names, ["[removed]", "[removed]", "ann"]);
    let listed = ann.get("/api/users").await.expect(StatusCode::OK);
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|user| &user["username"]).collect();
    assert_eq!(names, ["ann"]);
    let socket = ann.socket_in(&room).await;
    socket.ok("send-message", json!({"roomId": room, "content": "still"})).await;
    let login = app.request(Method::POST, "/api/auth/login").json(&json!({"email": "textual", "password": "x"}));
    assert_eq!(login.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // Whoever is not a user of ours holds no name.
    app.user("textual").await;
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_page_is_full_however_many_unreadable_messages_lie_between() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let store = open(shared().await, &name).await;
    let room = stored_room(&store, "room").await.id;
    for _ in 0..3 {
        append(&store, room, (0..10).map(|number| message(UserId::new(), &number.to_string())).collect()).await;
    }
    let messages = database.collection::<Document>("messages");
    // Twenty of them get an id that is none of ours.
    let mut cursor = messages.find(doc! { "seq": { "$gt": 3, "$lte": 23 } }).await.unwrap();
    while cursor.advance().await.unwrap() {
        let mut document: Document = cursor.deserialize_current().unwrap();
        messages.delete_one(doc! { "_id": document.get("_id").cloned() }).await.unwrap();
        document.insert("_id", format!("text {}", document.get_i64("seq").unwrap()));
        messages.insert_one(document).await.unwrap();
    }
    let seen = async |page, limit| {
        let page = store.messages(room, page, limit).await.unwrap().unwrap();
        (page.messages.iter().map(|one| one.seq).collect::<Vec<_>>(), page.older, page.newer, page.last_seq)
    };
    assert_eq!(seen(Page::After(0), 5).await, (vec![1, 2, 3, 24, 25], false, true, 30));
    assert_eq!(seen(Page::After(3), 2).await, (vec![24, 25], true, true, 30));
    assert_eq!(seen(Page::Before(25), 3).await, (vec![2, 3, 24], true, true, 30));
    assert_eq!(seen(Page::Before(24), 3).await, (vec![1, 2, 3], false, true, 30));
    assert_eq!(
        seen(Page::Newest, 10).await,
        ([vec![1, 2, 3][..].to_vec(), (24..=30).collect()].concat(), false, false, 30)
    );
    let left_out = store.left_out().await.unwrap();
    assert!(left_out.len() == 1 && left_out[0].count == 20 && left_out[0].what.contains("messages"), "{left_out:?}");
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_user_of_another_backend_with_a_tab_in_the_name_writes() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let id = ObjectId::new();
    let tabbed = doc! { "_id": id, "username": "a\ttab", "email": " Tab@Example.com ", "password": "x" };
    database.collection::<Document>("users").insert_one(tabbed).await.unwrap();
    let store = open(shared().await, &name).await;
    let room = stored_room(&store, "room").await.id;
    let email = Email::parse("tab@example.com").unwrap();
    let found = store.user_by_email(&email).await.unwrap().expect("blanks around an address do not hide it");
    assert_eq!(found.username, "a\ttab");
    let batch = ["before", "theirs", "after"]
        .map(|text| NewMessage { sender_name: found.username.clone(), ..message(found.id, text) });
    assert_eq!(append(&store, room, batch.to_vec()).await.len(), 3);
    // And wherever it is moved to, the address is found too.
    assert_eq!(store.dump_users(None, 9).await.unwrap()[0].email, "tab@example.com");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn what_is_left_out_and_every_spelling_is_told_in_the_log_once() {
    let name = database_name();
    let database = shared().await.database(&name).await;
    let users = database.collection::<Document>("users");
    let spelled = ["Bob", "bob", "BOB"].map(|name| doc! { "username": name, "email": format!("{name}@example.com") });
    users.insert_many(spelled).await.unwrap();
    users
        .insert_many([doc! { "_id": "text 1", "username": "x" }, doc! { "_id": "text 2" }, doc! { "email": "none" }])
        .await
        .unwrap();
    let workplace = Workplace::new();
    let server = workplace.serve(&["--mongo-url", &shared().await.url(&name)]);
    let reply = reqwest::Client::new()
        .post(server.url("/api/auth/signup"))
        .json(&json!({"username": "ann", "email": "ann@example.com", "password": "correct horse"}))
        .send()
        .await
        .unwrap();
    let token = reply.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let listed = reqwest::Client::new().get(server.url("/api/users")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(listed.status(), StatusCode::OK);
    }
    let ended = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    for line in ["users: 2 documents", "users: 1 documents"] {
        let lines: Vec<_> = ended.err.lines().filter(|told| told.contains(line)).collect();
        assert!(lines.len() == 1 && lines[0].contains("_id"), "{}", ended.err);
    }
    let told: Vec<_> = ended.err.lines().filter(|line| line.contains("username \"bob\" exists")).collect();
    assert!(
        told.len() == 1 && ["\"Bob\"", "\"bob\"", "\"BOB\""].iter().all(|name| told[0].contains(name)),
        "{}",
        ended.err
    );
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_with_odd_documents_moves_without_them() {
    let (name, other) = (database_name(), database_name());
    let database = shared().await.database(&name).await;
    let store = open(shared().await, &name).await;
    let kept = stored_room(&store, "kept").await.id;
    let ann = stored_user(&store, "ann").await;
    append(&store, kept, vec![message(ann.id, "first"), message(ann.id, "second")]).await;
    // More of them than go in one batch, before and behind what is good.
    let odd = (0..1500).map(|_| doc! { "email": "nobody@example.com" });
    database.collection::<Document>("users").insert_many(odd).await.unwrap();
    let bob = stored_user(&store, "bob").await;
    let calls = (0..1200).map(|number| doc! { "number": number });
    database.collection::<Document>("calls").insert_many(calls).await.unwrap();
    let ringing = call(bob.id, &[ann.id]);
    store_calls(&store, vec![ringing.clone()]).await;

    let target = open_to_fill(&Place::MongoDb(shared().await.secret(&other))).await.unwrap();
    let moved = tincan::transfer::migrate(&store, "one", &target, "other", &mut crate::support::copies::Unwatched)
        .await
        .unwrap();
    assert_eq!((moved.users.count, moved.rooms.count, moved.messages.count, moved.calls.count), (2, 1, 2, 1));
    target.close().await;
    let other = open(shared().await, &other).await;
    assert_eq!(all_users(&other).await, ["ann", "bob"]);
    let mut counts: Vec<u64> = store.left_out().await.unwrap().iter().map(|one| one.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1200, 1500]);
    assert!(other.left_out().await.unwrap().is_empty());
    let began = Instant::now();
    while other.open_calls().await.unwrap() != [ringing.clone()] {
        assert!(began.elapsed() < PATIENCE);
    }
}
