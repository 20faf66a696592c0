//! Traps of the Socket.IO library and of the network: each test here fails where the server falls into one.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{App, PASSWORD, User};
use crate::support::polling::{self, Polling};
use crate::support::socket::{Socket, timed};

const MOST_PACKET: usize = 128 * 1024;

#[tokio::test]
async fn who_floods_without_waiting_for_answers_is_cut_and_what_was_taken_is_in_order() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (flood, other) = (ann.socket_in(&room).await, bob.socket().await);
    // A page each is sent, and nothing read: what waits is bounded in number and in bytes.
    for number in 0..6000 {
        flood.emit("send-message", json!({"roomId": room, "content": format!("{number} {}", "x".repeat(3000))})).await;
    }
    other.refused("no-such-event", json!({}), "unknown_event").await;
    assert!(!flood.ended().await, "it is to come back");
    let back = ann.socket().await;
    let mut after = 0;
    loop {
        let page = back.ok("join-room", json!({"roomId": room, "after": after})).await;
        for message in page["messages"].as_array().unwrap() {
            let content = message["content"].as_str().unwrap();
            assert!(content.starts_with(&format!("{after} ")), "{after} was passed over");
            after += 1;
        }
        if page.get("more").is_none() {
            break;
        }
    }
    assert!(after < 6000, "all of it was taken");
}

#[tokio::test]
async fn the_transports_own_id_never_reaches_anybody_else() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let (polling, session) = Polling::connect(app.address(), &bob.token).await;
    let socket = bob.socket().await;
    let mut seen = vec![session.clone()];
    for of_bob in ["join-room", "send-message", "typing"] {
        let payload = json!({"roomId": room, "content": "hi", "typing": true});
        seen.push(polling.ask(of_bob, payload.clone()).await);
        seen.push(socket.ok(of_bob, payload).await);
    }
    seen.push(socket.ok("webrtc-offer", json!({"to": ann.id, "offer": {"sdp": "x"}})).await);
    let call = socket.ok("initiate-call", json!({"roomId": room})).await["callId"].clone();
    seen.push(watcher.ok("accept-call", json!({"callId": call})).await);
    seen.push(polling.ask("accept-call", json!({"callId": call})).await);
    seen.push(polling.ask("media-state", json!({"audio": true, "video": true, "screen": true})).await);
    seen.push(polling.ask("end-call", json!({})).await);
    seen.push(socket.ok("leave-room", json!(room)).await);
    seen.push(watcher.ok("join-room", json!({"roomId": room, "after": 0})).await);
    for path in ["/api/rooms", "/api/users", "/api/calls"] {
        seen.push(ann.get(path).await.expect(StatusCode::OK));
    }
    // Both lists, of those who came and of those who went.
    watcher.event("room-participants").await;
    seen.extend(watcher.heard().await.into_iter().map(|(_, payload)| payload));
    let seen = Value::from(seen).to_string();
    assert!(
        seen.contains(session["socketId"].as_str().unwrap()) && seen.contains(&socket.id),
        "what we minted is there"
    );
    for own in [&polling.sid, &socket.transport_id] {
        assert!(own.len() > 10 && !seen.contains(own.as_str()), "{own} in {seen}");
    }
}

#[tokio::test]
async fn who_stops_polling_is_cut_and_holds_up_nobody() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    let (stalled, session) = Polling::connect(app.address(), &bob.token).await;
    stalled.ask("join-room", json!(room)).await;
    let mut sent = 0;
    while sender.came("user-left").await.is_empty() {
        for _ in 0..1000 {
            sender.emit("typing", json!({"roomId": room, "typing": true})).await;
        }
        sent += 1000;
        assert!(sent < 20_000, "who polls no more was never cut");
    }
    assert_eq!(
        stalled.get().await.status(),
        StatusCode::BAD_REQUEST,
        "the session is unknown, so the client begins anew"
    );
    assert_eq!(stalled.post("42[\"typing\",{}]".to_owned()).await.status(), StatusCode::BAD_REQUEST);
    let (_back, anew) = Polling::connect(app.address(), &bob.token).await;
    assert_ne!(session["socketId"], anew["socketId"]);
}

#[tokio::test]
async fn three_hundred_who_come_and_go_at_once_leave_nobody_behind() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(app.user(&format!("user{number}")).await);
    }
    let comings = (0..300).map(|number| come_and_go(&app, &users[number % 10], &room, number));
    futures_util::future::join_all(comings).await;
    let nobody = async {
        loop {
            let online = ann.get("/api/users?limit=200").await.expect(StatusCode::OK);
            let online: Vec<&Value> = online.as_array().unwrap().iter().filter(|user| user["online"] == true).collect();
            if online.len() == 1 {
                break;
            }
        }
    };
    timed("the end of the last one's presence", nobody).await;
    let shown = ann.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!((&shown["onlineCount"], &shown["participantCount"]), (&json!(1), &json!(11)));
    let joined = watcher.came("user-joined").await.len();
    let left = watcher.came("user-left").await.len();
    assert_eq!(joined, left, "each who came to the room went");
}

/// Goes in different moments, and in different ways.
async fn come_and_go(app: &App, user: &User<'_>, room: &str, number: usize) {
    if number.is_multiple_of(7) {
        let (polling, _) = Polling::connect(app.address(), &user.token).await;
        polling.ask("join-room", json!(room)).await;
        polling.post("1".to_owned()).await;
        return;
    }
    let socket = Socket::open(app.address()).await;
    socket.raw(format!("40{}", json!({"token": user.token}))).await;
    match number % 5 {
        0 => socket.drop_line(),
        1 => {
            socket.emit("join-room", json!(room)).await;
            socket.drop_line();
        }
        2 => {
            socket.connected().await;
            socket.emit("join-room", json!(room)).await;
            socket.raw("41".to_owned()).await;
        }
        3 => {
            socket.connected().await;
            socket.raw("1".to_owned()).await;
        }
        _ => {
            socket.connected().await;
            socket.ok("join-room", json!(room)).await;
            socket.raw(format!("42{}", json!(["send-message", {"roomId": room, "content": "x"}]))).await;
            socket.drop_line();
        }
    }
}

