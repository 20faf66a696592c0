//! Connections: how they are let in, how they end, and what the seam does with what it cannot use.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{App, PASSWORD};
use crate::support::socket::Socket;

#[tokio::test]
async fn a_session_names_an_id_of_our_own_and_not_the_transports() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    let socket = ann.socket().await;
    let expected = json!({"socketId": socket.id, "userId": ann.id, "username": "Ann", "role": "admin"});
    assert_eq!(socket.session, expected);
    assert_eq!(socket.id.len(), 32);
}

#[tokio::test]
async fn without_a_good_token_nobody_connects() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let forged = format!("{}x", ann.token);
    for auth in [
        json!({}),
        json!({"token": ""}),
        json!({"token": forged}),
        json!({"token": 5}),
        json!({"token": null}),
        json!([]),
    ] {
        let refusal = Socket::connect(app.address(), auth.clone()).await.err().expect("a refusal");
        assert!(refusal.starts_with("Authentication error"), "{auth}: {refusal}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_in_the_table_and_a_payload_of_the_wrong_form_are_answered() {
    let app = App::start().await;
    let socket = app.user("ann").await.socket().await;
    socket.refused("no-such-event", json!({}), "unknown_event").await;
    socket.refused("session", json!({}), "unknown_event").await;
    socket.refused("send-message", json!("text"), "validation_failed").await;
    socket.refused("typing", json!([]), "validation_failed").await;
    socket.emit("no-such-event", json!({})).await;
    let error = socket.event("error").await;
    assert_eq!((&error["event"], &error["code"]), (&json!("no-such-event"), &json!("unknown_event")));
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    socket.raw(format!("4299[\"send-message\",{deep}]")).await;
    assert_eq!(socket.acked(99).await["code"], "validation_failed");
}

#[tokio::test]
async fn an_expired_token_is_told_and_the_socket_disconnected_by_a_packet() {
    let app = App::with(|config| config.token_ttl = Duration::from_secs(2)).await;
    let ann = app.user("ann").await;
    let socket = ann.socket().await;
    let error = socket.event("error").await;
    assert_eq!((&error["code"], error.get("event")), (&json!("token_expired"), None));
    assert!(socket.ended().await, "a DISCONNECT packet came");
    let refusal = Socket::connect(app.address(), json!({"token": ann.token})).await.err().expect("a refusal");
    assert!(refusal.starts_with("Authentication error"));
}

#[tokio::test]
async fn a_changed_password_ends_older_sessions_and_tokens() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let socket = ann.socket().await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    let changed = ann.post("/api/auth/password", body).await.expect(StatusCode::OK);
    let error = socket.event("error").await;
    assert_eq!(error["code"], "unauthorized");
    assert!(socket.ended().await, "a DISCONNECT packet came");
    ann.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    Socket::connect(app.address(), json!({"token": changed["token"]})).await.expect("the new token is good");
}

#[tokio::test]
async fn events_past_the_limit_are_refused_with_the_time_to_wait() {
    let app = App::with(|config| config.rate_limit = true).await;
    let socket = app.user("ann").await.socket().await;
    let mut numbers = Vec::new();
    for _ in 0..150 {
        numbers.push(socket.begin("leave-room", json!("65f1a2b3c4d5e6f708192a3b")).await);
    }
    let mut refused = 0;
    for number in numbers {
        let ack = socket.acked(number).await;
        if ack["code"] == "rate_limited" {
            refused += 1;
            assert!(ack["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{ack}");
        }
    }
    assert!((10..=50).contains(&refused), "{refused} of 150 were refused");
}

#[tokio::test]
async fn each_class_of_events_has_its_own_limit_which_is_told_without_an_acknowledgement_too() {
    let app = App::with(|config| config.rate_limit = true).await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let (socket, other) = (ann.socket_in(&room).await, ann.socket_in(&room).await);
    for (event, payload, burst) in [
        ("typing", json!({"roomId": room, "typing": true}), 100),
        ("webrtc-ice-candidate", json!({"roomId": room, "candidate": null}), 500),
        ("send-message", json!({"roomId": room, "content": "x"}), 200),
    ] {
        // Twice the burst, in far less than the time in which as much again is allowed.
        for _ in 0..2 * burst {
            socket.emit(event, payload.clone()).await;
        }
        let error = socket.event_where("error", |error| error["event"] == json!(event)).await;
        assert_eq!(error["code"], "rate_limited");
        assert!(error["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    }
    for name in ["typing", "webrtc-ice-candidate"] {
        let burst = if name == "typing" { 100 } else { 500 };
        let passed = other.came(name).await.len();
        assert!((burst - 5..2 * burst).contains(&passed), "{passed} of {name}");
    }
    // Another socket of the same user has its own.
    other.ok("send-message", json!({"roomId": room, "content": "x"})).await;
}

#[tokio::test]
async fn a_packet_that_is_too_large_closes_its_own_connection_only() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (bad, good) = (ann.socket().await, ann.socket().await);
    bad.emit("send-message", json!({"content": "x".repeat(200_000)})).await;
    assert!(!bad.ended().await);
    good.refused("no-such-event", json!({}), "unknown_event").await;
}

#[tokio::test]
async fn a_shutdown_is_told_and_closes_the_transport_without_a_disconnect_packet() {
    let app = App::start().await;
    let socket = app.user("ann").await.socket().await;
    let stopping = tokio::spawn(app.stop());
    assert!(socket.event("server-shutdown").await["reconnectInMs"].is_u64());
    assert!(!socket.ended().await, "clients come back by themselves only without a DISCONNECT packet");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut_and_holds_up_nobody() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (sender, stalled) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let content = "x".repeat(4000);
    // Nobody reads `stalled`: its TCP window closes, then its queue of 8,192 packets fills.
    let mut sent = 0;
    while sender.came("user-left").await.is_empty() {
        let numbers = futures_util::future::join_all(
            (0..200).map(|_| sender.begin("send-message", json!({"roomId": room, "content": content}))),
        )
        .await;
        for number in numbers {
            assert_eq!(sender.acked(number).await["ok"], true);
        }
        sender.came("new-message").await;
        sent += 200;
        assert!(sent < 20_000, "the stalled reader was never cut");
    }
    assert!(!stalled.ended().await);
}
