//! Connections that are lost in a call: the grace to come back, and what becomes of those who do not.

use std::time::Duration;

use serde_json::{Value, json};

use super::group::{incoming, no_call};
use super::{accept, accepted, ended, newest, peer, ring, ring_room, told};
use crate::support::app::{App, User};
use crate::support::socket::Socket;

async fn short_grace() -> App {
    App::with(|config| config.call_grace = Duration::from_millis(300)).await
}

/// An active call between two; nothing that they were told is left over.
async fn active(caller: &Socket, callee: &Socket, whom: &User<'_>) -> Value {
    let call = ring(caller, whom).await;
    accept(callee, &call).await;
    told(caller).await;
    told(callee).await;
    call
}

/// `call-away`, of this socket.
fn away(call: &Value, user: &User<'_>, socket: &str) -> Value {
    json!({"callId": call, "from": user.id, "fromSocketId": socket})
}

#[tokio::test]
async fn who_drops_out_takes_the_call_back_and_the_other_is_told_both() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = active(&caller, &callee, &bob).await;
    let gone = callee.id.clone();
    callee.drop_line();
    assert_eq!(caller.event("call-away").await, away(&call, &bob, &gone));
    let back = bob.socket().await;
    let stored = newest(&bob).await;
    let expected = json!({
        "callId": call, "callType": "video", "status": "active", "answeredAt": stored["answeredAt"], "socketId": null,
    });
    assert_eq!(back.session["call"], expected);
    assert_eq!(told(&back).await, json!([]), "who is in the call is not rung");
    back.refused("media-state", json!({"audio": true, "video": true, "screen": true}), "not_allowed").await;
    assert_eq!(accept(&back, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(told(&caller).await, json!([accepted(&call, &bob, &back)]));
    assert_eq!(newest(&ann).await["status"], "active");
    // Both away at once: the first one back has no peers yet.
    let gone = back.id.clone();
    back.drop_line();
    assert_eq!(caller.event("call-away").await, away(&call, &bob, &gone));
    caller.drop_line();
    let back = bob.socket().await;
    let gone_too = async { while bob.socket().await.session["call"]["socketId"] != json!(null) {} };
    crate::support::socket::timed("the end of the caller's socket", gone_too).await;
    let first = accept(&back, &call).await;
    let again = ann.socket().await;
    assert_eq!(accept(&again, &call).await, json!([peer(&bob, &back)]));
    assert_eq!(told(&back).await, json!([accepted(&call, &ann, &again)]));
    assert!(first == json!([]) || first[0]["userId"] == json!(ann.id), "{first}");
}

#[tokio::test]
async fn who_does_not_come_back_within_the_grace_is_out() {
    let app = short_grace().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = active(&caller, &callee, &bob).await;
    let other = bob.socket().await;
    callee.drop_line();
    caller.event("call-away").await;
    assert_eq!(json!(["call-ended", caller.event("call-ended").await]), ended(&call, &bob, "disconnected"));
    assert_eq!(json!(["call-ended", other.event("call-ended").await]), ended(&call, &bob, "disconnected"));
    assert_eq!(newest(&ann).await["endReason"], "disconnected");
    other.refused("accept-call", json!({"callId": call}), "call_not_found").await;
}

#[tokio::test]
async fn a_group_talks_on_without_one_who_does_not_come_back() {
    let app = short_grace().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let call = ring_room(&one, &room).await;
    accept(&two, &call).await;
    accept(&three, &call).await;
    let (second, third) = (two.id.clone(), three.id.clone());
    three.drop_line();
    for socket in [&one, &two] {
        assert_eq!(socket.event("call-away").await, away(&call, &cat, &third));
        let left = json!({"callId": call, "from": cat.id, "fromSocketId": third, "reason": "disconnected"});
        assert_eq!(socket.event("call-left").await, left);
    }
    // Who is out may come back, for the socket is in the room.
    let back = cat.socket_in(&room).await;
    assert_eq!(back.session.get("call"), None);
    accept(&back, &call).await;
    back.ok("end-call", json!({})).await;
    told(&one).await;
    two.drop_line();
    assert_eq!(one.event("call-away").await, away(&call, &bob, &second));
    assert_eq!(json!(["call-ended", one.event("call-ended").await]), ended(&call, &bob, "disconnected"));
    assert_eq!(told(&one).await, json!([no_call(&room)]));
    assert_eq!(newest(&cat).await["endReason"], "disconnected");
}

#[tokio::test]
async fn while_one_is_away_any_other_socket_of_theirs_may_hang_up() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee, other) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let call = active(&caller, &callee, &bob).await;
    told(&other).await;
    callee.drop_line();
    caller.event("call-away").await;
    other.ok("end-call", json!({})).await;
    assert_eq!(told(&caller).await, json!([ended(&call, &bob, "hangup")]));
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn a_socket_that_is_not_in_the_call_may_go() {
    let app = short_grace().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (caller, callee) = (ann.socket_in(&room).await, bob.socket().await);
    let bystander = bob.socket_in(&room).await;
    let call = active(&caller, &callee, &bob).await;
    bystander.drop_line();
    caller.event("user-left").await;
    let gone = callee.id.clone();
    callee.drop_line();
    // The first one that is told to be away is the one that was in.
    assert_eq!(caller.event("call-away").await, away(&call, &bob, &gone));
    assert_eq!(json!(["call-ended", caller.event("call-ended").await]), ended(&call, &bob, "disconnected"));
    assert_eq!(told(&caller).await, json!([]));
}

