//! Hours in short: people talk while others come and go, and what the server holds stays the same.

use std::time::{Duration, Instant};

use serde_json::json;

use super::times;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;

/// What the server holds at a time.
struct Held {
    /// KiB.
    memory: u64,
    descriptors: u64,
    /// The log of the store, in KiB: what of it is in no table yet is in memory too, until there is enough for one.
    log: u64,
}

impl Held {
    fn of(lone: &Lone) -> Self {
        let files = std::fs::read_dir(lone.data().join("store")).expect("a store").filter_map(Result::ok);
        let logs = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "log"));
        // One that has just become a table is gone.
        let log = logs.filter_map(|log| log.metadata().ok()).map(|log| log.len() / 1024).sum();
        Self { memory: lone.memory_kib(), descriptors: lone.descriptors() as u64, log }
    }

    fn mean(part: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> u64| part.iter().map(of).sum::<u64>() / part.len().max(1) as u64;
        Self { memory: mean(|one| one.memory), descriptors: mean(|one| one.descriptors), log: mean(|one| one.log) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_mixed_load_with_churn_memory_and_descriptors_stay_flat() {
    let span = Duration::from_secs(times(12, 900) as u64);
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 3, 8).await;
    let ann = lone.entrance().user("ann").await;
    let room = ann.room("of those who come and go").await;
    let (begun, mut held) = (Instant::now(), Vec::new());
    while begun.elapsed() < span {
        for _ in 0..10 {
            let socket = ann.socket_in(&room).await;
            socket.ok("send-message", json!({"roomId": room, "content": "I come and go"})).await;
            socket.ok("typing", json!({"roomId": room, "typing": true})).await;
            ann.get(&format!("/api/rooms/{room}/messages")).await.expect(reqwest::StatusCode::OK);
        }
        held.push(Held::of(&lone));
    }
    crowd.check(&lone).await;
    // The first quarter is for what is made once.
    let quarter = (held.len() / 4).max(1);
    let early = Held::mean(&held[quarter.min(held.len() - 1)..held.len() / 2 + 1]);
    let late = Held::mean(&held[held.len() - quarter..]);
    println!("KiB: {} early, {} late; in the log {} and {}", early.memory, late.memory, early.log, late.log);
    let stored = 2 * late.log.saturating_sub(early.log);
    let most = early.memory + early.memory / 4 + 8 * 1024 + stored;
    assert!(late.memory <= most, "memory grew from {} to {} KiB", early.memory, late.memory);
    let (before, now) = (early.descriptors, late.descriptors);
    assert!(now <= before + 10, "descriptors grew from {before} to {now}");
    lone.is_unharmed();
}
