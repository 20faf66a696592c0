//! Signals between people on different servers.

use serde_json::{Value, json};

use super::{at_each, in_room};
use crate::support::app::User;
use crate::support::cluster::{Cluster, Deployment};
use crate::support::socket::Socket;

fn offer(number: u64) -> Value {
    json!({"type": "offer", "sdp": format!("v=0 {number}")})
}

/// As the receiver has it.
fn from(user: &User<'_>, socket: &Socket, number: u64) -> Value {
    json!({"offer": offer(number), "from": user.id, "fromSocketId": socket.id, "fromUsername": user.name})
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_signal_reaches_whom_it_is_meant_for_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [sender, one, other] = in_room(&cluster, &room, [&ann, &bob, &bob]).await;
    // A user: all sockets of theirs.
    sender.ok("webrtc-offer", json!({"to": bob.id, "offer": offer(1)})).await;
    for socket in [&one, &other] {
        assert_eq!(socket.event("webrtc-offer").await, from(&ann, &sender, 1));
    }
    // A socket: that one. The next one that both get proves it.
    sender.ok("webrtc-offer", json!({"to": other.id, "offer": offer(2)})).await;
    assert_eq!(other.event("webrtc-offer").await, from(&ann, &sender, 2));
    // A room: every other socket in it.
    sender.ok("webrtc-offer", json!({"roomId": room, "offer": offer(3)})).await;
    for socket in [&one, &other] {
        let told = socket.event("webrtc-offer").await;
        assert_eq!(told["offer"], offer(3), "{told}");
    }
    assert_eq!(sender.came("webrtc-offer").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn signals_come_in_the_order_in_which_they_were_sent_and_none_is_missing() {
    const COUNT: u64 = 300;
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [sender, receiver] = in_room(&cluster, &room, [&ann, &bob]).await;
    let mut acks = Vec::new();
    for number in 0..COUNT {
        acks.push(sender.begin("webrtc-offer", json!({"to": bob.id, "offer": offer(number)})).await);
    }
    for ack in acks {
        assert_eq!(sender.acked(ack).await, json!({"ok": true}));
    }
    for number in 0..COUNT {
        assert_eq!(receiver.event("webrtc-offer").await, from(&ann, &sender, number));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_connected_nowhere_or_shares_nothing_is_told_apart_as_on_one_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let [sender, leaver] = in_room(&cluster, &room, [&ann, &bob]).await;
    let [stranger] = at_each(&cluster, [&cat]).await;
    leaver.drop_line();
    sender.event("user-left").await;
    sender.refused("webrtc-offer", json!({"to": bob.id, "offer": offer(1)}), "peer_unavailable").await;
    sender.refused("webrtc-offer", json!({"to": cat.id, "offer": offer(1)}), "not_allowed").await;
    sender.refused("webrtc-offer", json!({"to": stranger.id, "offer": offer(1)}), "not_allowed").await;
}
