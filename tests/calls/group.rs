//! Calls in a room: who is rung, who answers, who comes later, and what the room is told.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{accept, accepted, ended, named, newest, over, peer, ring, ring_room, told};
use crate::support::app::{App, User};
use crate::support::socket::Socket;

/// `room-call`, where the call was begun by the first of those who are in.
pub(crate) fn room_call(room: &str, call: &Value, status: &str, inside: &[&User<'_>]) -> Value {
    let inside: Vec<Value> = inside.iter().map(|user| named(user)).collect();
    let call = json!({
        "callId": call, "callType": "video", "status": status, "createdBy": inside[0], "participants": inside,
    });
    json!(["room-call", {"roomId": room, "call": call}])
}

/// `room-call` where none goes on any more.
pub(crate) fn no_call(room: &str) -> Value {
    json!(["room-call", {"roomId": room, "call": null}])
}

/// What rings in a room.
pub(crate) fn incoming(room: &str, call: &Value, from: &User<'_>, socket: &Socket) -> Value {
    json!(["incoming-call", {
        "callId": call, "from": from.id, "fromSocketId": socket.id, "fromUsername": from.name, "callType": "video",
        "roomId": room,
    }])
}

#[tokio::test]
async fn everyone_else_in_the_room_who_is_free_is_rung_and_the_room_shows_the_call() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let room = ann.room("Kitchen").await;
    let (caller, one) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    // Who is in the room with one socket is rung on all; who takes part without a socket there, or is busy, is not.
    let elsewhere = bob.socket().await;
    let (busy, away) = (cat.socket_in(&room).await, dan.socket_in(&room).await);
    away.ok("leave-room", json!(room)).await;
    let other_call = ring(&busy, &dan).await;
    told(&away).await;
    let call = ring_room(&caller, &room).await;
    let shown = room_call(&room, &call, "ringing", &[&ann]);
    assert_eq!(told(&caller).await, json!([shown]));
    assert_eq!(told(&one).await, json!([incoming(&room, &call, &ann, &caller), shown]));
    assert_eq!(told(&elsewhere).await, json!([incoming(&room, &call, &ann, &caller)]));
    assert_eq!(told(&busy).await, json!([shown]));
    assert_eq!(told(&away).await, json!([]));
    assert_eq!(newest(&ann).await["invited"], json!([named(&bob)]));
    assert_eq!(newest(&bob).await["room"], json!(room));
    let of_room = dan.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    assert_eq!(of_room["call"], shown[1]["call"]);
    let listed = dan.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(listed[0]["call"], shown[1]["call"]);
    assert_eq!(dan.socket().await.ok("join-room", json!(room)).await["room"]["call"], shown[1]["call"]);
    assert_eq!(newest(&cat).await["id"], other_call);
}

#[tokio::test]
async fn the_first_answer_makes_it_active_and_all_who_are_in_hear_of_each_further_one() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let caller = ann.socket_in(&room).await;
    let (two, three) = (bob.socket_in(&room).await, cat.socket_in(&room).await);
    let other = cat.socket_in(&room).await;
    let call = ring_room(&caller, &room).await;
    for socket in [&caller, &two, &three, &other] {
        told(socket).await;
    }
    assert_eq!(accept(&two, &call).await, json!([peer(&ann, &caller)]));
    let shown = room_call(&room, &call, "active", &[&ann, &bob]);
    assert_eq!(told(&caller).await, json!([accepted(&call, &bob, &two), shown]));
    assert_eq!(told(&two).await, json!([shown]));
    assert_eq!(told(&three).await, json!([shown]));
    told(&other).await;
    let answered = newest(&ann).await["answeredAt"].clone();
    assert_eq!(accept(&three, &call).await, json!([peer(&ann, &caller), peer(&bob, &two)]));
    let shown = room_call(&room, &call, "active", &[&ann, &bob, &cat]);
    assert_eq!(told(&caller).await, json!([accepted(&call, &cat, &three), shown]));
    assert_eq!(told(&two).await, json!([accepted(&call, &cat, &three), shown]));
    assert_eq!(told(&other).await, json!([ended(&call, &cat, "answered-elsewhere"), shown]));
    let stored = newest(&cat).await;
    assert_eq!(stored["participants"], json!([named(&ann), named(&bob), named(&cat)]));
    assert_eq!((&stored["status"], &stored["answeredAt"]), (&json!("active"), &answered));
    // What is on goes to all others who are in, and to nobody else.
    two.ok("media-state", json!({"audio": true, "video": true, "screen": false})).await;
    for socket in [&caller, &three] {
        assert_eq!(socket.event("media-state").await["fromSocketId"], json!(two.id));
    }
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn whoever_is_in_the_room_may_come_later_and_come_back() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let room = ann.room("Kitchen").await;
    let (caller, two) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let rejects = cat.socket_in(&room).await;
    let call = ring_room(&caller, &room).await;
    rejects.ok("reject-call", json!({"callId": call, "reason": "later"})).await;
    accept(&two, &call).await;
    // One who has rejected.
    assert_eq!(accept(&rejects, &call).await, json!([peer(&ann, &caller), peer(&bob, &two)]));
    // One who came to the room since.
    let late = dan.socket().await;
    late.refused("accept-call", json!({"callId": call}), "not_allowed").await;
    late.ok("join-room", json!(room)).await;
    assert_eq!(told(&late).await, json!([]), "who comes to the room is not rung");
    let ack = late.ok("accept-call", json!({"roomId": room})).await;
    assert_eq!((&ack["callId"], ack["peers"].as_array().map(Vec::len)), (&call, Some(3)));
    // One who has hung up.
    two.ok("end-call", json!({})).await;
    told(&caller).await;
    assert_eq!(accept(&two, &call).await.as_array().map(Vec::len), Some(3));
    let shown = room_call(&room, &call, "active", &[&ann, &cat, &dan, &bob]);
    assert_eq!(told(&caller).await, json!([accepted(&call, &bob, &two), shown]));
    let stored = newest(&dan).await;
    assert_eq!(stored["participants"], json!([named(&ann), named(&bob), named(&cat), named(&dan)]));
    assert_eq!(stored["invited"], json!([named(&bob), named(&cat)]));
}

