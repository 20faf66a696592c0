//! Signals between pairs, as two do who set a call up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{interval_at, sleep, timeout};

use super::{Paced, SIGNAL, p99};
use crate::client::Socket;
use crate::peers::Peer;
use crate::process::Cpu;

const PAIRS: usize = 100;
/// Exchanges a second at a pace: a signal there, and one back.
const PACE: u32 = 500;
/// Of a signal, about as much as an offer with sound and picture.
const BYTES: usize = 1500;
/// How long the last may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// One of a pair, with what it sends to the other.
struct One {
    socket: Socket,
    signal: Vec<u8>,
}

/// Both of each pair, in a room of their own.
async fn pairs(peer: &Peer) -> Vec<(One, One)> {
    let pair = |number: usize| async move {
        let mut both = [peer.socket(2 * number).await, peer.socket(2 * number + 1).await];
        peer.room_with(&mut both).await;
        let signal = |from: &Socket, to: &Socket| {
            let candidate = json!({"candidate": "x".repeat(BYTES)});
            let packet = json!(["webrtc-ice-candidate", {"to": to.id, "candidate": candidate}]);
            from.made(&format!("42{packet}"))
        };
        let signals = [signal(&both[0], &both[1]), signal(&both[1], &both[0])];
        let [one, other] = both;
        let [there, back] = signals;
        (One { socket: one, signal: there }, One { socket: other, signal: back })
    };
    stream::iter(0..PAIRS).map(pair).buffered(16).collect().await
}

/// Answers each signal with one, as long as it lasts.
async fn answer(mut one: One, count: Arc<AtomicU64>, goes_on: Arc<AtomicBool>) {
    loop {
        let mut came = 0;
        one.socket.read(|packet| came += u64::from(packet.starts_with(SIGNAL))).await;
        count.fetch_add(came, Ordering::Relaxed);
        if goes_on.load(Ordering::Relaxed) {
            for _ in 0..came {
                one.socket.send_made(&one.signal).await;
            }
        }
    }
}

/// Microseconds of CPU time a signal where each pair has one on its way at any time.
pub(crate) async fn saturated(peer: &Peer, span: Duration) -> f64 {
    let (count, goes_on) = (Arc::new(AtomicU64::default()), Arc::new(AtomicBool::new(true)));
    let mut tasks = JoinSet::new();
    for (mut one, other) in pairs(peer).await {
        one.socket.send_made(&one.signal).await;
        tasks.spawn(answer(one, Arc::clone(&count), Arc::clone(&goes_on)));
        tasks.spawn(answer(other, Arc::clone(&count), Arc::clone(&goes_on)));
    }
    sleep(span / 2).await;
    let (already, cpu) = (count.load(Ordering::Relaxed), Cpu::of(peer.server.id()));
    sleep(span).await;
    let each = Cpu::of(peer.server.id()).since(&cpu) / (count.load(Ordering::Relaxed) - already) as f64;
    goes_on.store(false, Ordering::Relaxed);
    each
}

/// The same at an even pace of [`PACE`] exchanges a second.
pub(crate) async fn paced(peer: &Peer, span: Duration) -> Paced {
    let exchanges = (span.as_secs_f64() * f64::from(PACE)) as usize / PAIRS * PAIRS;
    let (mut beginning, mut answering) = (JoinSet::new(), JoinSet::new());
    let pairs = pairs(peer).await;
    let begun = tokio::time::Instant::now();
    let cpu = Cpu::of(peer.server.id());
    for (number, (one, other)) in pairs.into_iter().enumerate() {
        let turn = Duration::from_secs(1) / PACE * number as u32;
        beginning.spawn(begin(begun + turn, one, exchanges / PAIRS));
        answering.spawn(answer(other, Arc::default(), Arc::new(AtomicBool::new(true))));
    }
    let mut delays = Vec::new();
    while let Some(one) = timeout(span + PATIENCE, beginning.join_next()).await.expect("none is missing") {
        delays.extend(one.expect("no panic"));
    }
    let each = Cpu::of(peer.server.id()).since(&cpu) / (2 * delays.len()) as f64;
    Paced { each, p99: f64::from(p99(delays)) / 1e3 }
}

/// Begins an exchange whenever it is this pair's turn; how many microseconds each took, there and back.
async fn begin(first: tokio::time::Instant, mut one: One, exchanges: usize) -> Vec<u32> {
    let mut pace = interval_at(first, Duration::from_secs(1) / PACE * PAIRS as u32);
    let mut delays = Vec::new();
    for _ in 0..exchanges {
        pace.tick().await;
        let sent = Instant::now();
        one.socket.send_made(&one.signal).await;
        let mut came = false;
        while !came {
            one.socket.read(|packet| came |= packet.starts_with(SIGNAL)).await;
        }
        delays.push(sent.elapsed().as_micros() as u32);
    }
    delays
}
