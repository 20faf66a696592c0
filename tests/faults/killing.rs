//! The process is killed, or shut down, under load.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::times;
use crate::support::chance::Chance;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;
use crate::support::socket::{Heard, Socket};

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_at_random_costs_nothing() {
    let mut chance = Chance::new("kill -9");
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 3, 8).await;
    let kills = times(5, 50);
    for kill in 1..=kills {
        crowd.says(1 + chance.below(150) as u64).await;
        lone.kill();
        lone.run();
        // Now and then it is killed before anybody has found their way back.
        if chance.below(4) > 0 || kill == kills {
            crowd.says(20).await;
            crowd.check(&lone).await;
        }
    }
    assert_eq!(lone.stop().code, Some(0));
}

/// All are back after a restart: each waits a little longer after each try, as clients do.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_under_many_clients_all_come_back() {
    const OF_A_USER: usize = 20;
    let clients = times(200, 2000);
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let ann = lone.entrance().user("ann").await;
    let mut rooms = Vec::new();
    for number in 0..10 {
        rooms.push(ann.room(&format!("of many {number}")).await);
    }
    let mut tokens = Vec::new();
    for number in 0..clients / OF_A_USER {
        tokens.push(lone.entrance().user(&format!("client-{number}")).await.part().2);
    }
    let address = lone.address();
    let come = |number: usize| {
        let (token, room) = (tokens[number / OF_A_USER].clone(), rooms[number % rooms.len()].clone());
        async move {
            for attempt in 1_u64.. {
                if let Ok(socket) = Socket::reach(address, json!({"token": token})).await
                    && has_joined(&socket, &room).await
                {
                    return socket;
                }
                // How long a client waits before it tries again is its own affair.
                tokio::time::sleep(Duration::from_millis(100 * attempt.min(20) + number as u64 % 100)).await;
            }
            unreachable!("it tries for ever")
        }
    };
    let everybody = || join_all((0..clients).map(come));
    let within = Duration::from_secs(60);
    let before = everybody().await;
    crowd.says(50).await;
    let ended = lone.stop();
    assert!(ended.code == Some(0) && ended.took < Duration::from_secs(10), "{:?}: {}", ended.took, ended.err);
    lone.run();
    let after = tokio::time::timeout(within, everybody()).await.expect("all are back within a minute");
    crowd.says(50).await;
    drop(before);
    crowd.check(&lone).await;
    assert_eq!(after.len(), clients);
    drop(after);
    lone.is_unharmed();
}

/// Whether a socket could join a room, and is still there.
async fn has_joined(socket: &Socket, room: &str) -> bool {
    let asked = socket.begin("join-room", json!({"roomId": room})).await;
    while let Some(heard) = socket.next().await {
        if let Heard::Ack(of, ack) = heard
            && of == asked
        {
            return ack["ok"] == json!(true);
        }
    }
    false
}
