//! Calls as clients live them: what is acknowledged, who is told what, who is not, and what the history says
//! afterwards.

mod absence;
mod direct;
mod group;
mod leaving;
mod refusals;
mod restart;
mod trouble;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::User;
use crate::support::socket::Socket;

/// The events that calls are told by, and failures that nobody asked to have acknowledged.
const EVENTS: [&str; 9] = [
    "incoming-call",
    "call-accepted",
    "call-rejected",
    "call-away",
    "call-left",
    "call-ended",
    "media-state",
    "room-call",
    "error",
];

/// All that a socket was told of calls by now, and that nobody asked for yet, in order: `[[event, payload], …]`.
pub(crate) async fn told(socket: &Socket) -> Value {
    let heard = socket.heard().await.into_iter().filter(|(name, _)| EVENTS.contains(&name.as_str()));
    heard.map(|(name, payload)| json!([name, payload])).collect()
}

/// Rings a user, and answers with the call's id.
pub(crate) async fn ring(caller: &Socket, whom: &User<'_>) -> Value {
    begin(caller, json!({"to": whom.id})).await
}

/// Rings a room, and answers with the call's id.
pub(crate) async fn ring_room(caller: &Socket, room: &str) -> Value {
    begin(caller, json!({"roomId": room})).await
}

async fn begin(caller: &Socket, payload: Value) -> Value {
    let ack = caller.ok("initiate-call", payload).await;
    assert_eq!(ack, json!({"ok": true, "callId": ack["callId"], "status": "ringing"}));
    ack["callId"].clone()
}

/// Accepts it, and answers with the peers.
pub(crate) async fn accept(callee: &Socket, call: &Value) -> Value {
    let ack = callee.ok("accept-call", json!({"callId": call})).await;
    assert_eq!(ack, json!({"ok": true, "callId": call, "peers": ack["peers"]}));
    ack["peers"].clone()
}

/// The user's newest call in the history.
pub(crate) async fn newest(user: &User<'_>) -> Value {
    let mut calls = user.get("/api/calls?limit=1").await.expect(StatusCode::OK);
    calls.get_mut(0).map(Value::take).unwrap_or_default()
}

/// As a user stands in a Room or a Call.
fn named(user: &User<'_>) -> Value {
    json!({"_id": user.id, "id": user.id, "username": user.name})
}

/// As a socket stands in the answer to `accept-call`.
pub(crate) fn peer(user: &User<'_>, socket: &Socket) -> Value {
    json!({"userId": user.id, "username": user.name, "socketId": socket.id})
}

/// `call-accepted`, by this socket.
pub(crate) fn accepted(call: &Value, user: &User<'_>, socket: &Socket) -> Value {
    let payload = json!({"callId": call, "from": user.id, "fromSocketId": socket.id, "fromUsername": user.name});
    json!(["call-accepted", payload])
}

/// `call-ended`, because of this user.
pub(crate) fn ended(call: &Value, by: &User<'_>, reason: &str) -> Value {
    json!(["call-ended", {"callId": call, "from": by.id, "reason": reason}])
}

/// `call-ended` that nobody brought about.
pub(crate) fn over(call: &Value, reason: &str) -> Value {
    json!(["call-ended", {"callId": call, "reason": reason}])
}
