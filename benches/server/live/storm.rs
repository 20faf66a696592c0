//! Everybody joins one room at once, as after a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::peers::Peer;
use crate::process::Cpu;

/// How long it may take until all know all.
const PATIENCE: Duration = Duration::from_secs(60);

/// What it cost.
pub(crate) struct Storm {
    /// Microseconds of CPU time for each who was told of each.
    pub each: f64,
    /// The same for each who joined.
    pub join: f64,
    /// Until everybody was in and knew of everybody.
    pub milliseconds: f64,
    /// All that was sent to them.
    pub megabytes: f64,
}

/// So many sockets, each of a user of its own, join a room. Who was there before is in the answer or is not told;
/// of each who comes after, each is told.
pub(crate) async fn storm(peer: &Peer, count: usize) -> Storm {
    let sockets = peer.sockets(count).await;
    let room = peer.room().await;
    let packet = format!("421{}", json!(["join-room", {"roomId": room}]));
    let (notices, bytes) = (Arc::new(AtomicU64::default()), Arc::new(AtomicU64::default()));
    let more = Arc::new(Notify::new());
    let expected = (count * (count - 1) / 2 + count) as u64;
    let (cpu, begun) = (Cpu::of(peer.server.id()), Instant::now());
    let mut tasks = JoinSet::new();
    for mut socket in sockets {
        let (notices, bytes, more, made) = (notices.clone(), bytes.clone(), more.clone(), socket.made(&packet));
        tasks.spawn(async move {
            socket.send_made(&made).await;
            loop {
                let (mut told, mut length) = (0, 0);
                socket
                    .read(|packet| {
                        length += packet.len() as u64;
                        let counts = packet.starts_with(b"42[\"user-joined\"") || packet.starts_with(b"431[");
                        told += u64::from(counts);
                    })
                    .await;
                bytes.fetch_add(length, Ordering::Relaxed);
                if notices.fetch_add(told, Ordering::AcqRel) + told == expected {
                    more.notify_one();
                }
            }
        });
    }
    timeout(PATIENCE, more.notified()).await.expect("nobody misses anybody");
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    // What follows within a second is part of it.
    sleep(Duration::from_millis(1500)).await;
    let spent = Cpu::of(peer.server.id()).since(&cpu);
    Storm {
        each: spent / expected as f64,
        join: spent / count as f64,
        milliseconds,
        megabytes: bytes.load(Ordering::Relaxed) as f64 / 1e6,
    }
}
