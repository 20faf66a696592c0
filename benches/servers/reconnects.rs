//! How long presence takes to be true again after many came back at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Socket;
use crate::figures::servers;
use crate::mongod::Mongod;
use crate::process::Server;
use crate::report;

/// Three servers with 5,000 sockets each, of which 1,000 go at once and come back at another server: when presence is
/// true again.
pub(crate) async fn reconnects(deployment: &Mongod) {
    const EACH: usize = 5000;
    const MOVING: usize = 1000;
    /// A user has at most 100 sockets.
    const OF_A_USER: usize = 100;
    let servers = Arc::new(servers(deployment, "reconnects", 3).await);
    let ann = servers[0].user("ann").await;
    let room = servers[0].room(&ann, "everybody").await;
    let user = |number: usize| {
        let servers = Arc::clone(&servers);
        async move { servers[number % 3].user(&format!("user{number}")).await }
    };
    let tokens: Vec<String> = stream::iter(0..MOVING + 3 * EACH / OF_A_USER).map(user).buffered(8).collect().await;
    let (moving, idle) = tokens.split_at(MOVING);
    let connect = |server: usize, token: String| {
        let servers = Arc::clone(&servers);
        async move { Socket::connect(servers[server].address, &token).await }
    };
    let idle = idle.iter().flat_map(|token| vec![token.clone(); OF_A_USER]).take(3 * EACH - MOVING);
    let idle: Vec<Socket> =
        stream::iter(idle.enumerate()).map(|(number, token)| connect(number % 3, token)).buffered(64).collect().await;
    let join = |server: usize, token: &String| {
        let (servers, token, room) = (Arc::clone(&servers), token.clone(), room.clone());
        async move { back_in(&servers[server], &token, &room).await }
    };
    let before: Vec<Socket> = stream::iter(moving).map(|token| join(0, token)).buffered(32).collect().await;
    until_present(&servers, &ann, &room, MOVING).await;
    drop(before);
    let begun = Instant::now();
    let after: Vec<Socket> = stream::iter(moving).map(|token| join(1, token)).buffer_unordered(256).collect().await;
    let back = begun.elapsed();
    until_present(&servers, &ann, &room, MOVING).await;
    let figure = "3 servers × 5,000 sockets, 1,000 come back at once: presence true";
    report(figure, &format!("{:.1} s", begun.elapsed().as_secs_f64()), "≤ 5 s");
    report("  all of them joined", &format!("{:.1} s", back.as_secs_f64()), "");
    drop((idle, after));
}

/// A socket in a room, however often it is told to try again, as clients do.
async fn back_in(server: &Server, token: &str, room: &str) -> Socket {
    let mut socket = Socket::connect(server.address, token).await;
    loop {
        socket.emit("join-room", json!({"roomId": room})).await;
        if socket.until("431[").await.contains("\"ok\":true") {
            return socket;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until on each server so many users are in the room, with one socket each.
async fn until_present(servers: &[Server], token: &str, room: &str, count: usize) {
    for server in servers {
        loop {
            let mut observer = Socket::connect(server.address, token).await;
            observer.emit("join-room", json!({"roomId": room})).await;
            let ack: Value = serde_json::from_str(&observer.until("431[").await[3..]).expect("JSON");
            let participants = ack[0]["participants"].as_array().expect("a list");
            let with_one =
                participants.iter().filter(|one| one["socketIds"].as_array().is_some_and(|ids| ids.len() == 1));
            // The observer is one of them.
            if with_one.count() == count + 1 {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}
