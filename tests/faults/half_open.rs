//! A client whose packets get lost: neither side is told, and the server finds out by itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::crowd::Servers;
use crate::support::lone::Lone;
use crate::support::skip::skipped;
use crate::support::socket::Socket;

/// Ping interval and timeout of the server, and two seconds.
const NOTICED: Duration = Duration::from_secs(25 + 20 + 2);

/// A network namespace with two cables that lead into it.
struct Namespace(String);

/// Our ends, and theirs.
const CABLES: [(&str, &str); 2] = [("10.213.1.1", "10.213.1.2"), ("10.213.2.1", "10.213.2.2")];

fn ip(arguments: &str) -> bool {
    let path = "/usr/bin:/bin:/usr/sbin:/sbin";
    let ran = Command::new("ip").args(arguments.split(' ')).env("PATH", path).output();
    ran.is_ok_and(|ran| ran.status.success())
}

impl Namespace {
    /// `None`, with the reason noted, where none can be made.
    fn new() -> Option<Self> {
        let name = format!("tincan{}", std::process::id());
        let mut made = ip(&format!("netns add {name}")) && ip(&format!("-n {name} link set lo up"));
        let namespace = Self(name.clone());
        for (number, (ours, theirs)) in CABLES.into_iter().enumerate() {
            let (near, far) = (namespace.cable(number), format!("far{number}"));
            made = made
                && ip(&format!("link add {near} type veth peer name {far} netns {name}"))
                && ip(&format!("addr add {ours}/24 dev {near}"))
                && ip(&format!("-n {name} addr add {theirs}/24 dev {far}"))
                && ip(&format!("link set {near} up"))
                && ip(&format!("-n {name} link set {far} up"));
        }
        if !made {
            skipped("the test of lost packets: no network namespace can be made");
        }
        made.then_some(namespace)
    }

    fn cable(&self, number: usize) -> String {
        format!("tc{}n{number}", std::process::id())
    }

    /// From now on nothing comes through.
    fn cut(&self, cable: usize) {
        assert!(ip(&format!("link set {} down", self.cable(cable))), "it is cut");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What was not made cannot be removed.
        for cable in 0..CABLES.len() {
            ip(&format!("link del {}", self.cable(cable)));
        }
        ip(&format!("netns del {}", self.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_packets_get_lost_is_missed_in_time() {
    let Some(namespace) = Namespace::new() else { return };
    let host = |cable: usize| CABLES[cable].1.parse::<Ipv4Addr>().expect("an address");
    let lone = Lone::start_in_namespace(&namespace.0, host(0));
    let (ann, bob) = (lone.entrance().user("ann").await, lone.entrance().user("bob").await);
    let room = ann.room("Kitchen").await;
    let other = SocketAddr::from((host(1), lone.address().port()));
    let watcher = Socket::connect(other, json!({"token": ann.token})).await.expect("a session");
    watcher.ok("join-room", json!({"roomId": room})).await;
    let lost = bob.socket_in(&room).await;
    watcher.event("user-joined").await;
    namespace.cut(0);
    let since = Instant::now();
    let left = async {
        // Pings are answered where something is waited for.
        while watcher.came("user-left").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(NOTICED, left).await.expect("it is missed in time");
    println!("missed after {:?}", since.elapsed());
    drop(lost);
}
