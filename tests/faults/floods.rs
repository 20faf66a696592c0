//! One client that sends without end, and clients that come and vanish.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::times;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;
use crate::support::socket::{Socket, timed};

/// Of memory, in KiB, more than a server that holds nothing on to what has gone may have gained.
const GROWN: u64 = 100 * 1024;

/// Sends 10,000 events a second for so long, and comes back where it is cut; how many it sent.
async fn flood(address: SocketAddr, token: &str, room: &str, span: Duration) -> usize {
    let (begun, mut sent) = (Instant::now(), 0);
    while begun.elapsed() < span {
        let Ok(socket) = Socket::reach(address, json!({"token": token})).await else { continue };
        socket.begin("join-room", json!({"roomId": room})).await;
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        while begun.elapsed() < span && !socket.is_cut().await {
            pace.tick().await;
            for number in 0..100 {
                let (event, payload) = match number % 4 {
                    0 => ("send-message", json!({"roomId": room, "content": "flood"})),
                    1 => ("typing", json!({"roomId": room, "typing": true})),
                    2 => ("no-such-event", json!({})),
                    _ => ("webrtc-ice-candidate", json!({"roomId": room, "candidate": {"candidate": "x"}})),
                };
                socket.emit(event, payload).await;
                sent += 1;
            }
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_ten_thousand_events_a_second_holds_up_nobody() {
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let ann = lone.entrance().user("ann").await;
    let room = ann.room("flooded").await;
    let before = lone.memory_kib();
    let span = Duration::from_secs(times(5, 60) as u64);
    let flooding = flood(lone.address(), &ann.token, &room, span);
    let (sent, ()) = tokio::join!(flooding, crowd.says(100));
    println!("{sent} events were sent");
    crowd.check(&lone).await;
    let grown = lone.memory_kib().saturating_sub(before);
    assert!(grown < GROWN, "it has {grown} KiB more than before");
    lone.is_unharmed();
}

/// Comes, at times far enough to be somebody in a room, and vanishes without a word.
async fn vanish(address: SocketAddr, token: &str, room: &str, how: usize) {
    let Ok(stream) = TcpStream::connect(address).await else { return };
    stream.set_nodelay(true).expect("an option of every socket");
    // The connection is reset and not closed.
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("an option of every socket");
    if how == 0 {
        return;
    }
    let auth = json!({"token": if how == 1 { "none" } else { token }});
    if let Ok(socket) = Socket::connect_over(stream, address, auth).await
        && how == 3
    {
        socket.begin("join-room", json!({"roomId": room})).await;
        socket.begin("send-message", json!({"roomId": room, "content": "gone"})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_connect_and_vanish_leave_nothing_behind() {
    const AT_ONCE: usize = 50;
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let ann = lone.entrance().user("ann").await;
    let room = ann.room("of the vanished").await;
    let address = lone.address();
    let before = (lone.descriptors(), lone.memory_kib());
    let mut coming = JoinSet::new();
    for number in 0..times(1500, 50_000) {
        let (token, room) = (ann.token.clone(), room.clone());
        coming.spawn(async move { vanish(address, &token, &room, number % 4).await });
        if coming.len() == AT_ONCE {
            coming.join_next().await;
        }
    }
    while coming.join_next().await.is_some() {}
    timed("the end of their connections", async {
        while lone.descriptors() > before.0 + 5 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    crowd.says(50).await;
    crowd.check(&lone).await;
    let watcher = ann.socket().await;
    let told = watcher.ok("join-room", json!({"roomId": room})).await;
    let here: usize = told["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["socketIds"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(here, 1, "nobody but the watcher is there: {}", told["participants"]);
    let grown = lone.memory_kib().saturating_sub(before.1);
    assert!(grown < GROWN, "it has {grown} KiB more than before");
    lone.is_unharmed();
}
