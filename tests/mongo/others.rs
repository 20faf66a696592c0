//! What other programs keep in the same database, or keep there otherwise than we would, is passed over, and everything else goes on.

use std::sync::Arc;
use std::time::Instant;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, RawDocumentBuf, doc, oid::ObjectId};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::Secret;
use tincan::model::{Email, NameKey, NewMessage, Page, PasswordHash, RoomId, UserId};
use tincan::store::{Place, Store, StoreError, Taken, open_to_fill};

use super::open;
use crate::app::{App, PATIENCE};
use crate::mongod::{database_name, shared};
use crate::process::Workplace;
use crate::store::sample::{append, call, message, room, stored_room, stored_user, user};

fn oid(id: impl ToString) -> ObjectId {
    ObjectId::parse_str(id.to_string()).expect("an id")
}

fn unique_index(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
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
    let users = store.list_users(&NameKey::of(""), 1000).await.unwrap();
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
    store.save_calls(vec![ringing.clone()]).await.unwrap();
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
        let changed =
            store.set_password(user.id, None, PasswordHash::new("$2b$new".to_owned())).await.unwrap().unwrap();
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
    store.save_calls(vec![call(UserId::new(), &[])]).await.unwrap();
    let refused = [
        (store.insert_user(user("second")).await, "phone_1", "users"),
        (store.insert_room(room("second")).await, "slug_1", "rooms"),
        (store.save_calls(vec![call(UserId::new(), &[])]).await, "sid_1", "calls"),
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
            doc! { "room": room, "sender": ann, "content": text, "timestamp": DateTime::now(), "seq": 5, "clientId": "phone" }
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
        let sent = crate::store::sample::repeatable(user.id, "ours", "1");
        let again = crate::store::sample::repeatable(user.id, "ours", "1");
        let first = append(&store, room, vec![sent]).await[0].message.seq;
        assert_eq!(append(&store, room, vec![again]).await[0].message.seq, first);
        assert_eq!(first, 4);
        let ringing = call(user.id, &[]);
        store.save_calls(vec![ringing.clone()]).await.unwrap();
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
    // Two lists in what an index is over, the same index under another name, and rules that let nobody touch old documents.
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
    store.save_calls(vec![ringing.clone()]).await.unwrap();

    let target = open_to_fill(&Place::MongoDb(shared().await.secret(&other))).await.unwrap();
    let moved =
        tincan::transfer::migrate(&store, "one", &target, "other", &mut crate::transfer::Unwatched).await.unwrap();
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
