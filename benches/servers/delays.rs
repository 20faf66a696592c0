//! How much later than on the same server something comes at another one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::client::Socket;
use crate::figures::{SPAN, joined, servers};
use crate::mongod::Mongod;
use crate::process::Server;
use crate::report;

/// Messages or signals a second.
const RATE: u32 = 200;
/// How long what was sent may take to come, all of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// When something with a number was sent, acknowledged, or came.
type Times = HashMap<u64, Instant>;

/// The number in a packet that this benchmark sent: it stands behind `#` and before the next quotation mark.
fn number_in(packet: &str) -> Option<u64> {
    packet.split('#').nth(1)?.split('"').next()?.parse().ok()
}

/// When each packet that begins so came; ends when all are there.
fn arrivals(mut socket: Socket, beginning: &'static str, count: u64) -> JoinHandle<(Times, bool)> {
    tokio::spawn(async move {
        let (mut times, mut in_order, mut last) = (Times::new(), true, None);
        while (times.len() as u64) < count {
            let packet = socket.until(beginning).await;
            let number = number_in(&packet).expect("one of ours");
            in_order &= last.is_none_or(|last| last < number);
            last = Some(number);
            times.insert(number, Instant::now());
        }
        (times, in_order)
    })
}

/// Milliseconds from one moment to another, in order; 0 where it came first.
fn delays(from: &Times, to: &Times) -> Vec<f64> {
    let delay = |(number, at): (&u64, &Instant)| to[number].saturating_duration_since(*at).as_secs_f64() * 1e3;
    let mut delays: Vec<f64> = from.iter().map(delay).collect();
    delays.sort_unstable_by(f64::total_cmp);
    delays
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// From the acknowledgement of a message to a socket on another server, and to one on the same.
pub(crate) async fn messages(deployment: &Mongod) {
    const SENDERS: u32 = 10;
    let servers = servers(deployment, "messages", 2).await;
    let token = servers[0].user("ann").await;
    let room = servers[0].room(&token, "Kitchen").await;
    let each = u64::from(RATE / SENDERS) * SPAN.as_secs();
    let count = each * u64::from(SENDERS);
    let near = arrivals(joined(&servers[0], &token, &room).await, "42[\"new-message\"", count);
    let far = arrivals(joined(&servers[1], &token, &room).await, "42[\"new-message\"", count);
    let senders = (0..SENDERS).map(|sender| send_paced(&servers[0], &token, &room, u64::from(sender) * each, each));
    let senders = join_all(join_all(senders).await).await;
    let acknowledged: Times = senders.into_iter().flat_map(|times| times.expect("no panic")).collect();
    let arrived = timeout(PATIENCE, async { (near.await, far.await) }).await.expect("none is missing");
    let (near, far) = (arrived.0.expect("no panic").0, arrived.1.expect("no panic").0);
    let (near, far) = (delays(&acknowledged, &near), delays(&acknowledged, &far));
    for (percent, reach) in [(50, 10.0), (99, 50.0)] {
        let (near, far) = (percentile(&near, percent), percentile(&far, percent));
        let figure = format!("message to another server after its ack, {RATE} a second, p{percent}");
        report(&figure, &format!("{far:.1} ms"), "");
        report("  more than on the same server", &format!("{:.1} ms", far - near), &format!("≤ {reach} ms"));
    }
}

/// A socket that says one numbered thing after another at an even pace: when each was acknowledged.
async fn send_paced(server: &Server, token: &str, room: &str, first: u64, count: u64) -> JoinHandle<Times> {
    let mut socket = joined(server, token, room).await;
    let (room, pace) = (room.to_owned(), SPAN / u32::try_from(count).expect("a few thousand"));
    tokio::spawn(async move {
        let (mut times, mut pace) = (Times::new(), interval(pace));
        for number in first..first + count {
            pace.tick().await;
            socket.ask("send-message", json!({"roomId": room, "content": format!("#{number}")})).await;
            times.insert(number, Instant::now());
        }
        times
    })
}

/// From a signal's sending to its arrival at somebody on another server.
pub(crate) async fn signals(deployment: &Mongod) {
    let servers = servers(deployment, "signals", 2).await;
    let (ann, bob) = (servers[0].user("ann").await, servers[1].user("bob").await);
    let room = servers[0].room(&ann, "Kitchen").await;
    let mut sender = joined(&servers[0], &ann, &room).await;
    let receiver = joined(&servers[1], &bob, &room).await;
    let to = user_id(&servers[1], &bob).await;
    let count = u64::from(RATE) * SPAN.as_secs();
    let arriving = arrivals(receiver, "42[\"webrtc-ice-candidate\"", count);
    let (mut sent, mut pace) = (Times::new(), interval(Duration::from_secs(1) / RATE));
    for number in 0..count {
        pace.tick().await;
        sent.insert(number, Instant::now());
        let candidate = json!({"candidate": format!("candidate:1 1 udp 2 192.0.2.1 5000 typ host #{number}")});
        sender.ask("webrtc-ice-candidate", json!({"to": to, "candidate": candidate})).await;
    }
    let arrived = timeout(PATIENCE, arriving).await;
    let Ok(arrived) = arrived else { return report("signals between two servers", "lost", "none lost") };
    let (arrived, in_order) = arrived.expect("no panic");
    let delays = delays(&sent, &arrived);
    let figure = format!("signal to another server, {RATE} a second, p50");
    report(&figure, &format!("{:.1} ms", percentile(&delays, 50)), "≤ 15 ms");
    report("  p99", &format!("{:.1} ms", percentile(&delays, 99)), "");
    report("  none lost, in order", if in_order { "yes" } else { "no" }, "yes");
}

/// The id of the user whose token this is.
async fn user_id(server: &Server, token: &str) -> String {
    let request = reqwest::Client::new().get(server.url("/api/auth/me")).bearer_auth(token);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["user"]["id"].as_str().expect("an id").to_owned()
}
