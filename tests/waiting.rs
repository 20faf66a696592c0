//! What waits is bounded: for a socket, for a user, for those that are not let in; and who takes what is sent is never
//! cut.

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::App;
use crate::support::polling::{Polling, handshake};
use crate::support::socket::{Socket, timed};

const UNKNOWN: &str = "Session ID unknown";

#[tokio::test]
async fn a_session_id_that_is_none_is_refused_at_once_and_keeps_nothing() {
    let app = App::start().await;
    let client = reqwest::Client::new();
    for id in ["", "x", "AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA!", &"x".repeat(20_000)] {
        for transport in ["websocket", "polling"] {
            let url = app.url(&format!("/socket.io/?EIO=4&transport={transport}&sid={id}"));
            for request in [client.get(&url), client.post(&url).body("3")] {
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
                assert!(answer.text().await.unwrap().contains(UNKNOWN));
            }
        }
    }
    // Of two the first counts, for the library too.
    let (polling, _) = Polling::connect(app.address(), &app.user("ann").await.token).await;
    let url = app.url(&format!("/socket.io/?EIO=4&transport=polling&sid={}&sid=x", polling.sid));
    assert_eq!(client.post(url).body("3").send().await.unwrap().status(), StatusCode::OK);
    let url = app.url(&format!("/socket.io/?EIO=4&transport=polling&sid=x&sid={}", polling.sid));
    assert_eq!(client.post(url).body("3").send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_socket_that_polls_and_never_asks_is_cut_by_the_bytes_that_wait_for_it() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    let (silent, _) = Polling::connect(app.address(), &bob.token).await;
    assert_eq!(silent.ask("join-room", json!({"roomId": room})).await["ok"], true);
    let sdp = "x".repeat(65_000);
    let mut sent = 0;
    while sender.came("user-left").await.is_empty() {
        sender.ok("webrtc-offer", json!({"roomId": room, "offer": {"type": "offer", "sdp": sdp}})).await;
        sent += 1;
        assert!(sent < 200, "it was never cut");
    }
    assert!(sent > 55, "4 MiB may wait, and {sent} offers of 65 kB do");
    let answer = silent.get().await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "its client begins anew");
    assert!(answer.text().await.unwrap().contains(UNKNOWN));
}

#[tokio::test]
async fn the_silent_sockets_of_one_user_share_a_bound_and_others_are_served() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (sender, other) = (ann.socket_in(&room).await, ann.socket_in(&room).await);
    let silent = join_all((0..20).map(|_| async {
        let (polling, _) = Polling::connect(app.address(), &bob.token).await;
        assert_eq!(polling.ask("join-room", json!({"roomId": room})).await["ok"], true);
        polling
    }))
    .await;
    let sdp = "x".repeat(65_000);
    for _ in 0..40 {
        sender.ok("webrtc-offer", json!({"roomId": room, "offer": {"type": "offer", "sdp": sdp}})).await;
    }
    // 40 offers are far from what a socket may let wait, 800 far above what a user may.
    assert_eq!(other.came("webrtc-offer").await.len(), 40);
    let answers = join_all(silent.iter().map(Polling::get)).await;
    let gone = answers.iter().filter(|answer| answer.status() == StatusCode::BAD_REQUEST).count();
    assert!((12..=16).contains(&gone), "{gone} of 20 were cut");
}

#[tokio::test]
async fn who_takes_what_is_sent_is_never_cut_on_either_transport() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let (sender, reader) = (ann.socket_in(&room).await, ann.socket_in(&room).await);
    let (polling, _) = Polling::connect(app.address(), &ann.token).await;
    assert_eq!(polling.ask("join-room", json!({"roomId": room})).await["ok"], true);
    // Of every length of a frame's head, and together far more than may wait.
    for round in 0..40 {
        for length in [10_usize, 300, 65_000, 65_000, 65_000] {
            let offer = json!({"type": "offer", "sdp": "x".repeat(length)});
            sender.ok("webrtc-offer", json!({"roomId": room, "offer": offer})).await;
        }
        assert_eq!(reader.came("webrtc-offer").await.len(), 5, "in round {round}");
        for _ in 0..5 {
            polling.event("webrtc-offer").await;
        }
    }
}

#[tokio::test]
async fn many_joins_at_once_with_long_catch_ups_are_all_answered() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    let content = "界".repeat(4000);
    let mut numbers = Vec::new();
    for _ in 0..200 {
        numbers.push(sender.begin("send-message", json!({"roomId": room, "content": content})).await);
    }
    for number in numbers {
        assert_eq!(sender.acked(number).await["ok"], true);
    }
    let back = ann.socket().await;
    let mut joins = Vec::new();
    for _ in 0..20 {
        joins.push(back.begin("join-room", json!({"roomId": room, "after": 0})).await);
    }
    for join in joins {
        assert_eq!(back.acked(join).await["messages"].as_array().map(Vec::len), Some(200));
    }
}

