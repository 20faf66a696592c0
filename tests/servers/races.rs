//! What happens at the same moment on several servers comes out as if one had come after the other.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{at_each, connected, present, until};
use crate::calls::{accept, newest, ring, ring_room, told};
use crate::support::cluster::{Cluster, Deployment};
use crate::support::socket::Socket;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_two_who_ring_each_other_one_rings_and_the_other_is_told_by_which_call() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [one, other] = at_each(&cluster, [&ann, &bob]).await;
    for round in 0..15 {
        let (first, second) = tokio::join!(
            one.ask("initiate-call", json!({"to": bob.id})),
            other.ask("initiate-call", json!({"to": ann.id}))
        );
        let (won, lost, callee) =
            if first["ok"] == json!(true) { (first, second, &other) } else { (second, first, &one) };
        assert_eq!(won["ok"], json!(true), "one of the two rings: {won} {lost}");
        let shown = (&lost["ok"], &lost["code"], &lost["callId"]);
        assert_eq!(shown, (&json!(false), &json!("user_busy"), &won["callId"]), "round {round}: {lost}");
        callee.event_where("incoming-call", |told| told["callId"] == won["callId"]).await;
        accept(callee, &won["callId"]).await;
        callee.ok("end-call", json!({"callId": won["callId"]})).await;
        let caller = if std::ptr::eq(callee, &one) { &other } else { &one };
        caller.event("call-accepted").await;
        caller.event_where("call-ended", |told| told["callId"] == won["callId"]).await;
        for user in [&ann, &bob] {
            // Of calls of one second on two servers either may be listed first.
            let calls = user.get("/api/calls").await.body;
            let calls = calls.as_array().expect("a list");
            assert_eq!(calls.len(), round + 1, "the one that was refused left nothing: {calls:?}");
            let call = calls.iter().find(|call| call["id"] == won["callId"]).expect("it is in the history");
            assert_eq!(call["status"], "ended");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_two_sockets_that_accept_at_once_one_is_in_the_call_and_all_agree_which() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [caller, one, other] = at_each(&cluster, [&ann, &bob, &bob]).await;
    for _ in 0..10 {
        let call = ring(&caller, &bob).await;
        one.event("incoming-call").await;
        other.event("incoming-call").await;
        let payload = || json!({"callId": call});
        let (first, second) = tokio::join!(one.ask("accept-call", payload()), other.ask("accept-call", payload()));
        // Both are acknowledged: who comes second takes the call over.
        assert_eq!((&first["ok"], &second["ok"]), (&json!(true), &json!(true)), "{first} {second}");
        caller.event("call-accepted").await;
        let last = caller.event("call-accepted").await["fromSocketId"].clone();
        assert!(last == json!(one.id) || last == json!(other.id), "{last}");
        caller.ok("webrtc-offer", json!({"to": bob.id, "callId": call, "offer": {"sdp": "v=0"}})).await;
        let (inside, outside) = if last == json!(one.id) { (&one, &other) } else { (&other, &one) };
        inside.event("webrtc-offer").await;
        let ended = outside.event("call-ended").await;
        assert_eq!((&ended["callId"], &ended["reason"]), (&call, &json!("answered-elsewhere")));
        for server in 0..cluster.len() {
            let session = bob.at(server).socket().await.session;
            assert_eq!(session["call"]["socketId"], last, "server {server}: {session}");
        }
        caller.ok("end-call", payload()).await;
        inside.event_where("call-ended", |told| told["reason"] == "hangup").await;
        assert_eq!(outside.came("webrtc-offer").await, Vec::<Value>::new());
        for socket in [&caller, &one, &other] {
            told(socket).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_joins_at_one_server_while_the_last_socket_leaves_at_another_ends_as_all_agree() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let room = ann.room("Kitchen").await;
    let [listener, mut inside, mut outside] = at_each(&cluster, [&ann, &bob, &bob]).await;
    let join = || json!({"roomId": room});
    listener.ok("join-room", join()).await;
    inside.ok("join-room", join()).await;
    for _ in 0..15 {
        tokio::join!(outside.ok("join-room", join()), inside.ok("leave-room", join()));
        // However the two fell, the one that joined is in the room.
        outside.ok("send-message", json!({"roomId": room, "content": "in"})).await;
        inside.refused("typing", json!({"roomId": room, "typing": true}), "not_in_room").await;
        present(&cluster, &ann, &room, 2).await;
        for server in 0..cluster.len() {
            let takes_part = |room: &Value| room["participants"].to_string().contains(&bob.id);
            until("that bob takes part", &ann.at(server), &format!("/api/rooms/{room}"), takes_part).await;
        }
        let at_last = |told: &Value| {
            let mut all = told["participants"].as_array().expect("a list").iter();
            all.any(|one| one["userId"] == json!(bob.id) && one["socketIds"] == json!([outside.id]))
        };
        listener.event_where("room-participants", at_last).await;
        listener.heard().await;
        std::mem::swap(&mut inside, &mut outside);
    }
}

/// So many sockets as there are users, at the servers in turn, in the room.
async fn crowd_in(cluster: &Cluster<'_>, room: &str, count: usize) -> Vec<Socket> {
    let enter = |number: usize| async move {
        let user = cluster.user(&format!("user{number}")).await;
        user.at(number % cluster.len()).socket_in(room).await
    };
    let mut sockets = Vec::new();
    for first in (0..count).step_by(10) {
        sockets.extend(join_all((first..count.min(first + 10)).map(enter)).await);
    }
    sockets
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_fifty_who_want_into_one_call_at_once_on_three_servers_sixteen_are_in() {
    const MOST: usize = 16;
    let cluster = Cluster::start(Deployment::shared().await).await;
    let ann = cluster.user("ann").await;
    let room = ann.room("Kitchen").await;
    let beginner = ann.at(0).socket_in(&room).await;
    let others = crowd_in(&cluster, &room, 49).await;
    present(&cluster, &ann, &room, 50).await;
    let call = ring_room(&beginner, &room).await;
    for socket in &others {
        socket.event("incoming-call").await;
    }
    let answers = join_all(others.iter().map(|socket| socket.ask("accept-call", json!({"callId": call})))).await;
    let inside: Vec<&Socket> = others
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer["ok"] == json!(true))
        .map(|(socket, _)| socket)
        .collect();
    let full = answers.iter().filter(|answer| answer["code"] == "limit_reached").count();
    assert_eq!((inside.len(), full), (MOST - 1, 49 - (MOST - 1)), "{answers:?}");
    let mut ids: BTreeSet<String> = inside.iter().map(|socket| socket.session["userId"].to_string()).collect();
    ids.insert(json!(ann.id).to_string());
    let whole = |told: &Value| {
        let people = told["call"]["participants"].as_array();
        people.is_some_and(|people| people.iter().map(|one| one["id"].to_string()).collect::<BTreeSet<_>>() == ids)
    };
    for socket in [&beginner].into_iter().chain(&others) {
        socket.event_where("room-call", whole).await;
    }
    // Each of them answers to one who came before or after: nobody has two for one, and nobody is left out.
    for socket in &inside {
        let came = socket.came("call-accepted").await.len();
        let number = others.iter().position(|one| std::ptr::eq(one, *socket)).expect("it is one of them");
        let before = answers[number]["peers"].as_array().map_or(0, Vec::len);
        assert_eq!(before + came, MOST - 1, "who was in, and who came after");
    }
    // All hang up at once. Whoever is alone at last finds that it is over.
    let leaving = inside.iter().copied().chain([&beginner]);
    for answer in join_all(leaving.map(|socket| socket.ask("end-call", json!({"callId": call})))).await {
        assert!(answer["ok"] == json!(true) || answer["code"] == "call_not_found", "{answer}");
    }
    for socket in [&beginner].into_iter().chain(&others) {
        socket.event_where("room-call", |told| told["call"].is_null()).await;
    }
    assert_eq!(newest(&ann).await["status"], "ended");
    connected(&cluster, &ann, true).await;
    let again = ring_room(inside[0], &room).await;
    for socket in [&beginner].into_iter().chain(others.iter().filter(|one| !std::ptr::eq(*one, inside[0]))) {
        socket.event_where("incoming-call", |told| told["callId"] == again).await;
    }
}