#[tokio::test]
async fn one_who_is_rung_and_goes_is_rung_again_on_coming_back() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    callee.event("incoming-call").await;
    callee.drop_line();
    let offline = async { while ann.get("/api/users?search=bob").await.body[0]["online"] != json!(false) {} };
    crate::support::socket::timed("bob's end", offline).await;
    let back = bob.socket().await;
    assert_eq!(back.event("incoming-call").await["callId"], call);
    assert_eq!(told(&caller).await, json!([]), "it rings on, and the caller hears nothing of it");
    accept(&back, &call).await;
}

#[tokio::test]
async fn one_who_is_rung_and_does_not_come_back_has_rejected() {
    let app = short_grace().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    callee.drop_line();
    let expected = json!({"callId": call, "from": bob.id, "fromUsername": "bob", "reason": "disconnected"});
    assert_eq!(caller.event("call-rejected").await, expected);
    assert_eq!(newest(&bob).await["endReason"], "rejected");
    assert_eq!(told(&bob.socket().await).await, json!([]));
}

#[tokio::test]
async fn in_a_group_only_the_last_socket_anywhere_of_one_who_is_rung_matters() {
    let app = short_grace().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let caller = ann.socket_in(&room).await;
    let (two, elsewhere, three) = (bob.socket_in(&room).await, bob.socket().await, cat.socket_in(&room).await);
    let call = ring_room(&caller, &room).await;
    two.drop_line();
    caller.event_where("user-left", |left| left["userId"] == json!(bob.id)).await;
    three.drop_line();
    // The grace of the second is over after that of the first would have been.
    let rejected = caller.event("call-rejected").await;
    assert_eq!((&rejected["from"], &rejected["reason"]), (&json!(cat.id), &json!("disconnected")));
    assert!(caller.came("call-rejected").await.is_empty());
    let ring = elsewhere.event("incoming-call").await;
    assert_eq!(json!(["incoming-call", ring]), incoming(&room, &call, &ann, &caller));
    accept(&elsewhere, &call).await;
    // Who went so is not rung again on coming back to the room, but may accept.
    let back = cat.socket_in(&room).await;
    assert_eq!(told(&back).await, json!([]));
    accept(&back, &call).await;
}