#[tokio::test]
async fn a_rejection_is_told_to_all_who_are_in_and_the_call_rings_on() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let caller = ann.socket_in(&room).await;
    let (two, three) = (bob.socket_in(&room).await, cat.socket_in(&room).await);
    let other = cat.socket().await;
    let call = ring_room(&caller, &room).await;
    for socket in [&caller, &two, &three, &other] {
        told(socket).await;
    }
    three.ok("end-call", json!({"callId": call})).await;
    let rejected = json!(["call-rejected", {"callId": call, "from": cat.id, "fromUsername": "cat"}]);
    assert_eq!(told(&caller).await, json!([rejected]));
    assert_eq!(told(&other).await, json!([ended(&call, &cat, "rejected-elsewhere")]));
    assert_eq!(told(&two).await, json!([]));
    three.refused("reject-call", json!({"callId": call}), "not_allowed").await;
    three.refused("end-call", json!({"callId": call}), "not_allowed").await;
    assert_eq!(newest(&cat).await["status"], "ringing");
    two.ok("reject-call", json!({})).await;
    assert_eq!(caller.event("call-rejected").await["from"], json!(bob.id));
    assert_eq!(newest(&ann).await["status"], "ringing", "it rings on, though it rings nobody");
    accept(&three, &call).await;
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_rung_no_more_and_the_call_goes_on() {
    let app = App::with(|config| config.ring_timeout = Duration::from_millis(400)).await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let caller = ann.socket_in(&room).await;
    let (two, three) = (bob.socket_in(&room).await, cat.socket_in(&room).await);
    let call = ring_room(&caller, &room).await;
    accept(&two, &call).await;
    assert_eq!(json!(["call-ended", three.event("call-ended").await]), over(&call, "timeout"));
    for socket in [&caller, &two] {
        assert!(socket.came("call-ended").await.is_empty(), "who is in talks on");
    }
    three.refused("reject-call", json!({"callId": call}), "not_allowed").await;
    three.refused("end-call", json!({}), "call_not_found").await;
    accept(&three, &call).await;
    assert_eq!(newest(&cat).await["status"], "active");
}

#[tokio::test]
async fn where_nobody_answers_in_time_it_ends_for_the_beginner_too() {
    let app = App::with(|config| config.ring_timeout = Duration::from_millis(300)).await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (caller, two) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let call = ring_room(&caller, &room).await;
    told(&caller).await;
    two.event("call-ended").await;
    assert_eq!(told(&caller).await, json!([over(&call, "timeout"), no_call(&room)]));
    assert_eq!(newest(&bob).await["endReason"], "timeout");
    assert_eq!(bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["call"], json!(null));
    ring_room(&two, &room).await;
}

#[tokio::test]
async fn sixteen_are_in_a_call_at_most_and_who_is_away_for_the_grace_counts() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    let room = ann.room("Kitchen").await;
    let caller = ann.socket_in(&room).await;
    let mut others = Vec::new();
    for number in 0..16 {
        others.push(app.user(&format!("user{number}")).await.socket_in(&room).await);
    }
    let call = ring_room(&caller, &room).await;
    let last = others.pop().unwrap();
    for socket in &others {
        accept(socket, &call).await;
    }
    last.refused("accept-call", json!({"callId": call}), "limit_reached").await;
    others.pop().unwrap().drop_line();
    caller.event("call-away").await;
    last.refused("accept-call", json!({"callId": call}), "limit_reached").await;
    others.pop().unwrap().ok("end-call", json!({})).await;
    assert_eq!(accept(&last, &call).await.as_array().map(Vec::len), Some(14));
}
