//! Calls while the store is away: nothing waits for long, nothing that was refused has happened, and what happened is
//! stored in the end.

use serde_json::json;
use tincan::model::CallStatus;
use tincan::store::Store;

use crate::support::app::App;
use crate::support::socket::timed;
use crate::support::troubled::Troubled;

/// Waits until the store has no call that goes on.
async fn all_ended(store: &Troubled) {
    let ended = async {
        loop {
            let calls = store.dump_calls(None, 1000).await.expect("calls can be read");
            if calls.iter().all(|call| call.status == CallStatus::Ended) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timed("the end of every call in the store", ended).await;
}

#[tokio::test]
async fn a_call_that_the_store_refuses_has_not_happened_and_leaves_nobody_busy() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (here, there) = (ann.socket().await, bob.socket().await);
    store.refuse("change_call");
    here.refused("initiate-call", json!({"to": bob.id}), "storage").await;
    assert!(there.came("incoming-call").await.is_empty());
    store.heal("change_call");
    here.ok("initiate-call", json!({"to": bob.id})).await;
    let rung = there.event("incoming-call").await;
    store.refuse("change_call");
    there.refused("accept-call", json!({"callId": rung["callId"]}), "storage").await;
    assert!(here.came("call-accepted").await.is_empty());
    store.heal("change_call");
    there.ok("accept-call", json!({"callId": rung["callId"]})).await;
    here.event("call-accepted").await;
}

#[tokio::test]
async fn a_call_does_not_wait_for_another_one_that_waits_for_the_store() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let (a, b, c, d) = (ann.socket().await, bob.socket().await, cat.socket().await, dan.socket().await);
    let gate = store.hold("change_call");
    let held = a.begin("initiate-call", json!({"to": bob.id})).await;
    store.begun("change_call", 1).await;
    store.heal("change_call");
    c.ok("initiate-call", json!({"to": dan.id})).await;
    d.event("incoming-call").await;
    gate.add_permits(1);
    assert_eq!(a.acked(held).await["ok"], true);
    b.event("incoming-call").await;
}

#[tokio::test]
async fn a_lost_connection_is_told_at_once_while_the_store_is_away_and_stored_when_it_is_back() {
    let (app, store) = App::troubled(|config| config.call_grace = std::time::Duration::from_millis(300)).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (here, there) = (ann.socket().await, bob.socket().await);
    let call = here.ok("initiate-call", json!({"to": bob.id})).await["callId"].clone();
    there.ok("accept-call", json!({})).await;
    store.refuse("change_call");
    there.drop_line();
    here.event("call-away").await;
    here.event("call-ended").await;
    // Nobody is busy, and the history tells what happened, before the store has it.
    let history = ann.get("/api/calls").await.expect(reqwest::StatusCode::OK);
    assert_eq!((&history[0]["id"], &history[0]["status"]), (&call, &json!("ended")));
    store.heal("change_call");
    all_ended(&store).await;
}

#[tokio::test]
async fn a_change_that_the_store_took_without_an_answer_is_put_right_in_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (here, _there) = (ann.socket().await, bob.socket().await);
    store.leave_unanswered("change_call");
    here.refused("initiate-call", json!({"to": bob.id}), "storage").await;
    store.heal("change_call");
    all_ended(&store).await;
    here.ok("initiate-call", json!({"to": bob.id})).await;
}

#[tokio::test]
async fn two_who_ring_each_other_at_once_are_in_one_call_and_the_store_agrees() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (here, there) = (ann.socket().await, bob.socket().await);
    for _ in 0..10 {
        let gate = store.hold("change_call");
        let before = store.count("change_call");
        let (one, other) = (
            here.begin("initiate-call", json!({"to": bob.id})).await,
            there.begin("initiate-call", json!({"to": ann.id})).await,
        );
        store.begun("change_call", before + 2).await;
        store.heal("change_call");
        // Records of calls that are over may wait at the gate too.
        gate.add_permits(16);
        let (one, other) = (here.acked(one).await, there.acked(other).await);
        assert_ne!(one["ok"], other["ok"], "{one} {other}");
        here.ok("end-call", json!({})).await;
        all_ended(&store).await;
    }
}
