//! The history of calls and what a browser needs to make one, over REST.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tincan::config::IceServer;

use crate::support::app::App;

fn ids(body: &Value) -> Vec<&str> {
    body.as_array().expect("a list").iter().map(|call| call["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_call_is_in_the_history_of_both_and_of_nobody_else() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let ack = caller.ok("initiate-call", json!({"to": bob.id, "callType": "audio"})).await;
    callee.event("incoming-call").await;
    let ringing = ann.get("/api/calls").await.expect(StatusCode::OK);
    assert_eq!((&ringing[0]["status"], &ringing[0]["id"]), (&json!("ringing"), &ack["callId"]));
    callee.ok("accept-call", json!({"callId": ack["callId"]})).await;
    caller.ok("end-call", json!({"callId": ack["callId"]})).await;
    callee.event("call-ended").await;
    let (of_ann, of_bob) = (
        json!({"_id": ann.id, "id": ann.id, "username": "ann"}),
        json!({"_id": bob.id, "id": bob.id, "username": "bob"}),
    );
    let body = bob.get("/api/calls").await.expect(StatusCode::OK);
    let call = &body[0];
    let expected = json!([{
        "_id": ack["callId"], "id": ack["callId"], "callType": "audio", "status": "ended", "createdBy": of_ann,
        "participants": [of_ann, of_bob], "invited": [of_bob], "createdAt": call["createdAt"],
        "answeredAt": call["answeredAt"], "endedAt": call["endedAt"], "endReason": "hangup",
    }]);
    assert_eq!(body, expected);
    assert_eq!(ann.get("/api/calls").await.expect(StatusCode::OK), expected);
    assert_eq!(eve.get("/api/calls").await.expect(StatusCode::OK), json!([]));
}

#[tokio::test]
async fn calls_come_newest_first_and_any_id_is_a_place_in_the_order() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let socket = ann.socket().await;
    for _ in 0..3 {
        // Kept as calls that ended, for both to see.
        socket.refused("initiate-call", json!({"to": bob.id}), "user_offline").await;
    }
    let all = bob.get("/api/calls").await.expect(StatusCode::OK);
    let all = ids(&all);
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by(|one, next| one > next), "{all:?}");
    let page = bob.get("/api/calls?limit=1").await.expect(StatusCode::OK);
    assert_eq!(ids(&page), all[..1]);
    let page = bob.get(&format!("/api/calls?before={}", all[0])).await.expect(StatusCode::OK);
    assert_eq!(ids(&page), all[1..]);
    let page = bob.get("/api/calls?before=ffffffffffffffffffffffff").await.expect(StatusCode::OK);
    assert_eq!(ids(&page), all);
    let page = bob.get("/api/calls?before=000000000000000000000000").await.expect(StatusCode::OK);
    assert_eq!(page, json!([]));
    for query in
        ["before=", "before=7", "before=FFFFFFFFFFFFFFFFFFFFFFFF", "limit=201", "limit=0", "limit=x", "limit=1&limit=1"]
    {
        let body = bob.get(&format!("/api/calls?{query}")).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(body["errors"][0]["location"], "query", "{query}");
    }
}

#[tokio::test]
async fn ice_servers_come_as_a_browser_takes_them() {
    let app = App::with(|config| {
        config.ice_servers = vec![
            IceServer { urls: vec!["stun:stun.example.com".to_owned()], username: None, credential: None },
            IceServer {
                urls: vec!["turn:turn.example.com".to_owned()],
                username: Some("u".to_owned()),
                credential: Some("c".to_owned()),
            },
        ];
    })
    .await;
    let body = app.user("ann").await.get("/api/ice-servers").await.expect(StatusCode::OK);
    let expected = json!([
        {"urls": ["stun:stun.example.com"]},
        {"urls": ["turn:turn.example.com"], "username": "u", "credential": "c"},
    ]);
    assert_eq!(body, json!({"iceServers": expected, "ttl": 86400}));
}
