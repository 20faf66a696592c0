//! Several servers on one replica set are one server to their clients. Each server here is a process of its own.
//!
//! Every test here needs a `mongod` and is ignored by a plain `cargo test`; `script/test` finds or fetches one and runs
//! them.

mod accounts;
mod calls;
mod chat;
mod dying;
mod faults;
mod people;
mod presence;
mod races;
mod signalling;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::User;
use crate::support::cluster::Cluster;
use crate::support::socket::{Socket, timed};

/// Asks a server again and again until it says what must be true of it soon.
async fn until(what: &str, asker: &User<'_>, path: &str, holds: impl Fn(&Value) -> bool) {
    timed(what, async {
        while !holds(&asker.get(path).await.expect(StatusCode::OK)) {
            // REST tells nobody when an answer changes: it is asked again.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Waits until every server that runs knows how many users have a socket in the room.
async fn present(cluster: &Cluster<'_>, asker: &User<'_>, room: &str, count: usize) {
    for server in (0..cluster.len()).filter(|server| cluster.runs(*server)) {
        let holds = |room: &Value| room["onlineCount"] == json!(count);
        until("who is in the room", &asker.at(server), &format!("/api/rooms/{room}"), holds).await;
    }
}

/// Waits until every server that runs knows whether a user is connected.
async fn connected(cluster: &Cluster<'_>, user: &User<'_>, online: bool) {
    for server in (0..cluster.len()).filter(|server| cluster.runs(*server)) {
        let holds = |users: &Value| {
            let mut users = users.as_array().expect("a list").iter();
            users.any(|one| one["id"] == json!(user.id) && one["online"] == json!(online))
        };
        until("who is connected", &user.at(server), &format!("/api/users?search={}", user.name), holds).await;
    }
}

/// A socket of the user at each server in turn, from the first one on. Every server knows of every socket, and nothing
/// is left that any
/// was told.
async fn at_each<const N: usize>(cluster: &Cluster<'_>, users: [&User<'_>; N]) -> [Socket; N] {
    let mut sockets = Vec::new();
    for (number, user) in users.into_iter().enumerate() {
        sockets.push(user.at(number % cluster.len()).socket().await);
    }
    for user in users {
        connected(cluster, user, true).await;
    }
    // Where each is told of all in a room, each server knows of all.
    let room = users[0].room(&format!("where they meet, {}", sockets[0].id)).await;
    meet(&room, &sockets).await;
    users[0].delete(&format!("/api/rooms/{room}")).await.expect(StatusCode::NO_CONTENT);
    for socket in &sockets {
        socket.event_where("room-deleted", |told| told["roomId"] == json!(room)).await;
        socket.heard().await;
    }
    sockets.try_into().ok().expect("one for each")
}

/// As [`at_each`], in a room that all have joined.
async fn in_room<const N: usize>(cluster: &Cluster<'_>, room: &str, users: [&User<'_>; N]) -> [Socket; N] {
    let sockets = at_each(cluster, users).await;
    meet(room, &sockets).await;
    let ids: BTreeSet<_> = users.iter().map(|user| &user.id).collect();
    present(cluster, users[0], room, ids.len()).await;
    for socket in &sockets {
        socket.heard().await;
    }
    sockets
}

/// All join a room, each until it is told of all.
async fn meet(room: &str, sockets: &[Socket]) {
    for socket in sockets {
        socket.ok("join-room", json!({"roomId": room})).await;
    }
    for socket in sockets {
        timed("all who are in the room", async {
            loop {
                let told = socket.ok("join-room", json!({"roomId": room})).await["participants"].to_string();
                if sockets.iter().all(|one| told.contains(&one.id)) {
                    return;
                }
                // What each join is answered with is looked at, for which there is no event: it is asked again.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}
