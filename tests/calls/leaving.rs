//! How those who are in a call in a room, or rung by it, go: by hanging up, by leaving the room, with the room itself.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::group::{no_call, room_call};
use super::{accept, ended, named, newest, ring_room, told};
use crate::support::app::{App, User};
use crate::support::socket::Socket;

/// A call in a new room that these are in, the first being the beginner; further ones are rung. Nothing that they were
/// told is left over.
async fn call_of(room: &str, inside: &[&Socket], rung: &[&Socket]) -> Value {
    let call = ring_room(inside[0], room).await;
    for socket in &inside[1..] {
        accept(socket, &call).await;
    }
    for socket in inside.iter().chain(rung) {
        told(socket).await;
    }
    call
}

/// `call-left`, with which the call goes on.
fn left(call: &Value, user: &User<'_>, socket: &str, reason: &str) -> Value {
    json!(["call-left", {"callId": call, "from": user.id, "fromSocketId": socket, "reason": reason}])
}

#[tokio::test]
async fn who_hangs_up_leaves_the_others_to_talk_on_until_one_alone_is_left() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let room = ann.room("Kitchen").await;
    let (one, two) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let (three, four) = (cat.socket_in(&room).await, dan.socket_in(&room).await);
    let call = call_of(&room, &[&one, &two, &three], &[&four]).await;
    // The beginner may go as well as anybody.
    one.ok("end-call", json!({"callId": call})).await;
    let mut shown = room_call(&room, &call, "active", &[&bob, &cat]);
    shown[1]["call"]["createdBy"] = named(&ann);
    assert_eq!(told(&two).await, json!([left(&call, &ann, &one.id, "hangup"), shown]));
    assert_eq!(told(&three).await, json!([left(&call, &ann, &one.id, "hangup"), shown]));
    assert_eq!(told(&one).await, json!([shown]));
    assert_eq!(told(&four).await, json!([shown]));
    two.ok("end-call", json!({})).await;
    assert_eq!(told(&three).await, json!([ended(&call, &bob, "hangup"), no_call(&room)]));
    assert_eq!(told(&four).await, json!([ended(&call, &bob, "cancelled"), no_call(&room)]));
    assert_eq!(told(&two).await, json!([no_call(&room)]));
    let stored = newest(&dan).await;
    assert_eq!((&stored["status"], &stored["endReason"]), (&json!("ended"), &json!("hangup")));
    three.refused("end-call", json!({"callId": call}), "call_not_found").await;
}

#[tokio::test]
async fn hanging_up_from_another_socket_names_the_one_that_was_in() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let call = call_of(&room, &[&one, &two, &three], &[]).await;
    let other = bob.socket().await;
    other.ok("end-call", json!({})).await;
    let shown = room_call(&room, &call, "active", &[&ann, &cat]);
    assert_eq!(told(&one).await, json!([left(&call, &bob, &two.id, "hangup"), shown]));
    assert_eq!(told(&two).await, json!([ended(&call, &bob, "hangup"), shown]));
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn a_call_in_a_room_that_nobody_has_answered_is_taken_back_from_all() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let call = call_of(&room, &[&one], &[&two, &three]).await;
    one.ok("end-call", json!({})).await;
    assert_eq!(told(&one).await, json!([no_call(&room)]));
    for socket in [&two, &three] {
        assert_eq!(told(socket).await, json!([ended(&call, &ann, "cancelled"), no_call(&room)]));
    }
    assert_eq!(newest(&cat).await["endReason"], "cancelled");
    let call = call_of(&room, &[&one], &[&two, &three]).await;
    one.drop_line();
    for socket in [&two, &three] {
        let cancelled = socket.event("call-ended").await;
        assert_eq!((&cancelled["callId"], &cancelled["reason"]), (&call, &json!("cancelled")));
    }
}

#[tokio::test]
async fn who_leaves_the_room_leaves_its_call() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let other = bob.socket_in(&room).await;
    let call = call_of(&room, &[&one, &two, &three], &[&other]).await;
    // While another of the user's sockets is in the room, nothing happens to the call.
    two.ok("leave-room", json!(room)).await;
    assert_eq!(told(&one).await, json!([]));
    other.ok("leave-room", json!(room)).await;
    let shown = room_call(&room, &call, "active", &[&ann, &cat]);
    assert_eq!(told(&one).await, json!([left(&call, &bob, &two.id, "hangup"), shown]));
    assert_eq!(
        told(&two).await,
        json!([ended(&call, &bob, "hangup")]),
        "its call is over, and it hears of the room no more"
    );
    three.ok("leave-room", json!({"roomId": room, "all": true})).await;
    assert_eq!(told(&one).await, json!([ended(&call, &cat, "hangup"), no_call(&room)]));
    assert_eq!(newest(&ann).await["endReason"], "hangup");
}

#[tokio::test]
async fn who_is_rung_and_leaves_the_room_is_rung_no_more_and_no_longer_invited() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let other = bob.socket().await;
    let call = call_of(&room, &[&one], &[&two, &three, &other]).await;
    two.ok("leave-room", json!(room)).await;
    for socket in [&two, &other] {
        let cancelled = json!(["call-ended", {"callId": call, "reason": "cancelled"}]);
        assert_eq!(told(socket).await, json!([cancelled]));
    }
    assert_eq!(told(&one).await, json!([]));
    assert_eq!(newest(&ann).await["invited"], json!([named(&cat)]));
    assert_eq!(newest(&bob).await, json!(null));
    two.refused("accept-call", json!({"callId": call}), "not_allowed").await;
    // Who comes back to the room is not rung again, but may accept.
    two.ok("join-room", json!(room)).await;
    assert_eq!(told(&two).await, json!([]));
    accept(&two, &call).await;
    assert_eq!(newest(&bob).await["participants"], json!([named(&ann), named(&bob)]));
}

#[tokio::test]
async fn the_end_of_the_room_is_the_end_of_its_call() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let room = ann.room("Kitchen").await;
    let (one, two) = (bob.socket_in(&room).await, cat.socket_in(&room).await);
    let rung = dan.socket_in(&room).await;
    let call = call_of(&room, &[&one, &two], &[&rung]).await;
    assert_eq!(ann.delete(&format!("/api/rooms/{room}")).await.status, StatusCode::NO_CONTENT);
    for (socket, reason) in [(&one, "hangup"), (&two, "hangup"), (&rung, "cancelled")] {
        let heard = told(socket).await;
        assert_eq!(heard, json!([["call-ended", {"callId": call, "reason": reason}], no_call(&room)]));
    }
    let stored = newest(&bob).await;
    assert_eq!((&stored["endReason"], &stored["room"]), (&json!("hangup"), &json!(room)));
    one.refused("accept-call", json!({"callId": call}), "call_not_found").await;
}
