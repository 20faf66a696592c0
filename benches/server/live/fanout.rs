//! A signal of one member to everybody else in a room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::{Paced, SIGNAL, p99};
use crate::client::Socket;
use crate::peers::Peer;
use crate::process::Cpu;

/// How many signals may be on their way at full speed.
const WINDOW: u64 = 32;
/// Deliveries a second at a pace.
const PACE: u64 = 5000;
/// How long the last may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the members of a room share with its sender.
struct Shared {
    origin: Instant,
    /// When each signal was sent, in microseconds from the origin.
    sent: Vec<AtomicU64>,
    received: AtomicU64,
    more: Notify,
}

/// A sender, and those who receive.
struct Scene {
    sender: Socket,
    signal: Vec<u8>,
    members: u64,
    shared: Arc<Shared>,
    receiving: JoinSet<()>,
    delays: tokio::sync::mpsc::Receiver<Vec<u32>>,
}

impl Scene {
    /// With so many members besides the sender, for so many signals whose times are kept.
    async fn set(peer: &Peer, members: usize, timed: usize) -> Self {
        let mut sockets = peer.sockets(members + 1).await;
        let room = peer.room_with(&mut sockets).await;
        let sender = sockets.pop().expect("one more than members");
        let candidate = json!({"candidate": "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host".repeat(2)});
        let packet = json!(["webrtc-ice-candidate", {"roomId": room, "candidate": candidate}]);
        let shared = Arc::new(Shared {
            origin: Instant::now(),
            sent: (0..timed).map(|_| AtomicU64::default()).collect(),
            received: AtomicU64::default(),
            more: Notify::new(),
        });
        let (told, delays) = tokio::sync::mpsc::channel(members);
        let receiving = sockets.into_iter().map(|socket| receive(socket, Arc::clone(&shared), told.clone())).collect();
        let signal = sender.made(&format!("42{packet}"));
        Self { sender, signal, members: members as u64, shared, receiving, delays }
    }

    async fn send(&mut self) {
        self.sender.send_made(&self.signal).await;
        self.sender.read_what_is_there(|_| {}).await;
    }

    /// Waits until so many deliveries have come in all.
    async fn until(&self, deliveries: u64) {
        while self.shared.received.load(Ordering::Acquire) < deliveries {
            timeout(PATIENCE, self.shared.more.notified()).await.expect("none is missing");
        }
    }

    /// Sends as fast as it is delivered, for so long; how many signals.
    async fn flood(&mut self, already: u64, span: Duration) -> u64 {
        let (begun, mut sent) = (Instant::now(), already);
        while begun.elapsed() < span {
            self.send().await;
            sent += 1;
            self.until(sent.saturating_sub(WINDOW) * self.members).await;
        }
        self.until(sent * self.members).await;
        sent
    }
}

/// Counts what comes, and says how late each was for which a time is kept.
async fn receive(mut socket: Socket, shared: Arc<Shared>, told: tokio::sync::mpsc::Sender<Vec<u32>>) {
    let (mut count, mut delays) = (0, Vec::new());
    loop {
        let before = count;
        socket
            .read(|packet| {
                if packet.starts_with(SIGNAL) {
                    if let Some(sent) = shared.sent.get(count) {
                        let now = shared.origin.elapsed().as_micros() as u64;
                        delays.push((now - sent.load(Ordering::Acquire)) as u32);
                    }
                    count += 1;
                }
            })
            .await;
        if count > before {
            shared.received.fetch_add((count - before) as u64, Ordering::AcqRel);
            shared.more.notify_one();
        }
        if !shared.sent.is_empty() && count == shared.sent.len() {
            // Nobody asks where the benchmark has ended.
            let _ = told.send(std::mem::take(&mut delays)).await;
        }
    }
}

/// Microseconds of CPU time a delivery where the sender sends as fast as everybody gets it.
pub(crate) async fn full_speed(peer: &Peer, members: usize, span: Duration) -> f64 {
    let mut scene = Scene::set(peer, members, 0).await;
    // What compiles while it runs has been compiled.
    let already = scene.flood(0, span / 2).await;
    let cpu = Cpu::of(peer.server.id());
    let sent = scene.flood(already, span).await;
    let each = Cpu::of(peer.server.id()).since(&cpu) / ((sent - already) * scene.members) as f64;
    scene.receiving.abort_all();
    each
}

/// The same at an even pace of [`PACE`] deliveries a second.
pub(crate) async fn paced(peer: &Peer, members: usize, span: Duration) -> Paced {
    let signals = (PACE as f64 * span.as_secs_f64() / members as f64).ceil() as usize;
    let mut scene = Scene::set(peer, members, signals).await;
    let mut pace = interval(Duration::from_secs_f64(members as f64 / PACE as f64));
    pace.tick().await;
    let cpu = Cpu::of(peer.server.id());
    for number in 0..signals {
        pace.tick().await;
        let now = scene.shared.origin.elapsed().as_micros() as u64;
        scene.shared.sent[number].store(now, Ordering::Release);
        scene.send().await;
    }
    let deliveries = signals as u64 * scene.members;
    scene.until(deliveries).await;
    let each = Cpu::of(peer.server.id()).since(&cpu) / deliveries as f64;
    let mut delays = Vec::new();
    for _ in 0..members {
        delays.extend(scene.delays.recv().await.expect("each says it once"));
    }
    scene.receiving.abort_all();
    Paced { each, p99: f64::from(p99(delays)) / 1e3 }
}
