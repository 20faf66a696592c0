//! What is measured of a server while clients are connected: the same for each of those that are compared, and what
//! has no peer.

mod fanout;
mod idle;
pub(crate) mod joins;
pub(crate) mod polled;
mod relay;
mod storm;

use std::time::Duration;

use crate::figures::{Figures, grouped};
use crate::peers::Peer;
use crate::scale::Scale;

/// Measures everything of one server, once.
pub(crate) async fn measure(peer: &Peer, scale: &Scale, figures: &mut Figures) {
    let column = peer.kind.name();
    let at_rest = peer.server.resident();
    figures.note("at rest", "MB", column, at_rest as f64 / 1e6);
    connecting(peer, scale.idle, column, figures).await;
    for members in [1, 100, 1000] {
        full_speed(peer, members, scale.span, column, figures).await;
    }
    for members in [100, 1000] {
        paced(peer, members, scale.paced, column, figures).await;
    }
    let each = relay::saturated(peer, scale.span).await;
    figures.note("signals between 100 pairs, as many as go: each", "µs", column, each);
    let paced = relay::paced(peer, scale.paced).await;
    figures.note("signals between 100 pairs, 500 exchanges a second: each", "µs", column, paced.each);
    figures.note("signals between 100 pairs, 500 exchanges a second: p99", "ms", column, paced.p99);
    let storm = storm::storm(peer, scale.storm).await;
    let row = format!("{} join one room at once", grouped(scale.storm));
    figures.note(&format!("{row}: a notice"), "µs", column, storm.each);
    figures.note(&format!("{row}: until all know all"), "ms", column, storm.milliseconds);
    figures.note(&format!("{row}: sent in all"), "MB", column, storm.megabytes);
    // What was closed is noticed, and memory given back that will be.
    tokio::time::sleep(Duration::from_secs(3)).await;
    figures.note("resident after all of it", "MB", column, peer.server.resident() as f64 / 1e6);
}

/// Sockets that connect and then wait.
async fn connecting(peer: &Peer, count: usize, column: &'static str, figures: &mut Figures) {
    let (idle, sockets) = (idle::idle(peer, count).await, grouped(count));
    figures.note(&format!("connect and authenticate, {sockets} sockets: each"), "µs", column, idle.connecting);
    figures.note(&format!("{sockets} idle sockets: each"), "kB", column, idle.kilobytes);
}

/// A signal to everybody in a room of so many, as fast as it goes.
async fn full_speed(peer: &Peer, members: usize, span: Duration, column: &'static str, figures: &mut Figures) {
    let each = fanout::full_speed(peer, members, span).await;
    figures.note(&format!("fan-out at full speed, room of {}: a delivery", grouped(members)), "µs", column, each);
}

/// The same at a pace.
async fn paced(peer: &Peer, members: usize, span: Duration, column: &'static str, figures: &mut Figures) {
    let paced = fanout::paced(peer, members, span).await;
    let row = format!("5,000 deliveries a second, room of {}", grouped(members));
    figures.note(&format!("{row}: a delivery"), "µs", column, paced.each);
    figures.note(&format!("{row}: p99"), "ms", column, paced.p99);
}

/// What was measured at a pace.
pub(crate) struct Paced {
    /// Microseconds of the server's CPU time for each that was delivered.
    pub each: f64,
    /// Milliseconds from the sending within which 99 of 100 came.
    pub p99: f64,
}

/// The value within which 99 of 100 lie.
pub(crate) fn p99(mut values: Vec<u32>) -> u32 {
    values.sort_unstable();
    values.get((values.len() * 99 / 100).min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The beginning of a signal.
const SIGNAL: &[u8] = b"42[\"webrtc-ice-candidate\"";
