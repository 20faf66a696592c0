//! Private and direct rooms: made, joined by being added, left, handed on, changed, deleted.

use reqwest::Method;
use serde_json::json;
use tincan::model::RoomKind;

use super::{assert_members, at_every_call, done, is_about, private, stored, user_id};
use crate::support::app::App;

#[tokio::test]
async fn a_private_room_that_is_made_is_whole_and_told_to_all_in_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let wish = json!({"name": fault.word, "kind": "private", "members": [bob.id]});
        let made = fault.during(async || ann.post("/api/rooms", wish.clone()).await).await;
        assert_eq!(made.status, 201, "{made:?}");
        let all = app.store().rooms_seen_by(user_id(&bob)).await.unwrap();
        let named: Vec<_> = all.iter().filter(|room| room.name == fault.word).collect();
        // One that was stored without an answer is there beside the one of the repetition.
        assert!((1..=2).contains(&named.len()), "{named:?}");
        for room in named {
            assert_members(&app, &room.id.to_string(), &[&ann, &bob]).await;
            bobs.event_where("room-created", is_about(&room.id.to_string())).await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_have_one_direct_room_and_are_told_of_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    at_every_call(&store, async |fault| {
        let bob = app.user(&fault.word).await;
        let bobs = bob.socket().await;
        let opened = fault.during(async || ann.post("/api/direct", json!({"userId": bob.id})).await).await;
        assert!(opened.status.is_success(), "{opened:?}");
        let room = opened.body["id"].as_str().unwrap();
        assert_eq!(bob.post("/api/direct", json!({"userId": ann.id})).await.body["id"], room);
        let of_bob = app.store().rooms_seen_by(user_id(&bob)).await.unwrap();
        assert_eq!(of_bob.iter().filter(|room| room.kind == RoomKind::Direct).count(), 1);
        bobs.event_where("room-created", is_about(room)).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_added_is_in_the_room_once_and_told_of_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[]).await;
        let members = format!("/api/rooms/{room}/members");
        let added = fault.during(async || ann.post(&members, json!({"userId": bob.id})).await).await;
        assert_eq!(added.status, 200, "{added:?}");
        assert_members(&app, &room, &[&ann, &bob]).await;
        bobs.event_where("room-created", is_about(&room)).await;
        bobs.ok("join-room", json!({"roomId": room})).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_removed_is_out_with_every_socket() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[&bob]).await;
        let (inside, outside) = (bob.socket_in(&room).await, bob.socket().await);
        let path = format!("/api/rooms/{room}/members/{}", bob.id);
        let removed = fault.during(async || ann.delete(&path).await).await;
        done(&removed, "user_not_found");
        for socket in [&inside, &outside] {
            assert_eq!(socket.event_where("room-deleted", is_about(&room)).await["reason"], "removed");
            socket.refused("join-room", json!({"roomId": room}), "room_not_found").await;
        }
        inside.refused("send-message", json!({"roomId": room, "content": "still here"}), "not_in_room").await;
        assert_members(&app, &room, &[&ann]).await;
    })
    .await;
}

#[tokio::test]
async fn a_room_whose_creator_leaves_is_handed_on_and_told_so() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob, cid) = (app.user("ann").await, app.user("bob").await, app.user("cid").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[&bob, &cid]).await;
        let path = format!("/api/rooms/{room}/members/{}", ann.id);
        let left = fault.during(async || ann.delete(&path).await).await;
        done(&left, "room_not_found");
        let told = bobs.event_where("room-updated", is_about(&room)).await;
        assert_eq!(told["createdBy"]["id"], json!(bob.id));
        assert_members(&app, &room, &[&bob, &cid]).await;
    })
    .await;
}

#[tokio::test]
async fn a_room_goes_with_the_last_who_leaves_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[]).await;
        let inside = ann.socket_in(&room).await;
        let path = format!("/api/rooms/{room}/members/{}", ann.id);
        let left = fault.during(async || ann.delete(&path).await).await;
        done(&left, "room_not_found");
        assert_eq!(inside.event_where("room-deleted", is_about(&room)).await["reason"], "removed");
        assert_eq!(stored(&app, &room).await, None);
    })
    .await;
}

#[tokio::test]
async fn who_leaves_an_open_room_by_rest_is_out_with_every_socket() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    at_every_call(&store, async |fault| {
        let room = ann.room(&fault.word).await;
        let (anns, bobs) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
        let path = format!("/api/rooms/{room}/members/{}", bob.id);
        let left = fault.during(async || bob.delete(&path).await).await;
        done(&left, "user_not_found");
        anns.event_where("user-left", is_about(&room)).await;
        bobs.refused("send-message", json!({"roomId": room, "content": "still here"}), "not_in_room").await;
        assert!(!stored(&app, &room).await.unwrap().has_participant(user_id(&bob)));
    })
    .await;
}

#[tokio::test]
async fn who_joins_and_leaves_by_a_socket_is_in_the_room_and_out_of_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let room = ann.room(&fault.word).await;
        fault.during_event(&bobs, "join-room", json!({"roomId": room})).await;
        assert!(stored(&app, &room).await.unwrap().has_participant(user_id(&bob)));
        bobs.ok("send-message", json!({"roomId": room, "content": "here"})).await;
    })
    .await;
    at_every_call(&store, async |fault| {
        let room = ann.room(&format!("{} again", fault.word)).await;
        bobs.ok("join-room", json!({"roomId": room})).await;
        fault.during_event(&bobs, "leave-room", json!({"roomId": room})).await;
        assert!(!stored(&app, &room).await.unwrap().has_participant(user_id(&bob)));
        bobs.refused("send-message", json!({"roomId": room, "content": "here"}), "not_in_room").await;
    })
    .await;
}

#[tokio::test]
async fn a_room_that_is_changed_or_deleted_is_so_for_all_in_it() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, "old", &[&bob]).await;
        let (path, name) = (format!("/api/rooms/{room}"), json!({"name": fault.word}));
        let changed = fault.during(async || ann.patch(&path, name.clone()).await).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let renamed = |told: &serde_json::Value| is_about(&room)(told) && told["name"] == json!(fault.word);
        bobs.event_where("room-updated", renamed).await;
        assert_members(&app, &room, &[&ann, &bob]).await;
    })
    .await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[&bob]).await;
        let inside = bob.socket_in(&room).await;
        let path = format!("/api/rooms/{room}");
        let deleted = fault.during(async || ann.send(Method::DELETE, &path, None).await).await;
        done(&deleted, "room_not_found");
        assert_eq!(inside.event_where("room-deleted", is_about(&room)).await["reason"], "deleted");
        inside.refused("send-message", json!({"roomId": room, "content": "still here"}), "not_in_room").await;
        assert_eq!(stored(&app, &room).await, None);
    })
    .await;
}
