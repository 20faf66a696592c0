//! A request is carried to its end, and told to whom it concerns, also where its client has gone away meanwhile.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::app::{App, User};
use crate::support::socket::{Socket, timed};

/// How many clients go away in a test.
const CLIENTS: usize = 60;

/// Sends a request and closes the connection without waiting for the answer.
async fn send_and_go(app: &App, user: &User<'_>, method: Method, path: &str, body: Option<&Value>) {
    let mut stream = TcpStream::connect(app.address()).await.expect("a connection");
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        user.token,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    stream.shutdown().await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_room_that_is_made_is_told_also_where_its_maker_has_gone() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let watcher = bob.socket().await;
    for number in 0..CLIENTS {
        send_and_go(&app, &ann, Method::POST, "/api/rooms", Some(&json!({"name": format!("Room {number}")}))).await;
    }
    // A body that was not read before the client went makes no room; what was made is told.
    let mut told = 0;
    let all_told = async {
        loop {
            let made = bob.get("/api/rooms").await.expect(StatusCode::OK).as_array().map_or(0, Vec::len);
            told += watcher.came("room-created").await.len();
            if made > 0 && told == made {
                return;
            }
        }
    };
    timed("as many events as rooms", all_told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_and_a_deletion_are_told_also_where_the_client_has_gone_and_nobody_stays_busy() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    for _ in 0..10 {
        let room = ann.room("Kitchen").await;
        let (here, there) = (bob.socket_in(&room).await, eve.socket_in(&room).await);
        here.ok("initiate-call", json!({"roomId": room})).await;
        let path = format!("/api/rooms/{room}");
        let changed = async {
            while bob.get(&path).await.expect(StatusCode::OK)["description"] != "warm" {
                send_and_go(&app, &ann, Method::PATCH, &path, Some(&json!({"description": "warm"}))).await;
            }
        };
        timed("a change", changed).await;
        there.event_where("room-updated", |told| told["description"] == "warm").await;
        let deleted = async {
            while bob.get(&path).await.status != StatusCode::NOT_FOUND {
                send_and_go(&app, &ann, Method::DELETE, &path, None).await;
            }
        };
        timed("the deletion", deleted).await;
        there.event_where("room-deleted", |told| told["roomId"] == json!(room)).await;
        here.event("call-ended").await;
        here.refused("send-message", json!({"roomId": room, "content": "anybody?"}), "not_in_room").await;
        // Neither is busy any more.
        here.ok("initiate-call", json!({"to": eve.id})).await;
        here.ok("end-call", json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_change_of_a_room_that_is_told_is_what_is_stored() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let watcher = bob.socket().await;
    let path = format!("/api/rooms/{room}");
    for round in 0..40 {
        let changes = (0..6).map(|number| ann.patch(&path, json!({"description": format!("{round}.{number}")})));
        for change in futures_util::future::join_all(changes).await {
            change.expect(StatusCode::OK);
        }
        let stored = ann.get(&path).await.expect(StatusCode::OK);
        let told = watcher.came("room-updated").await;
        assert_eq!(told.len(), 6, "each change is told");
        assert_eq!(told.last().expect("six")["description"], stored["description"], "round {round}");
    }
}

#[tokio::test]
async fn who_takes_part_without_a_socket_in_the_room_can_leave_and_the_others_see_it() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    ann.socket_in(&room).await.drop_line();
    let watcher = bob.socket_in(&room).await;
    let takes_part = |list: &Value, user: &User<'_>| {
        list["participants"].as_array().is_some_and(|all| all.iter().any(|one| one["userId"] == json!(user.id)))
    };
    watcher.event_where("room-participants", |list| takes_part(list, &ann)).await;
    let elsewhere: Socket = ann.socket().await;
    elsewhere.ok("leave-room", json!({"roomId": room})).await;
    watcher.event_where("room-participants", |list| !takes_part(list, &ann) && takes_part(list, &bob)).await;
    let stored = bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!(stored["participantCount"], 1);
}
