//! Calls between people on different servers.

use serde_json::{Value, json};

use super::{at_each, in_room};
use crate::calls::{accept, accepted, ended, newest, over, peer, ring, ring_room, told};
use crate::support::cluster::{Cluster, Deployment};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_call_is_rung_answered_talked_in_and_ended_over_three_servers() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [caller, callee, other] = at_each(&cluster, [&ann, &bob, &bob]).await;
    let call = ring(&caller, &bob).await;
    for socket in [&callee, &other] {
        let expected = json!({
            "callId": call, "from": ann.id, "fromSocketId": caller.id, "fromUsername": "ann", "callType": "video",
        });
        assert_eq!(socket.event("incoming-call").await, expected);
    }
    assert_eq!(accept(&callee, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(json!(["call-accepted", caller.event("call-accepted").await]), accepted(&call, &bob, &callee));
    assert_eq!(json!(["call-ended", other.event("call-ended").await]), ended(&call, &bob, "answered-elsewhere"));
    // With the call's id, it is for the socket that is in the call.
    caller.ok("webrtc-offer", json!({"to": bob.id, "callId": call, "offer": {"sdp": "v=0"}})).await;
    assert_eq!(callee.event("webrtc-offer").await["fromSocketId"], json!(caller.id));
    callee.ok("webrtc-answer", json!({"to": caller.id, "callId": call, "answer": {"sdp": "v=0"}})).await;
    assert_eq!(caller.event("webrtc-answer").await["fromSocketId"], json!(callee.id));
    callee.ok("media-state", json!({"callId": call, "audio": true, "video": false, "screen": false})).await;
    assert_eq!(caller.event("media-state").await["video"], json!(false));
    assert_eq!(newest(&ann.at(2)).await["status"], "active");
    let elsewhere = ann.at(2).socket().await;
    assert_eq!(
        (&elsewhere.session["call"]["callId"], &elsewhere.session["call"]["socketId"]),
        (&call, &json!(caller.id))
    );
    // Any socket of the user may hang up.
    elsewhere.ok("end-call", json!({})).await;
    for socket in [&caller, &callee] {
        assert_eq!(json!(["call-ended", socket.event("call-ended").await]), ended(&call, &ann, "hangup"));
    }
    assert_eq!(newest(&bob.at(0)).await["endReason"], "hangup");
    // Whatever else came, came before this ring; and both are free.
    let next = ring(&callee, &ann).await;
    caller.event_where("incoming-call", |told| told["callId"] == next).await;
    caller.ok("reject-call", json!({"callId": next, "reason": "busy"})).await;
    assert_eq!(callee.event("call-rejected").await["reason"], "busy");
    assert_eq!(told(&callee).await, json!([]));
    assert_eq!(told(&caller).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_group_call_is_one_call_on_all_servers() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let room = ann.room("Kitchen").await;
    let [one, two, three] = in_room(&cluster, &room, [&ann, &bob, &cat]).await;
    let call = ring_room(&one, &room).await;
    for socket in [&two, &three] {
        assert_eq!(socket.event("incoming-call").await["callId"], call);
    }
    let people = |told: &Value| told["call"]["participants"].as_array().map(Vec::len);
    accept(&two, &call).await;
    for socket in [&one, &two, &three] {
        socket.event_where("room-call", |told| people(told) == Some(2)).await;
    }
    let peers = accept(&three, &call).await;
    assert_eq!(peers, json!([peer(&ann, &one), peer(&bob, &two)]));
    for socket in [&one, &two] {
        let third = |told: &Value| told["fromSocketId"] == json!(three.id);
        socket.event_where("call-accepted", third).await;
    }
    for server in 0..cluster.len() {
        let room = bob.at(server).get(&format!("/api/rooms/{room}")).await.body;
        assert_eq!(room["call"]["participants"].as_array().map(Vec::len), Some(3), "{room}");
    }
    one.ok("end-call", json!({"callId": call})).await;
    for socket in [&two, &three] {
        let left = json!({"callId": call, "from": ann.id, "fromSocketId": one.id, "reason": "hangup"});
        assert_eq!(socket.event("call-left").await, left);
    }
    two.ok("end-call", json!({"callId": call})).await;
    assert_eq!(json!(["call-ended", three.event("call-ended").await]), ended(&call, &bob, "hangup"));
    for socket in [&one, &two, &three] {
        socket.event_where("room-call", |told| told["call"].is_null()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_ring_rings_out_once_on_every_server() {
    let cluster = Cluster::with(Deployment::shared().await, &["--ring-timeout", "1s"]).await;
    let (ann, bob) = (cluster.user("ann").await, cluster.user("bob").await);
    let [caller, one, other] = at_each(&cluster, [&ann, &bob, &bob]).await;
    for _ in 0..3 {
        let call = ring(&caller, &bob).await;
        for socket in [&caller, &one, &other] {
            assert_eq!(json!(["call-ended", socket.event("call-ended").await]), over(&call, "timeout"));
        }
        assert_eq!(newest(&bob.at(1)).await["endReason"], "timeout");
    }
    // All of it has come before what comes last.
    let last = ring(&caller, &bob).await;
    caller.ok("end-call", json!({"callId": last})).await;
    for socket in [&one, &other] {
        assert_eq!(json!(["call-ended", socket.event("call-ended").await]), ended(&last, &ann, "cancelled"));
        let rings = socket.already("incoming-call").await;
        assert_eq!(rings.len(), 4, "each ring rang once: {rings:?}");
        assert_eq!(told(socket).await, json!([]));
    }
    assert_eq!(told(&caller).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn who_is_in_a_call_on_one_server_is_busy_on_all() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let (ann, bob, cat) = (cluster.user("ann").await, cluster.user("bob").await, cluster.user("cat").await);
    let [caller, callee, third] = at_each(&cluster, [&ann, &bob, &cat]).await;
    let call = ring(&caller, &bob).await;
    callee.event("incoming-call").await;
    for busy in [&ann, &bob] {
        third.refused("initiate-call", json!({"to": busy.id}), "user_busy").await;
    }
    accept(&callee, &call).await;
    for busy in [&ann, &bob] {
        third.refused("initiate-call", json!({"to": busy.id}), "user_busy").await;
    }
    callee.refused("initiate-call", json!({"to": cat.id}), "user_busy").await;
    callee.ok("end-call", json!({})).await;
    for free in [&ann, &bob] {
        ring(&third, free).await;
        third.ok("end-call", json!({})).await;
    }
}
