//! Messages between people on different servers.

use std::collections::BTreeSet;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};

use super::in_room;
use crate::support::cluster::{Cluster, Deployment};
use crate::support::socket::Socket;

/// The next messages that come by themselves, as number and content.
async fn next_messages(socket: &Socket, count: usize) -> Vec<(u64, String)> {
    let mut messages = Vec::new();
    for _ in 0..count {
        let message = socket.event("new-message").await;
        let content = message["content"].as_str().expect("a text").to_owned();
        messages.push((message["seq"].as_u64().expect("a number"), content));
    }
    messages
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn messages_from_every_server_reach_every_socket_once_and_in_the_order_of_their_numbers() {
    const EACH: usize = 60;
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let sockets = in_room(&cluster, &room, [&ann, &bob, &cat]).await;
    let room = &room;
    let say = |socket: usize, number: usize| json!({"roomId": room, "content": format!("{socket}-{number}")});
    let sends = sockets.iter().enumerate().map(|(number, socket)| async move {
        let mut acks = Vec::new();
        for message in 0..EACH {
            acks.push(socket.begin("send-message", say(number, message)).await);
        }
        for ack in acks {
            let ack = socket.acked(ack).await;
            assert_eq!(ack["ok"], json!(true), "{ack}");
        }
    });
    futures_util::future::join_all(sends).await;
    let mut told = Vec::new();
    for socket in &sockets {
        let messages = next_messages(socket, EACH * sockets.len()).await;
        assert!(messages.iter().map(|(seq, _)| *seq).eq(1..=messages.len() as u64), "{messages:?}");
        told.push(messages);
    }
    assert!(told.iter().all(|messages| *messages == told[0]), "everybody is told the same");
    let contents: BTreeSet<_> = told[0].iter().map(|(_, content)| content).collect();
    assert_eq!(contents.len(), EACH * sockets.len(), "each once");
    // Nothing more comes: the next one that does is the next number.
    sockets[0].ok("send-message", say(0, EACH)).await;
    for socket in &sockets {
        assert_eq!(next_messages(socket, 1).await[0].0, told[0].len() as u64 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_message_that_is_repeated_at_another_server_is_the_first_one_and_told_once() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [one, other, listener] = in_room(&cluster, &room, [&ann, &ann, &bob]).await;
    let say = |text: &str| json!({"roomId": room, "content": text, "clientId": text});
    let first = one.ok("send-message", say("once")).await;
    let again = other.ok("send-message", say("once")).await;
    assert_eq!(again["message"], first["message"]);
    other.ok("send-message", say("after")).await;
    for socket in [&one, &other, &listener] {
        let told = next_messages(socket, 2).await;
        assert_eq!(told, [(1, "once".to_owned()), (2, "after".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_comes_back_at_another_server_gets_what_was_missed_there_and_then_what_is_new() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [sender, listener] = in_room(&cluster, &room, [&ann, &bob]).await;
    let say = |text: String| json!({"roomId": room, "content": text});
    sender.ok("send-message", say("1".to_owned())).await;
    listener.event("new-message").await;
    listener.drop_line();
    // While it comes back, there is more.
    let comes_back = async {
        let back = bob.at(2).socket().await;
        let joined = back.ok("join-room", json!({"roomId": room, "after": 1})).await;
        (back, joined)
    };
    let goes_on = async {
        for number in 2..=20 {
            sender.ok("send-message", say(number.to_string())).await;
        }
    };
    let ((back, joined), ()) = tokio::join!(comes_back, goes_on);
    let mut seen: Vec<u64> = joined["messages"].as_array().expect("a list").iter().filter_map(seq).collect();
    while seen.last() != Some(&20) {
        let next = seq(&back.event("new-message").await).expect("a number");
        if seen.last().is_none_or(|last| *last < next) {
            seen.push(next);
        }
    }
    assert!(seen.iter().copied().eq(2..=20), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn the_first_at_a_server_who_comes_into_a_room_is_told_what_follows_and_nothing_of_before() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let sender = ann.at(0).socket_in(&room).await;
    let say = |text: &str| json!({"roomId": room, "content": text});
    for text in ["1", "2", "3"] {
        sender.ok("send-message", say(text)).await;
    }
    let here = bob.at(2).socket_in(&room).await;
    sender.ok("send-message", say("4")).await;
    assert_eq!(seq(&here.event("new-message").await), Some(4));
}

fn seq(message: &Value) -> Option<u64> {
    message["seq"].as_u64()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn what_another_program_writes_into_the_database_is_told_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let sockets = in_room(&cluster, &room, [&ann, &bob, &cat]).await;
    let say = |text: &str| json!({"roomId": room, "content": text});
    sockets[0].ok("send-message", say("first")).await;
    let id = |text: &str| ObjectId::parse_str(text).expect("an id");
    let message = doc! {
        "room": id(&room), "sender": id(&bob.id), "senderName": "bob", "content": "as Mongoose writes it",
        "timestamp": DateTime::now(), "__v": 0,
    };
    cluster.database().await.collection::<Document>("messages").insert_one(message).await.expect("it is written");
    for socket in &sockets {
        let told = next_messages(socket, 2).await;
        assert_eq!(told, [(1, "first".to_owned()), (2, "as Mongoose writes it".to_owned())]);
    }
    sockets[1].ok("send-message", say("last")).await;
    for socket in &sockets {
        assert_eq!(next_messages(socket, 1).await, [(3, "last".to_owned())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_types_is_seen_on_every_server() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let sockets = in_room(&cluster, &room, [&ann, &bob, &cat]).await;
    for typing in [true, false] {
        sockets[0].ok("typing", json!({"roomId": room, "typing": typing})).await;
        for socket in &sockets[1..] {
            let expected = json!({"roomId": room, "userId": ann.id, "username": "ann", "typing": typing});
            assert_eq!(socket.event("typing").await, expected);
        }
    }
    assert_eq!(sockets[0].came("typing").await, Vec::<Value>::new(), "who types is not told");
}