#[tokio::test]
async fn a_user_has_a_hundred_sockets_however_many_come_at_once() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let come = (0..130).map(|_| Socket::connect(app.address(), json!({"token": ann.token})));
    let (mut here, mut refused) = (Vec::new(), 0);
    for outcome in join_all(come).await {
        match outcome {
            Ok(socket) => here.push(socket),
            Err(message) => {
                assert!(message.starts_with("limit_reached"), "{message}");
                refused += 1;
            }
        }
    }
    assert_eq!((here.len(), refused), (100, 30));
    bob.socket().await;
    // By polling it is the same; and a place is free when a socket has gone.
    let polling = Polling::open(app.address()).await;
    polling.post(format!("40{}", json!({"token": ann.token}))).await;
    let mut text = polling.get().await.text().await.unwrap();
    // A ping may come first.
    while text == "2" {
        text = polling.get().await.text().await.unwrap();
    }
    assert!(text.contains("limit_reached"), "{text}");
    here.pop().expect("a socket").drop_line();
    timed("a free place", async {
        while Socket::connect(app.address(), json!({"token": ann.token})).await.is_err() {}
    })
    .await;
}

#[tokio::test]
async fn a_hundred_websockets_that_connect_and_go_shut_nobody_out() {
    let app = App::with(|config| config.rate_limit = true).await;
    let ann = app.user("ann").await;
    for _ in 0..3 {
        let lines = join_all((0..90).map(|_| Socket::open(app.address()))).await;
        lines.into_iter().for_each(Socket::drop_line);
        timed("a place for a handshake", async {
            while handshake(app.address()).send().await.unwrap().status() != StatusCode::OK {}
        })
        .await;
    }
    ann.socket().await;
}

#[tokio::test]
async fn who_floods_with_what_is_refused_is_cut_and_nobody_else() {
    let app = App::with(|config| config.rate_limit = true).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (flood, other) = (ann.socket().await, bob.socket().await);
    let packet = format!("42{}", json!(["typing", {"x": "x".repeat(120_000)}]));
    for _ in 0..300 {
        flood.raw(packet.clone()).await;
    }
    assert!(!flood.ended().await);
    other.refused("no-such-event", json!({}), "unknown_event").await;
    // Small ones add up as well.
    let (flood, packet) = (ann.socket().await, format!("42{}", json!(["typing"])));
    for _ in 0..6000 {
        flood.raw(packet.clone()).await;
    }
    assert!(!flood.ended().await);
    // Packets that never become an event are answered by the library itself, without a limit.
    let (flood, packet) = (ann.socket().await, format!("40/{},", "x".repeat(100_000)));
    for _ in 0..100 {
        flood.raw(packet.clone()).await;
    }
    assert!(!flood.ended().await);
}

#[tokio::test]
async fn a_stranger_may_send_little() {
    let app = App::start().await;
    let line = Socket::open(app.address()).await;
    let packet = format!("40/{},", "x".repeat(100_000));
    for _ in 0..10 {
        line.raw(packet.clone()).await;
    }
    assert!(!line.ended().await);
    let polling = Polling::open(app.address()).await;
    let mut posted = 0;
    while polling.post(format!("4{}", packet[1..].to_owned())).await.status() == StatusCode::OK {
        posted += 1;
        assert!(posted < 10, "it was never ended");
    }
    timed("the end of the session", async { while polling.get().await.status() == StatusCode::OK {} }).await;
}

#[tokio::test]
async fn what_waits_for_all_sockets_together_is_bounded_and_who_reads_is_served() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let (sender, reader) = (ann.socket_in(&room).await, ann.socket_in(&room).await);
    // Each user may let 16 MiB wait, and ten of them more than there may be.
    let names: Vec<String> = (0..10).map(|number| format!("silent{number}")).collect();
    let users = join_all(names.iter().map(|name| app.user(name))).await;
    let silent = join_all(users.iter().flat_map(|user| (0..5).map(move |_| user)).map(|user| async {
        let (polling, _) = Polling::connect(app.address(), &user.token).await;
        assert_eq!(polling.ask("join-room", json!({"roomId": room})).await["ok"], true);
        polling
    }))
    .await;
    let sdp = "x".repeat(65_000);
    for round in 0..50 {
        sender.ok("webrtc-offer", json!({"roomId": room, "offer": {"type": "offer", "sdp": sdp}})).await;
        assert_eq!(reader.came("webrtc-offer").await.len(), 1, "in round {round}");
    }
    let answers = join_all(silent.iter().map(Polling::get)).await;
    let gone = answers.iter().filter(|answer| answer.status() == StatusCode::BAD_REQUEST).count();
    // 50 times 50 offers are 162 MB, and those of one socket 3.2 MB: what is left is no more than 96 MiB.
    assert!((20..50).contains(&gone), "{gone} of 50 were cut");
}

#[tokio::test]
async fn a_transport_whose_socket_has_left_is_closed_unless_it_connects_again() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (idle, back) = (ann.socket().await, ann.socket().await);
    idle.raw("41".to_owned()).await;
    back.raw("41".to_owned()).await;
    back.raw(format!("40{}", json!({"token": ann.token}))).await;
    back.connected().await;
    let (polling, _) = Polling::connect(app.address(), &ann.token).await;
    polling.post("41".to_owned()).await;
    assert!(!idle.ended().await);
    timed("the end of the session", async { while polling.get().await.status() == StatusCode::OK {} }).await;
    assert!(back.answers().await);
}
