//! Joining and leaving while the store is in trouble: a refused event changes nothing, and is answered in time.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{App, User};
use crate::support::socket::timed;

/// Waits until the room has so many participants.
async fn participants(user: &User<'_>, room: &str, count: u64) {
    let there = async {
        while user.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["participantCount"] != count {}
    };
    timed("the number of participants", there).await;
}

#[tokio::test]
async fn a_join_that_is_refused_after_it_was_stored_is_taken_back() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (here, watcher) = (ann.socket().await, bob.socket_in(&room).await);
    store.refuse("messages");
    here.refused("join-room", json!({"roomId": room, "after": 0}), "storage").await;
    participants(&bob, &room, 1).await;
    watcher.event_where("user-left", |left| left["userId"] == json!(ann.id)).await;
    store.heal("messages");
    here.ok("join-room", json!({"roomId": room, "after": 0})).await;
    participants(&bob, &room, 2).await;
}

#[tokio::test]
async fn a_join_that_the_store_carried_out_without_an_answer_is_taken_back() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let here = ann.socket().await;
    store.leave_unanswered("add_participant");
    store.refuse("remove_participant");
    here.refused("join-room", json!({"roomId": room}), "storage").await;
    store.begun("remove_participant", 1).await;
    store.heal("remove_participant");
    participants(&ann, &room, 0).await;
}

#[tokio::test]
async fn who_took_part_before_a_refused_join_goes_on_taking_part() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    ann.socket_in(&room).await.drop_line();
    let (again, watcher) = (ann.socket().await, bob.socket_in(&room).await);
    store.refuse("messages");
    again.refused("join-room", json!({"roomId": room, "after": 0}), "storage").await;
    watcher.event_where("user-left", |left| left["userId"] == json!(ann.id)).await;
    participants(&bob, &room, 2).await;
}

#[tokio::test]
async fn joins_that_wait_for_one_that_found_the_store_away_are_answered_with_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let (first, second) = (ann.socket().await, ann.socket().await);
    let gate = store.hold("add_participant");
    let waiting = first.begin("join-room", json!({"roomId": room})).await;
    store.begun("add_participant", 1).await;
    let behind = second.begin("join-room", json!({"roomId": room})).await;
    second.emit("typing", json!({"roomId": room, "typing": true})).await;
    store.refuse("room");
    gate.add_permits(1);
    assert_eq!(first.acked(waiting).await["code"], "storage");
    assert_eq!(second.acked(behind).await["code"], "storage");
}
