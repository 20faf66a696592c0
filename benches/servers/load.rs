//! What the bus writes under load, and what it costs one server that is alone.

use std::collections::HashMap;
use std::time::Instant;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use mongodb::bson::doc;
use serde_json::json;

use crate::figures::{SPAN, joined, servers};
use crate::mongod::Mongod;
use crate::process::Server;
use crate::report;

/// How many inserts a collection has taken, as the members count them together.
async fn inserts(deployment: &Mongod) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    for node in &deployment.nodes {
        let client = node.client().await;
        let top = client.database("admin").run_command(doc! { "top": 1 }).await.expect("what is used most");
        let totals = top.get_document("totals").expect("a list");
        for (name, figures) in totals {
            let count = figures.as_document().and_then(|figures| figures.get_document("insert").ok());
            let count = count.and_then(|insert| insert.get("count")).and_then(number);
            *counts.entry(name.clone()).or_default() += count.unwrap_or_default();
        }
    }
    counts
}

fn number(value: &mongodb::bson::Bson) -> Option<i64> {
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

/// Writes of the bus while everybody types and signals as fast as they are acknowledged.
pub(crate) async fn writes(deployment: &Mongod) {
    const SOCKETS: usize = 60;
    let servers = servers(deployment, "writes", 3).await;
    let token = servers[0].user("ann").await;
    let room = servers[0].room(&token, "Kitchen").await;
    let before = inserts(deployment).await;
    let begun = Instant::now();
    let flood = (0..SOCKETS).map(|socket| {
        let (server, room) = (&servers[socket % servers.len()], room.clone());
        let token = &token;
        async move {
            let mut socket = joined(server, token, &room).await;
            let mut count = 0_u32;
            while begun.elapsed() < SPAN {
                socket.ask("typing", json!({"roomId": room, "typing": true})).await;
                count += 1;
            }
            count
        }
    });
    let events: u32 = join_all(flood).await.into_iter().sum();
    let seconds = begun.elapsed().as_secs_f64();
    let after = inserts(deployment).await;
    for (name, count) in after.iter().filter(|(name, _)| name.starts_with("writes.tincan_")) {
        let more = count - before.get(name).copied().unwrap_or_default();
        if more > 0 {
            let each = more as f64 / seconds / servers.len() as f64;
            let figure = format!("inserts into {name} a second and server, {events} events");
            report(&figure, &format!("{each:.0}"), "≤ 200");
        }
    }
}

/// One server on MongoDB, as it was and as it is, in turn.
pub(crate) async fn before(deployment: &Mongod) {
    #[expect(clippy::disallowed_methods, reason = "a setting of the benchmark, not of the server")]
    let Ok(older) = std::env::var("BEFORE") else {
        return report("one server on MongoDB, before and after", "skipped", "the path of an older build in BEFORE");
    };
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..4 {
        for (which, program) in [older.as_str(), env!("CARGO_BIN_EXE_tincan")].into_iter().enumerate() {
            let url = deployment.url(&format!("before_{round}_{which}"));
            rates[which].push(rate(&Server::build_on_mongo(program, &url).await).await);
        }
    }
    let median = |mut rates: Vec<Rate>, of: fn(&Rate) -> f64| {
        rates.sort_by(|one, other| of(one).total_cmp(&of(other)));
        (of(&rates[1]) + of(&rates[2])) / 2.0
    };
    let [old, new] = rates;
    for (name, of) in
        [("durable sends", (|rate| rate.sends) as fn(&Rate) -> f64), ("deliveries", |rate| rate.deliveries)]
    {
        let (old, new) = (median(old.clone(), of), median(new.clone(), of));
        let figure = format!("{name} a second of one server on MongoDB, before {old:.0}");
        report(&figure, &format!("{new:.0}, {:+.1} %", (new / old - 1.0) * 100.0), "within 5 %");
    }
}

#[derive(Clone)]
struct Rate {
    sends: f64,
    deliveries: f64,
}

/// Members of rooms who each send again as soon as they are acknowledged, and all that they are told.
async fn rate(server: &Server) -> Rate {
    const ROOMS: usize = 40;
    const MEMBERS: usize = 5;
    let token = server.user("ann").await;
    let tokens: Vec<String> = stream::iter(0..ROOMS * MEMBERS / 50)
        .map(|number| async move { server.user(&format!("user{number}")).await })
        .buffered(8)
        .collect()
        .await;
    let mut sockets = Vec::new();
    for number in 0..ROOMS {
        let room = server.room(&token, &format!("room {number}")).await;
        for member in 0..MEMBERS {
            let token = &tokens[(number * MEMBERS + member) / 50];
            sockets.push((joined(server, token, &room).await, room.clone()));
        }
    }
    let begun = Instant::now();
    let senders = sockets.into_iter().map(|(mut socket, room)| {
        tokio::spawn(async move {
            let (mut sends, mut deliveries) = (0_u32, 0_u32);
            while begun.elapsed() < SPAN / 2 {
                socket.emit("send-message", json!({"roomId": room, "content": "of everyday length"})).await;
                loop {
                    let packet = socket.next().await;
                    if packet.starts_with("431[") {
                        break;
                    }
                    deliveries += u32::from(packet.starts_with("42[\"new-message\""));
                }
                sends += 1;
            }
            (sends, deliveries)
        })
    });
    let counts: Vec<(u32, u32)> = join_all(senders).await.into_iter().map(|count| count.expect("no panic")).collect();
    let seconds = begun.elapsed().as_secs_f64();
    let sum = |of: fn(&(u32, u32)) -> u32| f64::from(counts.iter().map(of).sum::<u32>()) / seconds;
    Rate { sends: sum(|count| count.0), deliveries: sum(|count| count.1) }
}
