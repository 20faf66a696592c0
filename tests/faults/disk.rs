//! The disk fails, is slow, or is full.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::times;
use crate::support::chance::Chance;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;
use crate::support::skip::skipped;
use crate::support::small_disk::SmallDisk;
use crate::support::socket::timed;

fn has_strace() -> bool {
    let has = std::process::Command::new("strace").arg("--version").output().is_ok();
    if !has {
        skipped("the tests of a disk that fails or is slow: there is no strace");
    }
    has
}

/// The server says so and ends, is started again, and everybody goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_costs_nothing() {
    if !has_strace() {
        return;
    }
    let mut chance = Chance::new("a failed sync");
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 8).await;
    for failure in 0..times(2, 20) {
        crowd.says(20).await;
        assert_eq!(lone.stop().code, Some(0));
        let trace = lone.data().with_file_name(format!("trace-{failure}"));
        // Some fail at the start, which is then refused; this one is to come under load.
        let fails = format!("inject=fdatasync:error=EIO:when={}", 20 + chance.below(80));
        let to = trace.display().to_string();
        lone.run_traced(&["-e", "trace=fdatasync", "-e", &fails, "-o", &to]);
        let failed = async {
            while !std::fs::read_to_string(&trace).is_ok_and(|trace| trace.contains("(INJECTED)")) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timed("a sync that fails", failed).await;
        tokio::select! {
            () = crowd.says(100) => {}
            () = lone.supervised() => {}
        }
        tokio::select! {
            () = crowd.check(&lone) => {}
            () = lone.supervised() => {}
        }
    }
    assert_eq!(lone.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_makes_people_wait_and_nothing_else() {
    if !has_strace() {
        return;
    }
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 8).await;
    assert_eq!(lone.stop().code, Some(0));
    let trace = lone.data().with_file_name("trace").display().to_string();
    lone.run_traced(&["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=300000", "-o", &trace]);
    // A few at a time, for the patience with each is limited.
    for _ in 0..times(1, 17) {
        crowd.says(60).await;
    }
    crowd.check(&lone).await;
    assert_eq!(lone.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_for_a_while_costs_nothing() {
    let Some(disk) = SmallDisk::mount() else { return };
    let lone = Lone::start_on(disk.data(), &[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let ann = lone.entrance().user("ann").await;
    let room = ann.room("of long messages").await;
    for _ in 0..times(1, 5) {
        crowd.says(50).await;
        let socket = ann.socket_in(&room).await;
        disk.fill_up();
        // The log has taken its space in advance.
        let long = "界".repeat(4000);
        timed("a refusal", async {
            while socket.ask("send-message", json!({"roomId": room, "content": long})).await["ok"] == json!(true) {}
        })
        .await;
        let health = lone.entrance().request(0, Method::GET, "/health").send().await.expect("an answer");
        assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
        ann.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
        disk.free();
        crowd.says(100).await;
        crowd.check(&lone).await;
    }
    assert_eq!(lone.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_is_refused_in_one_line_and_goes_well_afterwards() {
    let Some(disk) = SmallDisk::mount() else { return };
    let lone = Lone::start_on(disk.data(), &[]);
    let crowd = Crowd::gather(&lone, 2, 4).await;
    crowd.says(50).await;
    lone.kill();
    disk.fill_up();
    let ended = lone.try_run(&[]).expect_err("it is refused");
    let told = ended.err.lines().filter(|line| line.starts_with("tincan:")).count();
    assert!(ended.code == Some(1) && told == 1 && ended.err.contains("no space left"), "{ended:?}");
    disk.free();
    lone.run();
    crowd.says(50).await;
    crowd.check(&lone).await;
}
