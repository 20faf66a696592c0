//! The figures, each with its own server.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tempfile::TempDir;

use crate::client::Socket;
use crate::process::{Server, fill};
use crate::report;

/// How long a figure is measured.
const SPAN: Duration = Duration::from_secs(8);

async fn users(server: &Server, count: usize) -> Vec<String> {
    stream::iter(0..count).map(|n| async move { server.user(&format!("user{n}")).await }).buffered(16).collect().await
}

async fn sockets(server: &Server, tokens: &[String]) -> Vec<Socket> {
    stream::iter(tokens).map(|token| Socket::connect(server.address, token)).buffered(32).collect().await
}

/// From the start of the process to the first 200 of `/health`, with 200,000 messages stored.
pub async fn start() {
    let data = Arc::new(TempDir::new().expect("a directory"));
    fill(data.path(), &[200_000]).await;
    let mut times = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        drop(Server::on(Arc::clone(&data)).await);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    report("start to /health 200, 200,000 messages, median of 3", &format!("{} ms", times[1].as_millis()), "≤ 1000 ms");
}

/// A page of 50 by REST, in the middle of a room.
pub async fn pages() {
    let data = Arc::new(TempDir::new().expect("a directory"));
    let sizes = [200_000, 2_000];
    let rooms = fill(data.path(), &sizes).await;
    let server = Server::on(data).await;
    let token = server.user("reader").await;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..500 {
        for (which, (room, size)) in rooms.iter().zip(sizes).enumerate() {
            let before = 60 + (turn * 7919) % (size - 60);
            let path = format!("/api/rooms/{room}/messages?limit=50&before={before}");
            times[which].push(server.timed_get(&token, &path).await);
        }
    }
    let [large, small] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    });
    report("history page of 50, room of 200,000, p50", &format!("{large:.2} ms"), "≤ 1.5 ms");
    report("  against a room of 2,000 in the same run", &format!("{:.2} ×", large / small), "≤ 1.5 ×");
}

/// Durable sends: each member of 200 rooms sends again as soon as it is acknowledged.
pub async fn sends() {
    let rates = send_rates(&Server::start().await).await;
    report("durable sends, 200 rooms × 5 members, acknowledged a second", &format!("{:.0}", rates.together), "≥ 5000");
    report("  against one after another in the same run", &format!("{:.1} ×", rates.together / rates.alone), "≥ 3 ×");
}

/// The same sends on a Node backend, and on this server over the same MongoDB and over its embedded store.
pub async fn node() {
    if !Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node/node_modules")).exists() {
        return report("sends against a Node backend", "skipped", "npm ci --prefix benches/node");
    }
    let deployment = crate::mongod::Mongod::replicas(1).await;
    let node = send_rates(&Server::node(&deployment.url("node")).await).await.together;
    let mongo = send_rates(&Server::on_mongo(&deployment.url("tincan")).await).await.together;
    drop(deployment);
    let embedded = send_rates(&Server::start().await).await.together;
    report("the same sends on a Node backend (Express, Mongoose, Socket.IO)", &format!("{node:.0}"), "");
    report("  on this server, the same MongoDB", &format!("{mongo:.0}, {:.1} ×", mongo / node), "");
    report("  on this server, its embedded store", &format!("{embedded:.0}, {:.1} ×", embedded / node), "");
}

/// Acknowledged messages a second: of one socket, and of all at once.
struct Rates {
    alone: f64,
    together: f64,
}

