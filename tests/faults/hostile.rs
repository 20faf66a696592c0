//! Packets as chance makes them, out of good ones: none ends the server, and nobody else notices.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_tungstenite::tungstenite::Message;

use super::times;
use crate::fuzzing::seeds;
use crate::support::app::User;
use crate::support::chance::Chance;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;
use crate::support::mutation::mutated;
use crate::support::polling::Polling;
use crate::support::port::free_port;
use crate::support::socket::{Socket, timed};

/// A good packet of each kind.
fn packets(user: &str, room: &str) -> Vec<String> {
    let events: [(&str, Value); 14] = [
        ("join-room", json!({"roomId": room, "after": 3, "afterId": room})),
        ("leave-room", json!({"roomId": room, "all": true})),
        ("send-message", json!({"roomId": room, "content": "hello 👋 \u{202e}", "clientId": "c1"})),
        ("mark-read", json!({"roomId": room, "seq": 1})),
        ("typing", json!({"roomId": room, "typing": true})),
        ("webrtc-offer", json!({"to": user, "offer": {"type": "offer", "sdp": "v=0\r\n"}})),
        ("webrtc-answer", json!({"roomId": room, "answer": {"type": "answer", "sdp": "v=0\r\n"}})),
        ("webrtc-ice-candidate", json!({"to": user, "candidate": {"candidate": "x", "sdpMLineIndex": 0}})),
        ("initiate-call", json!({"roomId": room, "callType": "video"})),
        ("initiate-call", json!({"to": user, "callType": "audio"})),
        ("accept-call", json!({"callId": room})),
        ("reject-call", json!({"callId": room, "reason": "busy"})),
        ("end-call", json!({"callId": room})),
        ("media-state", json!({"audio": true, "video": false, "screen": false})),
    ];
    let bare = ["2", "3", "40{\"token\":\"x\"}", "41", "451-7[\"typing\",{\"_placeholder\":true,\"num\":0}]", "437[]"];
    let events =
        events.iter().enumerate().map(|(number, (name, payload))| format!("42{number}{}", json!([name, payload])));
    events.chain(bare.map(str::to_owned)).collect()
}

/// Sends so many over a websocket.
async fn over_websocket(user: &User<'_>, good: &[String], chance: &mut Chance) {
    let socket = user.socket().await;
    for _ in 0..1 + chance.below(30) {
        let bytes = mutated(chance.one_of(good).as_bytes(), chance);
        match String::from_utf8(bytes) {
            Ok(text) => socket.raw(text).await,
            Err(bytes) => socket.frame(Message::binary(bytes.into_bytes())).await,
        }
    }
    // Where it was not cut, what it sent has been dealt with.
    socket.answers().await;
}

/// Sends some by polling.
async fn by_polling(user: &User<'_>, good: &[String], chance: &mut Chance, address: SocketAddr) {
    let (polling, _) = Polling::connect(address, &user.token).await;
    for _ in 0..1 + chance.below(10) {
        let bytes = mutated(chance.one_of(good).as_bytes(), chance);
        let status = polling.post(String::from_utf8_lossy(&bytes).into_owned()).await.status();
        assert!(status.as_u16() != 500, "{status} for {:?}", String::from_utf8_lossy(&bytes));
        if !status.is_success() {
            return;
        }
    }
    // A session that is polled no more would go on for a while.
    polling.post("1".to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_packets_on_both_transports_harm_nobody() {
    let mut chance = Chance::new("hostile packets");
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let eve = lone.entrance().user("eve").await;
    let mut hostile = Vec::new();
    for number in 0..10 {
        hostile.push(lone.entrance().user(&format!("hostile-{number}")).await);
    }
    let room = eve.room("of the hostile").await;
    let good = packets(&eve.id, &room);
    let (begun, span) = (Instant::now(), Duration::from_secs(times(10, 600) as u64));
    while begun.elapsed() < span {
        let user = chance.one_of(&hostile).clone();
        over_websocket(&user, &good, &mut chance).await;
        by_polling(&user, &good, &mut chance, lone.address()).await;
        lone.is_unharmed();
    }
    crowd.says(20).await;
    crowd.check(&lone).await;
    // It is still served itself.
    assert!(Socket::connect(lone.address(), json!({"token": eve.token})).await.is_ok());
    assert_eq!(lone.stop().code, Some(0));
}

/// First bytes of connections and packets to the relay, as chance makes them.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_first_bytes_harm_nobody() {
    let mut chance = Chance::new("hostile first bytes");
    let port = free_port().to_string();
    let lone = Lone::start(&["--turn", "127.0.0.1", "--turn-port", &port]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let relay = SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")));
    let (openings, messages) = (seeds("opening"), seeds("turn"));
    let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let (begun, span) = (Instant::now(), Duration::from_secs(times(5, 300) as u64));
    while begun.elapsed() < span {
        let seeds = if chance.below(4) == 0 { &messages } else { &openings };
        let bytes = mutated(chance.one_of::<Vec<u8>>(seeds), &mut chance);
        let mut line = TcpStream::connect(lone.address()).await.expect("it listens");
        // Not taken any more where it has closed; the end of it is all that is waited for.
        let _ = line.write_all(&bytes).await;
        let _ = line.shutdown().await;
        let _ = timed("an answer", line.read_to_end(&mut Vec::new())).await;
        udp.send_to(&mutated(chance.one_of::<Vec<u8>>(&messages), &mut chance), relay).await.expect("it is sent");
        lone.is_unharmed();
    }
    crowd.says(20).await;
    crowd.check(&lone).await;
    assert_eq!(lone.stop().code, Some(0));
}
