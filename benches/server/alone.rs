//! What has no peer to be compared with: log-ins against what the machine can hash, the start, pages, the executable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::client::Socket;
use crate::figures::{Figures, grouped};
use crate::fill::{fill, fill_with_private_rooms};
use crate::live::p99;
use crate::process::Server;
use crate::scale::Scale;

const COLUMN: &str = "Tincan";
/// Of passwords, as it is where nobody sets it.
const COST: u32 = 10;
/// Who log in at the same time, for each core.
const AT_ONCE: usize = 8;

/// Measures all of it.
pub(crate) async fn measure(scale: &Scale) -> Figures {
    let mut figures = Figures::new("alone", vec![COLUMN], Vec::new());
    log_ins(scale, &mut figures).await;
    starts(scale, &mut figures).await;
    list_of_rooms(scale, &mut figures).await;
    let bytes = std::fs::metadata(env!("CARGO_BIN_EXE_tincan")).expect("it is built").len();
    figures.note("the executable", "MB", COLUMN, bytes as f64 / 1e6);
    figures
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// How many passwords a second all cores check.
async fn hashes(span: Duration) -> f64 {
    let hash = bcrypt::hash("correct horse", COST).expect("a hash");
    let (begun, mut tasks) = (Instant::now(), JoinSet::new());
    for _ in 0..cores() {
        let hash = hash.clone();
        tasks.spawn_blocking(move || {
            let mut count = 0_u32;
            while begun.elapsed() < span {
                assert!(bcrypt::verify("correct horse", &hash).expect("a hash"));
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(count) / begun.elapsed().as_secs_f64()
}

/// Log-ins a second, and what others notice of them.
async fn log_ins(scale: &Scale, figures: &mut Figures) {
    let machine = hashes(scale.durable / 2).await;
    let data = Arc::new(TempDir::new().expect("a directory"));
    let server = Arc::new(Server::on(data, &["--bcrypt-cost", &COST.to_string()]).await);
    for number in 0..AT_ONCE {
        server.user(&format!("user{number}")).await;
    }
    let token = server.user("writer").await;
    let room = server.room(&token, "room").await;
    let mut socket = Socket::connect(server.address, &token).await;
    socket.ask("join-room", json!({"roomId": room})).await;
    let (goes_on, count) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::default()));
    let mut tasks = JoinSet::new();
    for number in 0..AT_ONCE * cores() {
        let (server, goes_on, count) = (Arc::clone(&server), Arc::clone(&goes_on), Arc::clone(&count));
        tasks.spawn(async move {
            while goes_on.load(Ordering::Relaxed) {
                server.log_in(&format!("user{}", number % AT_ONCE)).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let (begun, mut pace, mut waits) = (Instant::now(), interval(Duration::from_millis(20)), Vec::new());
    while begun.elapsed() < scale.durable {
        pace.tick().await;
        let sent = Instant::now();
        socket.ask("send-message", json!({"roomId": room, "content": "while others log in"})).await;
        waits.push(sent.elapsed().as_micros() as u32);
    }
    let rate = f64::from(count.load(Ordering::Relaxed)) / begun.elapsed().as_secs_f64();
    goes_on.store(false, Ordering::Relaxed);
    tasks.join_all().await;
    figures.note("log-ins", "a second", COLUMN, rate);
    figures.note("log-ins: share of what the machine can hash", "×", COLUMN, rate / machine);
    figures.note("a durable message of others meanwhile: p99", "ms", COLUMN, f64::from(p99(waits)) / 1e3);
}

/// From the start of the process to the first answer, and pages, with many messages stored.
async fn starts(scale: &Scale, figures: &mut Figures) {
    const FEW: usize = 2000;
    let data = Arc::new(TempDir::new().expect("a directory"));
    let rooms = fill(data.path(), &[scale.stored, FEW]).await;
    let row = format!("start with {} messages", grouped(scale.stored));
    for _ in 0..3 {
        let begun = Instant::now();
        let server = Server::on(Arc::clone(&data), &[]).await;
        figures.note(&format!("{row}: until it is healthy"), "ms", COLUMN, begun.elapsed().as_secs_f64() * 1e3);
        figures.note(&format!("{row}: memory then"), "MB", COLUMN, server.resident() as f64 / 1e6);
        server.stop().await;
    }
    let server = Server::on(data, &[]).await;
    let token = server.user("reader").await;
    for (room, size) in rooms.iter().zip([scale.stored, FEW]) {
        let mut times = Vec::new();
        for turn in 0..300 {
            let before = 60 + (turn * 7919) % (size - 60);
            let path = format!("/api/rooms/{room}/messages?limit=50&before={before}");
            times.push(server.timed_get(&token, &path).await);
        }
        times.sort_unstable();
        let row = format!("a page of 50 in a room of {}: median", grouped(size));
        figures.note(&row, "ms", COLUMN, times[times.len() / 2].as_secs_f64() * 1e3);
    }
    server.stop().await;
}

/// The list of the rooms that one sees, where most of them are other people's.
async fn list_of_rooms(scale: &Scale, figures: &mut Figures) {
    let data = Arc::new(TempDir::new().expect("a directory"));
    let server = Server::on(Arc::clone(&data), &[]).await;
    let token = server.user("reader").await;
    let reader = server.id_of(&token).await;
    server.stop().await;
    fill_with_private_rooms(data.path(), scale.rooms, reader, scale.seen).await;
    let server = Server::on(data, &[]).await;
    let listed = server.get(&token, "/api/rooms").await;
    assert_eq!(listed.as_array().map(Vec::len), Some(scale.seen), "the reader sees these");
    let mut times = Vec::new();
    for _ in 0..50 {
        times.push(server.timed_get(&token, "/api/rooms").await);
    }
    times.sort_unstable();
    let row = format!("the list of {} rooms among {}: median", scale.seen, grouped(scale.rooms));
    figures.note(&row, "ms", COLUMN, times[times.len() / 2].as_secs_f64() * 1e3);
    server.stop().await;
}
