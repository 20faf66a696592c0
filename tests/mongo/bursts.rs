//! Callers that go away leave nothing behind that others have to wait for.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::json;
use tincan::config::Secret;
use tincan::model::{Email, NameKey, Page, UserId};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::open;
use crate::support::app::App;
use crate::support::mongod::{Mongod, database_name, shared};
use crate::support::sample::{append, call, message, repeatable, room, stored_room, stored_user, user};

/// What a call may take right after a burst; a call that waits behind dead ones takes seconds.
const PROMPT: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn two_hundred_log_ins_that_are_left_hold_nobody_up() {
    let url = shared().await.url(&database_name());
    let app = App::with(|config| config.mongo_url = Some(Secret::new(url.clone()))).await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    for round in 0..4 {
        let burst = (0..200).map(|number| {
            let address = app.address();
            async move {
                let body = json!({"email": format!("nobody{number}@example.com"), "password": "whatever"}).to_string();
                let head = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
                let mut connection = TcpStream::connect(address).await.unwrap();
                let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                connection.write_all(request.as_bytes()).await.unwrap();
                // The client leaves while it is being served: the moment is the case, and no event of its own.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        futures_util::future::join_all(burst).await;
        let began = Instant::now();
        socket.ok("send-message", json!({"roomId": room, "content": format!("round {round}")})).await;
        assert!(began.elapsed() < PROMPT, "round {round}: {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn calls_of_the_store_that_are_dropped_half_way_hold_nobody_up() {
    let store = open(shared().await, &database_name()).await;
    let there = stored_room(&store, "room").await.id;
    let ann = stored_user(&store, "ann").await;
    for round in 0..20_u64 {
        let burst = (0..300).map(|number| {
            let store = store.clone();
            let ann = ann.id;
            async move {
                let (name, email) = (format!("u{round}x{number}"), Email::parse("nobody@example.com").unwrap());
                let prefix = NameKey::of("");
                let all = async {
                    tokio::join!(
                        store.user_by_email(&email).map(drop),
                        store.insert_user(user(&name)).map(drop),
                        store.insert_room(room(&name)).map(drop),
                        store.messages(there, Page::Newest, 50).map(drop),
                        store.add_participant(there, UserId::new()).map(drop),
                        store.change_call(call(ann, &[])).map(drop),
                        store.list_users(&prefix, None, 50).map(drop),
                        store.append_messages(there, vec![message(ann, "text")]).map(drop),
                    )
                };
                let _ = tokio::time::timeout(Duration::from_micros(100 * (round + 1)), all).await;
            }
        });
        tokio::time::timeout(Duration::from_secs(20), futures_util::future::join_all(burst)).await.unwrap();
        let began = Instant::now();
        assert!(store.user(ann.id).await.unwrap().is_some());
        append(&store, there, vec![repeatable(ann.id, "text", &round.to_string())]).await;
        assert!(began.elapsed() < 2 * PROMPT, "round {round}: {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn what_piles_up_while_the_database_stands_still_is_bounded_and_answered_in_time() {
    let deployment = Mongod::alone().await;
    let store = open(&deployment, "chat").await;
    let there = stored_room(&store, "room").await.id;
    let ann = stored_user(&store, "ann").await;
    deployment.nodes[0].signal("STOP");
    let began = Instant::now();
    let waiting: Vec<_> = (0..6000)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.user(ann.id).await.map_err(|error| error.to_string()) })
        })
        .collect();
    let (mut refused, mut late) = (0, 0);
    for one in waiting {
        match one.await.unwrap() {
            Err(text) if text.contains("too many wait") => refused += 1,
            Err(_) => late += 1,
            Ok(_) => {}
        }
    }
    assert!(began.elapsed() < Duration::from_millis(5500), "{:?}", began.elapsed());
    assert!(refused > 1000 && late > 4000, "{refused} {late}");
    deployment.nodes[0].signal("CONT");
    let back = Instant::now();
    while store.append_messages(there, vec![message(ann.id, "back")]).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not come back");
    }
}
