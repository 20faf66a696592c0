//! The outer edge: how many connections there may be, and how long a head, a body and a silence may take.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::app::{App, PASSWORD};
use crate::support::polling::Polling;
use crate::support::process::Workplace;
use crate::support::socket::Socket;

const SLOW: Duration = Duration::from_secs(45);

/// Reads until the other end closes; what came, and after how long.
async fn to_the_end(line: &mut TcpStream) -> (String, Duration) {
    let (since, mut came) = (Instant::now(), Vec::new());
    // One that is reset has ended too.
    let _ = tokio::time::timeout(SLOW, line.read_to_end(&mut came)).await.expect("the connection ends");
    (String::from_utf8_lossy(&came).into_owned(), since.elapsed())
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_431() {
    let app = App::start().await;
    for head in [
        format!("GET /health HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(400_000)),
        format!("GET /socket.io/?EIO=4&transport=websocket&sid={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(60_000)),
        format!("GET /health HTTP/1.1\r\nHost: x\r\n{}\r\n", "a: b\r\n".repeat(7000)),
    ] {
        let mut line = TcpStream::connect(app.address()).await.unwrap();
        // The server stops reading before the end.
        let _ = line.write_all(&head.as_bytes()[..33_000]).await;
        let (answer, _) = to_the_end(&mut line).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn bodies_and_heads_that_trickle_are_given_up_and_an_idle_connection_is_kept() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (polling, _) = Polling::connect(app.address(), &ann.token).await;
    let post = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
    let socket_io =
        format!("POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: x\r\n{post}", polling.sid);
    let begun = [
        socket_io,
        format!("POST /api/auth/login HTTP/1.1\r\nHost: x\r\n{post}"),
        format!("GET /api/config HTTP/1.1\r\nHost: x\r\n{post}"),
        format!("DELETE /no/such/path HTTP/1.1\r\nHost: x\r\n{post}"),
        "GET /health HTTP/1.1\r\nHost: x\r\nX-".to_owned(),
        String::new(),
    ];
    let mut idle = TcpStream::connect(app.address()).await.unwrap();
    let ask = b"GET /api/config HTTP/1.1\r\nHost: x\r\n\r\n";
    idle.write_all(ask).await.unwrap();
    assert_ne!(idle.read(&mut [0; 4096]).await.unwrap(), 0);
    let address = app.address();
    let trickling = begun.into_iter().map(|begin| async move {
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(begin.as_bytes()).await.unwrap();
        let silent = begin.is_empty();
        let (mut reader, mut writer) = line.split();
        let (since, mut came) = (Instant::now(), [0; 4096]);
        while since.elapsed() < SLOW {
            tokio::select! {
                read = reader.read(&mut came) => if read.unwrap_or(0) == 0 { return since.elapsed() },
                // The pace of a client that trickles is what is tested; nothing is waited for.
                () = tokio::time::sleep(Duration::from_millis(500)) => if !silent {
                    // Not taken any more where the server has closed, which reading shows.
                    let _ = writer.write_all(b"x").await;
                }
            }
        }
        panic!("never closed: {begin}");
    });
    for took in futures_util::future::join_all(trickling).await {
        assert!(took < Duration::from_secs(40), "{took:?}");
    }
    // Half a minute has passed since; proxies keep theirs for a minute and more.
    idle.write_all(ask).await.unwrap();
    assert_ne!(idle.read(&mut [0; 4096]).await.unwrap(), 0);
}

#[tokio::test]
async fn connections_without_end_are_refused_and_the_store_keeps_its_descriptors() {
    let workplace = Workplace::new();
    let server = workplace.serve_with_descriptors(160);
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..300 {
        let mut line = TcpStream::connect(server.address).await.unwrap();
        let mut answer = [0; 12];
        // Whoever is let in hears nothing before it asks.
        match tokio::time::timeout(Duration::from_millis(5), line.read_exact(&mut answer)).await {
            Ok(Ok(_)) => {
                assert_eq!(&answer, b"HTTP/1.1 503");
                refused += 1;
            }
            Ok(Err(_)) => refused += 1,
            Err(_) => held.push(line),
        }
    }
    assert!(refused >= 200, "{refused} of 300 were refused");
    // Another address has its share, and the store writes.
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD}).to_string();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let mut line = socket.connect(server.address).await.unwrap();
    let head = "POST /api/auth/signup HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";
    line.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let (answer, _) = to_the_end(&mut line).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    drop(held);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.took < Duration::from_secs(10));
    let lines = ended.err.lines().filter(|line| line.contains("too many connections")).count();
    assert!((1..=2).contains(&lines), "said once, not for each:\n{}", ended.err);
}

#[tokio::test]
async fn a_restart_under_load_is_a_few_lines_in_the_log_and_ends_in_time() {
    let workplace = Workplace::new();
    let mut server = workplace.serve(&["--rate-limit", "off"]);
    let client = reqwest::Client::new();
    let body = json!({"username": "ann", "email": "ann@example.com", "password": PASSWORD});
    let answer = client.post(server.url("/api/auth/signup")).json(&body).send().await.unwrap();
    let token = answer.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let room = client.post(server.url("/api/rooms")).bearer_auth(&token).json(&json!({"name": "Kitchen"}));
    let room = room.send().await.unwrap().json::<Value>().await.unwrap()["id"].clone();
    let address = server.address;
    let sockets = futures_util::future::join_all((0..60).map(|_| async {
        let socket = Socket::connect(address, json!({"token": token})).await.unwrap();
        socket.ok("join-room", json!({"roomId": room})).await;
        socket
    }))
    .await;
    let sending = sockets.into_iter().map(|socket| {
        let (room, token) = (room.clone(), token.clone());
        tokio::spawn(async move {
            for _ in 0..100 {
                socket.begin("send-message", json!({"roomId": room, "content": "x"})).await;
            }
            socket.ended().await;
            // As clients do, it comes back at once, while the server is still going.
            while let Ok(line) = TcpStream::connect(address).await {
                drop(line);
                tokio::task::yield_now().await;
            }
            drop(token);
        })
    });
    let sending: Vec<_> = sending.collect();
    server.process.signal("TERM");
    let ended = tokio::task::spawn_blocking(move || server.process.end()).await.unwrap();
    for one in sending {
        one.await.unwrap();
    }
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    let lines = ended.err.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).count();
    assert!(lines <= 3, "{lines} lines:\n{}", ended.err);
}
