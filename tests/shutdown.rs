//! The shutdown, in the order of the contract, with connections of every kind open.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{App, PASSWORD};
use crate::support::polling::Polling;
use crate::support::socket::{Socket, timed};

/// More than the system's buffers hold for a socket that nobody reads.
async fn stall(sender: &Socket, room: &str) {
    let text = "界".repeat(4000);
    for _ in 0..10 {
        let sends = (0..200).map(|_| sender.begin("send-message", json!({"roomId": room, "content": text})));
        for number in futures_util::future::join_all(sends).await {
            assert_eq!(sender.acked(number).await["ok"], json!(true));
        }
        sender.came("new-message").await;
    }
}

/// Asks for `/health` on a connection that stays open, and answers with the status and the body.
async fn health(line: &mut TcpStream) -> (String, Value) {
    line.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    timed("an answer", async {
        loop {
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && let Ok(body) = serde_json::from_str(body)
            {
                return (head[..12].to_owned(), body);
            }
            assert_ne!(line.read_buf(&mut answer).await.unwrap(), 0, "closed after {text}");
        }
    })
    .await
}

#[tokio::test]
async fn it_goes_in_order_and_a_reader_that_has_stalled_does_not_hold_it_up() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (sender, _stalled) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let (polling, _) = Polling::connect(app.address(), &bob.token).await;
    let idle = ann.socket().await;
    stall(&sender, &room).await;
    let address = app.address();
    let mut kept_open = TcpStream::connect(address).await.unwrap();
    assert_eq!(health(&mut kept_open).await.0, "HTTP/1.1 200");
    let parts = ann.part();
    drop(bob);
    let since = Instant::now();
    let stopping = tokio::spawn(app.stop());
    // The one that has stalled is waited for, for a while, in which the rest can be seen. Who polls asks now and then
    // only.
    polling.event("server-shutdown").await;
    assert!(idle.event("server-shutdown").await["reconnectInMs"].as_u64().is_some_and(|wait| wait > 0));
    sender.event("server-shutdown").await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody new is let in");
    let (status, body) = health(&mut kept_open).await;
    assert_eq!((status.as_str(), &body["status"]), ("HTTP/1.1 503", &json!("degraded")));
    assert!(!idle.ended().await, "clients come back by themselves only without a DISCONNECT packet");
    assert!(!sender.ended().await);
    let data = stopping.await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(timed("the end", kept_open.read(&mut [0; 1])).await.unwrap_or(0), 0);
    let app = App::on(data).await;
    let ann = app.known(parts);
    let shown = ann.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!(shown["lastSeq"], 2000);
}

#[tokio::test]
async fn what_is_acknowledged_while_it_stops_is_kept_once_and_in_order() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let sender = ann.socket_in(&room).await;
    for number in 0..500 {
        let payload = json!({"roomId": room, "content": number.to_string(), "clientId": format!("c{number}")});
        sender.begin("send-message", payload).await;
    }
    sender.acked(5).await;
    let parts = ann.part();
    let data = app.stop().await;
    let acked = sender.acks_until_the_end().await;
    let app = App::on(data).await;
    let ann = app.known(parts);
    let mut stored = Vec::new();
    loop {
        let path = format!("/api/rooms/{room}/messages?limit=200&after={}", stored.len());
        let page = ann.get(&path).await.expect(StatusCode::OK);
        let page = page.as_array().unwrap();
        stored.extend(page.iter().map(|message| message["id"].clone()));
        for (at, message) in page.iter().enumerate() {
            let place = stored.len() - page.len() + at;
            assert_eq!(message["content"], json!(place.to_string()), "once, and in order");
        }
        if page.is_empty() {
            break;
        }
    }
    for ack in acked.iter().filter(|ack| ack["ok"] == json!(true) && ack.get("message").is_some()) {
        assert!(stored.contains(&ack["message"]["id"]), "{ack}");
    }
}

#[tokio::test]
async fn a_request_that_is_under_way_is_answered() {
    let app = App::with(|config| config.bcrypt_cost = 12).await;
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD}).to_string();
    let mut line = TcpStream::connect(app.address()).await.unwrap();
    let head = "POST /api/auth/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    line.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    // Whoever is answered came later, and the hashing takes longer.
    health(&mut TcpStream::connect(app.address()).await.unwrap()).await;
    let stopping = tokio::spawn(app.stop());
    let mut answer = String::new();
    timed("the answer and the end", line.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    stopping.await.unwrap();
}
