//! Hours in short: people talk while others come and go, and what the server holds stays the same.

use std::time::{Duration, Instant};

use serde_json::json;

use super::times;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;

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
        held.push((lone.memory_kib(), lone.descriptors()));
    }
    crowd.check(&lone).await;
    // The first quarter is for what is made once.
    let mean = |part: &[(u64, usize)]| {
        let count = part.len().max(1) as u64;
        (part.iter().map(|one| one.0).sum::<u64>() / count, part.iter().map(|one| one.1 as u64).sum::<u64>() / count)
    };
    let quarter = (held.len() / 4).max(1);
    let (early, late) =
        (mean(&held[quarter.min(held.len() - 1)..held.len() / 2 + 1]), mean(&held[held.len() - quarter..]));
    println!("KiB and descriptors: {early:?} early, {late:?} late");
    assert!(late.0 <= early.0 + early.0 / 4 + 8 * 1024, "memory grew from {} to {} KiB", early.0, late.0);
    assert!(late.1 <= early.1 + 10, "descriptors grew from {} to {}", early.1, late.1);
    lone.is_unharmed();
}
