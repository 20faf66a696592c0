//! Calls whose servers die or go: what goes on, and what ends.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{at_each, connected, until};
use crate::calls::{accept, accepted, ended, newest, over, peer, ring, told};
use crate::support::app::User;
use crate::support::cluster::{Cluster, Deployment};
use crate::support::socket::{Socket, timed};

/// An active call between two; nothing that they were told is left over.
async fn active(caller: &Socket, callee: &Socket, whom: &User<'_>) -> Value {
    let call = ring(caller, whom).await;
    callee.event("incoming-call").await;
    accept(callee, &call).await;
    caller.event("call-accepted").await;
    call
}

/// Waits until the server of the user knows by which socket the user is in a call.
async fn in_call_by(user: &User<'_>, socket: &Value) {
    timed("who is in the call", async {
        while user.socket().await.session["call"]["socketId"] != *socket {
            // A session is told on connecting alone: it is connected again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Waits until the socket is in the call.
async fn in_call(socket: &Socket, call: &Value) {
    timed("the socket is in the call", async {
        let to_all = || json!({"callId": call, "candidate": null});
        while socket.ask("webrtc-ice-candidate", to_all()).await["ok"] != json!(true) {
            // Nobody tells a beginner who is back: it is asked again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Each of the two reaches the other's socket in the call.
async fn they_talk(call: &Value, (ann, one): (&User<'_>, &Socket), (bob, other): (&User<'_>, &Socket)) {
    for (from, to, user) in [(one, other, bob), (other, one, ann)] {
        from.ok("webrtc-offer", json!({"to": user.id, "callId": call, "offer": {"sdp": "v=0"}})).await;
        assert_eq!(to.event("webrtc-offer").await["fromSocketId"], json!(from.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn when_a_server_is_killed_who_comes_back_elsewhere_talks_on_and_who_does_not_is_out() {
    let cluster = Cluster::with(Deployment::shared().await, &["--call-grace", "3s"]).await;
    let (ann, bob) = (cluster.user("ann").await.at(0), cluster.user("bob").await.at(2));
    let (cat, dan) = (cluster.user("cat").await.at(0), cluster.user("dan").await.at(2));
    let [one, lost] = at_each(&cluster, [&ann, &bob]).await;
    let [third, gone] = at_each(&cluster, [&cat, &dan]).await;
    let kept = active(&one, &lost, &bob).await;
    let ending = active(&third, &gone, &dan).await;
    cluster.kill(1);
    // At once, before anybody can know that the server is dead.
    let back = bob.socket().await;
    assert_eq!(back.session["call"]["callId"], kept);
    assert_eq!(accept(&back, &kept).await, json!([peer(&ann, &one)]));
    let told_of_it = json!(["call-accepted", one.event("call-accepted").await]);
    assert_eq!(told_of_it, accepted(&kept, &bob, &back));
    they_talk(&kept, (&ann, &one), (&bob, &back)).await;
    // The other one's grace runs out, and so would this one's.
    assert_eq!(json!(["call-ended", third.event("call-ended").await]), ended(&ending, &dan, "disconnected"));
    assert_eq!(newest(&dan).await["endReason"], "disconnected");
    assert_eq!(newest(&ann).await["status"], "active");
    they_talk(&kept, (&ann, &one), (&bob, &back)).await;
    back.ok("end-call", json!({})).await;
    assert_eq!(json!(["call-ended", one.event("call-ended").await]), ended(&kept, &bob, "hangup"));
    // Nobody is busy for ever.
    let fourth = dan.socket().await;
    connected(&cluster, &dan, true).await;
    ring(&one, &dan).await;
    fourth.event("incoming-call").await;
    ring(&third, &bob).await;
    back.event("incoming-call").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_ring_whose_server_is_killed_ends_where_the_caller_does_not_come_back() {
    let cluster = Cluster::with(Deployment::shared().await, &["--call-grace", "1s"]).await;
    let (bob, ann) = (cluster.user("bob").await.at(0), cluster.user("ann").await.at(2));
    let [callee, caller] = at_each(&cluster, [&bob, &ann]).await;
    let call = ring(&caller, &bob).await;
    callee.event("incoming-call").await;
    cluster.kill(1);
    let told_of_it = callee.event("call-ended").await;
    assert_eq!((&told_of_it["callId"], &told_of_it["reason"]), (&call, &json!("cancelled")));
    assert_eq!(newest(&bob).await["status"], "ended");
    let back = ann.socket().await;
    connected(&cluster, &ann, true).await;
    assert_eq!(back.session.get("call"), None);
    ring(&callee, &ann).await;
    back.event("incoming-call").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_caller_whose_server_is_killed_comes_back_elsewhere_and_is_answered() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (bob, ann) = (cluster.user("bob").await.at(0), cluster.user("ann").await.at(2));
    let [callee, caller] = at_each(&cluster, [&bob, &ann]).await;
    let call = ring(&caller, &bob).await;
    callee.event("incoming-call").await;
    cluster.kill(1);
    let back = ann.socket().await;
    assert_eq!((&back.session["call"]["callId"], &back.session["call"]["status"]), (&call, &json!("ringing")));
    in_call(&back, &call).await;
    assert_eq!(accept(&callee, &call).await, json!([peer(&ann, &back)]));
    assert_eq!(json!(["call-accepted", back.event("call-accepted").await]), accepted(&call, &bob, &callee));
    they_talk(&call, (&ann, &back), (&bob, &callee)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_rung_while_the_server_is_killed_is_rung_again_elsewhere() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await.at(0), cluster.user("bob").await.at(2));
    let [caller, callee] = at_each(&cluster, [&ann, &bob]).await;
    let call = ring(&caller, &bob).await;
    callee.event("incoming-call").await;
    cluster.kill(1);
    let back = bob.socket().await;
    assert_eq!(back.event("incoming-call").await["callId"], call);
    assert_eq!(accept(&back, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(json!(["call-accepted", caller.event("call-accepted").await]), accepted(&call, &bob, &back));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_ring_whose_server_is_killed_rings_out_once_on_the_others() {
    let settings = ["--ring-timeout", "3s", "--call-grace", "60s"];
    let cluster = Cluster::with(Deployment::shared().await, &settings).await;
    let (bob, ann) = (cluster.user("bob").await.at(0), cluster.user("ann").await.at(2));
    let [one, caller, other] = at_each(&cluster, [&bob, &ann, &bob]).await;
    let call = ring(&caller, &bob).await;
    cluster.kill(1);
    for socket in [&one, &other] {
        socket.event("incoming-call").await;
        assert_eq!(json!(["call-ended", socket.event("call-ended").await]), over(&call, "timeout"));
    }
    assert_eq!(newest(&bob).await["endReason"], "timeout");
    let back = ann.socket().await;
    connected(&cluster, &ann, true).await;
    let next = ring(&back, &bob).await;
    for socket in [&one, &other] {
        assert_eq!(socket.event("incoming-call").await["callId"], next);
        assert_eq!(told(socket).await, json!([]), "it ended once");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_call_goes_on_when_the_server_of_one_of_the_two_is_shut_down() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await.at(0), cluster.user("bob").await.at(2));
    let [one, lost] = at_each(&cluster, [&ann, &bob]).await;
    let call = active(&one, &lost, &bob).await;
    assert_eq!(cluster.stop(1).code, Some(0));
    assert_eq!(one.event("call-away").await["fromSocketId"], json!(lost.id));
    in_call_by(&bob, &json!(null)).await;
    let back = bob.socket().await;
    accept(&back, &call).await;
    assert_eq!(json!(["call-accepted", one.event("call-accepted").await]), accepted(&call, &bob, &back));
    they_talk(&call, (&ann, &one), (&bob, &back)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_call_goes_on_when_every_server_was_killed() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [one, other] = at_each(&cluster, [&ann, &bob]).await;
    let call = active(&one, &other, &bob).await;
    (0..cluster.len()).for_each(|server| cluster.kill(server));
    for server in 0..cluster.len() {
        cluster.run(server).await;
    }
    let (one, other) = (ann.at(2).socket().await, bob.at(0).socket().await);
    accept(&one, &call).await;
    accept(&other, &call).await;
    let at_last = |told: &Value| told["fromSocketId"] == json!(other.id);
    one.event_where("call-accepted", at_last).await;
    they_talk(&call, (&ann, &one), (&bob, &other)).await;
    one.ok("end-call", json!({})).await;
    for user in [&ann, &bob] {
        let over = |calls: &Value| calls[0]["status"] == json!("ended");
        until("the end of the call", user, "/api/calls?limit=1", over).await;
        user.get("/api/auth/me").await.expect(StatusCode::OK);
    }
}