async fn send_rates(server: &Server) -> Rates {
    let tokens = users(server, 1000).await;
    let mut sockets = sockets(server, &tokens).await;
    let mut rooms = Vec::new();
    for number in 0..200 {
        rooms.push(server.room(&tokens[0], &format!("room {number}")).await);
    }
    let room_of = |member: usize| json!({"roomId": rooms[member / 5]});
    join_all(sockets.iter_mut().enumerate().map(|(member, socket)| socket.ask("join-room", room_of(member)))).await;

    let alone = {
        let (socket, begun, mut count) = (&mut sockets[0], Instant::now(), 0_u32);
        while begun.elapsed() < SPAN / 4 {
            socket.ask("send-message", json!({"roomId": rooms[0], "content": "one after another"})).await;
            count += 1;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    };
    let begun = Instant::now();
    let senders = sockets.into_iter().enumerate().map(|(member, mut socket)| {
        let payload = json!({"roomId": rooms[member / 5], "content": "a message of everyday length, more or less"});
        tokio::spawn(async move {
            let mut count = 0_u32;
            while begun.elapsed() < SPAN {
                socket.ask("send-message", payload.clone()).await;
                count += 1;
            }
            count
        })
    });
    let total: u32 = join_all(senders).await.into_iter().map(|count| count.expect("no panic")).sum();
    Rates { alone, together: f64::from(total) / begun.elapsed().as_secs_f64() }
}

/// One message to a room of 1,000 members, five a second.
pub async fn broadcast() {
    let server = Server::start().await;
    let tokens = users(&server, 1000).await;
    let mut sockets = sockets(&server, &tokens).await;
    let room = server.room(&tokens[0], "everybody").await;
    stream::iter(&mut sockets).for_each_concurrent(16, |socket| socket.ask("join-room", json!({"roomId": room}))).await;
    let mut sender = Socket::connect(server.address, &tokens[0]).await;
    sender.ask("join-room", json!({"roomId": room})).await;
    let (messages, origin) = (50_usize, Instant::now());
    let readers = sockets.into_iter().map(|mut socket| {
        tokio::spawn(async move {
            let mut delays = Vec::new();
            while delays.len() < messages {
                let packet = socket.until("42[\"new-message\"").await;
                let sent = packet.split("sent at ").nth(1).and_then(|rest| rest.split('"').next()).expect("our text");
                delays.push(origin.elapsed().as_micros() as u64 - sent.parse::<u64>().expect("a number"));
            }
            delays
        })
    });
    let readers: Vec<_> = readers.collect();
    let mut pace = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..messages {
        pace.tick().await;
        let content = format!("sent at {}", origin.elapsed().as_micros());
        sender.ask("send-message", json!({"roomId": room, "content": content})).await;
    }
    let all = tokio::time::timeout(Duration::from_secs(10), join_all(readers)).await.expect("none is missing");
    let mut delays: Vec<u64> = all.into_iter().flat_map(|delays| delays.expect("no panic")).collect();
    delays.sort_unstable();
    let p99 = delays[delays.len() * 99 / 100] as f64 / 1e3;
    report("one message to a room of 1,000, 5 a second, p99", &format!("{p99:.1} ms"), "≤ 100 ms");
}

/// A thousand sockets of a thousand users join one room within two seconds.
pub async fn joins() {
    const COUNT: usize = 1000;
    let server = Server::start().await;
    let tokens = users(&server, COUNT).await;
    let sockets = sockets(&server, &tokens).await;
    let room = server.room(&tokens[0], "everybody").await;
    let begun = Instant::now();
    let members = sockets.into_iter().enumerate().map(|(number, mut socket)| {
        let room = room.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(2 * number as u64)).await;
            let before = socket.bytes;
            socket.emit("join-room", json!({"roomId": room})).await;
            let (mut known, mut acked) = (HashSet::new(), Duration::ZERO);
            // Who was there before is in the answer; everybody after must be told.
            while known.len() < COUNT || acked == Duration::ZERO {
                let packet = socket.next().await;
                if packet.starts_with("42[\"user-joined\"") {
                    known.extend(user_ids(&packet).map(str::to_owned));
                } else if packet.starts_with("431[") {
                    known.extend(user_ids(&packet).map(str::to_owned));
                    acked = begun.elapsed();
                }
            }
            (acked, socket.bytes - before)
        })
    });
    let all = tokio::time::timeout(Duration::from_secs(60), join_all(members.collect::<Vec<_>>())).await;
    let all = all.expect("nobody misses a user-joined");
    let all: Vec<(Duration, usize)> = all.into_iter().map(|one| one.expect("no panic")).collect();
    let last = all.iter().map(|(acked, _)| acked.as_secs_f64()).fold(0.0, f64::max);
    let sent = all.iter().map(|(_, bytes)| bytes).sum::<usize>() as f64 / 1e6;
    report("1,000 users join one room within 2 s: all joined after", &format!("{last:.1} s"), "≤ 5 s");
    report("  sent in all, no user-joined missing", &format!("{sent:.0} MB"), "≤ 300 MB");
}

/// The values of `userId` in a packet.
fn user_ids(packet: &str) -> impl Iterator<Item = &str> {
    packet.split("\"userId\":\"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// Resident memory of sockets that do nothing.
pub async fn idle() {
    const COUNT: usize = 5000;
    let server = Server::start().await;
    // A user has at most 100 sockets.
    let tokens = users(&server, COUNT / 100 + 1).await;
    let warm: Vec<Socket> = sockets(&server, &vec![tokens[0].clone(); 100]).await;
    let before = server.resident();
    let tokens: Vec<String> = tokens[1..].iter().flat_map(|token| vec![token.clone(); 100]).collect();
    let idle = sockets(&server, &tokens).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (server.resident() - before) as f64 / COUNT as f64 / 1e3;
    report("idle authenticated socket, at 5,000, resident", &format!("{each:.1} kB"), "≤ 25 kB");
    drop((warm, idle));
}