#[tokio::test]
async fn a_packet_of_128_kib_is_taken_and_one_byte_more_ends_the_connection_on_both_transports() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let frame = |bytes: usize| {
        let empty = "4270[\"no-such-event\",\"\"]".len();
        format!("4270[\"no-such-event\",\"{}\"]", "x".repeat(bytes - empty))
    };
    let socket = ann.socket().await;
    socket.raw(frame(MOST_PACKET)).await;
    assert_eq!(socket.acked(70).await["code"], "unknown_event");
    socket.raw(frame(MOST_PACKET + 1)).await;
    assert!(!socket.ended().await);
    let (polling, _) = Polling::connect(app.address(), &ann.token).await;
    assert_eq!(polling.post(frame(MOST_PACKET)).await.status(), StatusCode::OK);
    assert_eq!(polling.post(frame(MOST_PACKET + 1)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(polling.post("3".to_owned()).await.status(), StatusCode::BAD_REQUEST, "the session is over");
}

#[tokio::test]
async fn a_websocket_message_that_claims_64_mib_is_refused_by_its_head() {
    let app = App::start().await;
    let mut line = TcpStream::connect(app.address()).await.unwrap();
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                Upgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    line.write_all(request.as_bytes()).await.unwrap();
    // A masked text frame with a length of 64 bits.
    let mut head = vec![0x81, 0xff];
    head.extend((64_u64 << 20).to_be_bytes());
    head.extend([0; 4]);
    line.write_all(&head).await.unwrap();
    let mut answer = Vec::new();
    // The reader may find the connection reset rather than closed.
    let _ = timed("the end of the connection", line.read_to_end(&mut answer)).await;
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn who_does_not_authenticate_is_put_out_after_ten_seconds_on_both_transports() {
    let app = App::start().await;
    let since = Instant::now();
    let (silent, refused) = (Socket::open(app.address()).await, Socket::open(app.address()).await);
    refused.raw("40{\"token\":\"nonsense\"}".to_owned()).await;
    let polling = Polling::open(app.address()).await;
    let over_polling = async { while polling.get().await.status() == StatusCode::OK {} };
    let ends = async { tokio::join!(silent.ended(), refused.ended(), over_polling) };
    timed("the end of all three", ends).await;
    let took = since.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn an_address_has_at_most_a_hundred_connections_that_have_not_authenticated() {
    let app = App::with(|config| config.rate_limit = true).await;
    let ann = app.user("ann").await;
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(Socket::open(app.address()).await);
        Polling::open(app.address()).await;
    }
    let refused = polling::handshake(app.address()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait = refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", app.address());
    let stream = TcpStream::connect(app.address()).await.unwrap();
    let refused = tokio_tungstenite::client_async(url, stream).await.err().map(|error| error.to_string());
    assert!(refused.as_ref().is_some_and(|error| error.contains("429")), "{refused:?}");
    // REST is another matter.
    ann.get("/api/rooms").await.expect(StatusCode::OK);
    // One that has authenticated, or is gone, makes room for another one; no more.
    let socket = sockets.pop().unwrap();
    socket.raw(format!("40{}", json!({"token": ann.token}))).await;
    let _connected = socket.greeted().await.unwrap();
    let _one = Polling::open(app.address()).await;
    let refused = polling::handshake(app.address()).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    sockets.pop().unwrap().drop_line();
    let at_last = async { while polling::handshake(app.address()).send().await.unwrap().status() != StatusCode::OK {} };
    timed("a free place", at_last).await;
}

#[tokio::test]
async fn who_is_told_to_go_and_stays_is_put_out_also_where_it_moved_to_a_websocket() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let socket = ann.socket().await;
    let (polling, _) = Polling::connect(app.address(), &ann.token).await;
    let moved = Socket::upgrade(app.address(), &polling.sid).await;
    moved.refused("no-such-event", json!({}), "unknown_event").await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    ann.post("/api/auth/password", body).await.expect(StatusCode::OK);
    for stays in [&socket, &moved] {
        assert_eq!(stays.event("error").await["code"], "unauthorized");
        assert!(stays.ended().await, "a DISCONNECT packet came");
        assert!(!stays.ended().await, "and then the end of the line");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_on_both_transports() {
    let app = App::with(|config| config.allowed_origins = vec!["https://chat.example.com".to_owned()]).await;
    let own = format!("http://{}", app.address());
    for (origin, allowed) in
        [(own.as_str(), true), ("https://chat.example.com", true), ("https://evil.example", false), ("null", false)]
    {
        let polled = polling::handshake(app.address()).header("Origin", origin).send().await.unwrap();
        let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(polled.status(), expected, "{origin}");
        let told = polled.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(told, allowed.then_some(origin));
        let mut line = TcpStream::connect(app.address()).await.unwrap();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\n\
                    Connection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            app.address()
        );
        line.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        timed("an answer", line.read_exact(&mut status)).await.unwrap();
        let expected: &[u8] = if allowed { b"HTTP/1.1 101" } else { b"HTTP/1.1 403" };
        assert_eq!(status, expected, "{origin}");
    }
}

#[tokio::test]
async fn a_request_whose_head_is_half_sent_is_dropped() {
    let app = App::start().await;
    let mut line = TcpStream::connect(app.address()).await.unwrap();
    line.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    timed("the end of the connection", line.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}
