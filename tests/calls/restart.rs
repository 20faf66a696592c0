//! Calls over a restart of the server.

use std::time::Duration;

use serde_json::json;

use super::{accept, accepted, ended, newest, peer, ring, ring_room, told};
use crate::support::app::App;

#[tokio::test]
async fn a_call_that_was_active_goes_on_as_if_all_had_just_dropped() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (one, two, three) = (ann.socket_in(&room).await, bob.socket_in(&room).await, cat.socket_in(&room).await);
    let call = ring_room(&one, &room).await;
    accept(&two, &call).await;
    let before = newest(&ann).await;
    let parts = [ann.part(), bob.part(), cat.part()];
    let app = app.restart(|_| {}).await;
    let [ann, bob, cat] = parts.map(|part| app.known(part));
    drop((one, two, three));
    assert_eq!(newest(&ann).await, before);
    let one = ann.socket().await;
    let expected = json!({
        "callId": call, "callType": "video", "status": "active", "roomId": room, "answeredAt": before["answeredAt"],
        "socketId": null,
    });
    assert_eq!(one.session["call"], expected);
    assert_eq!(accept(&one, &call).await, json!([]));
    let two = bob.socket().await;
    assert_eq!(accept(&two, &call).await, json!([peer(&ann, &one)]));
    assert_eq!(told(&one).await, json!([accepted(&call, &bob, &two)]));
    // Who was rung still is.
    let three = cat.socket().await;
    assert_eq!(three.event("incoming-call").await["callId"], call);
    assert_eq!(accept(&three, &call).await, json!([peer(&ann, &one), peer(&bob, &two)]));
}

#[tokio::test]
async fn who_does_not_come_back_after_a_restart_is_out() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    accept(&callee, &call).await;
    let parts = [ann.part(), bob.part()];
    let app = app.restart(|config| config.call_grace = Duration::from_secs(2)).await;
    let [ann, bob] = parts.map(|part| app.known(part));
    drop((caller, callee));
    let back = ann.socket().await;
    accept(&back, &call).await;
    assert_eq!(json!(["call-ended", back.event("call-ended").await]), ended(&call, &bob, "disconnected"));
    assert_eq!(newest(&bob).await["endReason"], "disconnected");
}

#[tokio::test]
async fn a_call_that_rang_has_ended() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    let parts = [ann.part(), bob.part()];
    let app = app.restart(|_| {}).await;
    let [ann, bob] = parts.map(|part| app.known(part));
    drop((caller, callee));
    let stored = newest(&bob).await;
    let shown = (&stored["id"], &stored["status"], &stored["endReason"]);
    assert_eq!(shown, (&call, &json!("ended"), &json!("disconnected")));
    let callee = bob.socket().await;
    assert_eq!(callee.session.get("call"), None);
    assert_eq!(told(&callee).await, json!([]));
    // Both are free.
    ring(&ann.socket().await, &bob).await;
}
