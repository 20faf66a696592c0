//! Readers that stop reading: they are gone soon, and nobody else notices.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::TcpSocket;

use super::times;
use crate::support::app::User;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;
use crate::support::socket::{Socket, timed};

/// Sockets of one user.
const EACH: usize = 25;
/// Long messages that are more than is held for who does not read, by the system and by the server.
const LONG: usize = 800;

/// A socket in a room for which the system holds little, and which nobody reads.
async fn stall(lone: &Lone, user: &User<'_>, room: &str) -> Socket {
    let line = TcpSocket::new_v4().expect("a socket");
    line.set_recv_buffer_size(4096).expect("an option of every socket");
    let line = line.connect(lone.address()).await.expect("a connection");
    let socket = Socket::connect_over(line, lone.address(), json!({"token": user.token})).await.expect("a session");
    socket.ok("join-room", json!({"roomId": room})).await;
    socket
}

/// Sends so many long messages, a few at a time.
async fn flood(sender: &Socket, room: &str, count: usize) {
    let long = "界".repeat(4000);
    for _ in 0..count / 20 {
        let mut asked = Vec::new();
        for _ in 0..20 {
            asked.push(sender.begin("send-message", json!({"roomId": room, "content": long})).await);
        }
        for number in asked {
            assert_eq!(sender.acked(number).await["ok"], json!(true));
        }
        sender.heard().await;
    }
}

/// How long an even sender waited for its acknowledgements.
struct Waits(Vec<Duration>);

impl Waits {
    /// Of so many messages, one every 20 ms.
    async fn of(sender: &Socket, room: &str, count: usize) -> Self {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let mut waits = Vec::new();
        for _ in 0..count {
            pace.tick().await;
            let since = Instant::now();
            sender.ok("send-message", json!({"roomId": room, "content": "even"})).await;
            waits.push(since.elapsed());
        }
        waits.sort_unstable();
        Self(waits)
    }

    fn p99(&self) -> Duration {
        self.0[self.0.len() * 99 / 100]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_stop_reading_are_gone_soon_and_hold_up_nobody() {
    let count = times(50, 200);
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 8).await;
    let (ann, bob) = (lone.entrance().user("ann").await, lone.entrance().user("bob").await);
    let (flooded, other) = (ann.room("flooded").await, bob.room("other").await);
    let (sender, even) = (ann.socket_in(&flooded).await, bob.socket_in(&other).await);
    let mut stalled = Vec::new();
    for number in 0..count / EACH {
        let user = lone.entrance().user(&format!("stalled-{number}")).await;
        for _ in 0..EACH {
            stalled.push(stall(&lone, &user, &flooded).await);
        }
    }
    let before = Waits::of(&even, &other, times(100, 500)).await;
    let flooding = async {
        flood(&sender, &flooded, LONG).await;
        Instant::now()
    };
    let (full, during) = tokio::join!(flooding, Waits::of(&even, &other, times(100, 500)));
    let gone = |told: &serde_json::Value| {
        told["participants"].as_array().expect("a list").iter().all(|one| {
            let sockets = one["socketIds"].as_array().map_or(0, Vec::len);
            one["userId"] == json!(ann.id) || sockets == 0
        })
    };
    timed("the end of all who do not read", async {
        while !gone(&sender.ok("join-room", json!({"roomId": flooded})).await) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    assert!(full.elapsed() < Duration::from_secs(20), "gone after {:?}", full.elapsed());
    println!("p99 of others: {:?} before, {:?} meanwhile", before.p99(), during.p99());
    crowd.says(50).await;
    crowd.check(&lone).await;
    drop(stalled);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_stop_reading_do_not_hold_up_the_end() {
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 4).await;
    let ann = lone.entrance().user("ann").await;
    let room = ann.room("flooded").await;
    let sender = ann.socket_in(&room).await;
    let bob = lone.entrance().user("bob").await;
    let mut stalled = Vec::new();
    for _ in 0..times(50, 100) {
        stalled.push(stall(&lone, &bob, &room).await);
    }
    flood(&sender, &room, LONG / 2).await;
    let ended = lone.stop();
    assert!(ended.code == Some(0) && ended.took < Duration::from_secs(10), "{:?}: {}", ended.took, ended.err);
    lone.run();
    crowd.says(20).await;
    crowd.check(&lone).await;
    drop(stalled);
}
