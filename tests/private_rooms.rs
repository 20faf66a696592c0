//! Private rooms: there for their members alone, by whatever way others ask, and handed on as members come and go.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{App, User};

const NO_ID: &str = "0123456789abcdef01234567";

/// A private room that `who` makes with these others in it.
async fn private(who: &User<'_>, name: &str, members: &[&User<'_>]) -> String {
    let members: Vec<&str> = members.iter().map(|user| user.id.as_str()).collect();
    let body = json!({"name": name, "kind": "private", "members": members});
    let room = who.post("/api/rooms", body).await.expect(StatusCode::CREATED);
    assert_eq!((&room["kind"], &room["joined"], &room["unread"]), (&json!("private"), &json!(true), &json!(0)));
    room["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_event_about_a_private_room_reaches_a_stranger() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let stranger = eve.socket().await;
    let bobs = bob.socket().await;
    let room = private(&ann, "Secret", &[]).await;
    let path = format!("/api/rooms/{room}");
    ann.post(&format!("{path}/members"), json!({"userId": bob.id})).await.expect(StatusCode::OK);
    assert_eq!(bobs.event("room-created").await["id"], room);
    ann.patch(&path, json!({"name": "Most secret"})).await.expect(StatusCode::OK);
    assert_eq!(bobs.event("room-updated").await["name"], "Most secret");
    let anns = ann.socket_in(&room).await;
    bobs.ok("join-room", json!({"roomId": room})).await;
    anns.ok("send-message", json!({"roomId": room, "content": "hush @bob @eve @all"})).await;
    anns.ok("typing", json!({"roomId": room, "typing": true})).await;
    anns.ok("initiate-call", json!({"roomId": room})).await;
    bobs.ok("accept-call", json!({"roomId": room})).await;
    bobs.ok("leave-room", json!({"roomId": room})).await;
    ann.delete(&format!("{path}/members/{}", bob.id)).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(bobs.event("room-deleted").await, json!({"roomId": room, "reason": "removed"}));
    ann.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(anns.event("room-deleted").await, json!({"roomId": room, "reason": "deleted"}));
    let last = ann.room("open").await;
    stranger.event_where("room-created", |told| told["id"] == json!(last)).await;
    for (name, payload) in stranger.heard().await {
        assert!(!payload.to_string().contains(&room), "{name}: {payload}");
    }
}

#[tokio::test]
async fn a_private_room_is_handed_on_and_goes_with_its_last_member() {
    let app = App::start().await;
    let (ann, bob, cid) = (app.user("ann").await, app.user("bob").await, app.user("cid").await);
    let room = private(&ann, "Cellar", &[&bob, &cid]).await;
    let path = format!("/api/rooms/{room}");
    let member = |user: &User<'_>| format!("{path}/members/{}", user.id);
    bob.delete(&member(&cid)).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    bob.patch(&path, json!({"name": "Mine"})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let bobs = bob.socket().await;
    ann.delete(&member(&ann)).await.expect(StatusCode::NO_CONTENT);
    let updated = bobs.event("room-updated").await;
    assert_eq!(updated["createdBy"]["username"], "bob", "who has been in it longest has it now");
    assert_eq!(updated.get("joined"), None);
    ann.get(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    ann.post(&format!("{path}/members"), json!({"userId": ann.id}))
        .await
        .refused(StatusCode::NOT_FOUND, "room_not_found");
    bob.patch(&path, json!({"name": "Attic"})).await.expect(StatusCode::OK);
    bob.delete(&member(&cid)).await.expect(StatusCode::NO_CONTENT);
    bob.delete(&member(&cid)).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    bob.delete(&member(&bob)).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(bobs.event("room-deleted").await, json!({"roomId": room, "reason": "removed"}));
    assert_eq!(app.store().room(room.parse_room()).await.unwrap(), None);
}

/// An id out of its text.
trait ParseRoom {
    fn parse_room(&self) -> tincan::model::RoomId;
}

impl ParseRoom for String {
    fn parse_room(&self) -> tincan::model::RoomId {
        tincan::model::RoomId::parse(self).expect("an id")
    }
}

#[tokio::test]
async fn leaving_a_private_room_with_a_socket_ends_no_membership_and_being_removed_ends_all() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = private(&ann, "Cellar", &[&bob]).await;
    let (phone, laptop) = (bob.socket_in(&room).await, bob.socket_in(&room).await);
    let anns = ann.socket_in(&room).await;
    for socket in [&phone, &laptop] {
        socket.ok("leave-room", json!({"roomId": room})).await;
    }
    let left = anns.event("user-left").await;
    assert_eq!((&left["username"], &left["reason"]), (&json!("bob"), &json!("left")));
    assert_eq!(bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["joined"], true);
    for socket in [&phone, &laptop] {
        socket.ok("join-room", json!({"roomId": room})).await;
    }
    anns.ok("initiate-call", json!({"roomId": room})).await;
    phone.event("incoming-call").await;
    phone.ok("accept-call", json!({"roomId": room})).await;
    ann.delete(&format!("/api/rooms/{room}/members/{}", bob.id)).await.expect(StatusCode::NO_CONTENT);
    phone.event("call-ended").await;
    for socket in [&phone, &laptop] {
        assert_eq!(socket.event("room-deleted").await["reason"], "removed");
        socket.refused("send-message", json!({"roomId": room, "content": "still here"}), "not_in_room").await;
        socket.refused("join-room", json!({"roomId": room}), "room_not_found").await;
    }
    let history = bob.get("/api/calls").await.expect(StatusCode::OK);
    assert_eq!(history[0].get("room"), None, "its room may not be seen any more");
    assert_eq!(ann.get("/api/calls").await.expect(StatusCode::OK)[0]["room"], room);
}

#[tokio::test]
async fn who_is_added_to_rooms_is_told_and_bad_wishes_are_refused_by_field() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let wrong = [
        json!({"name": "a room", "members": [bob.id]}),
        json!({"name": "a room", "kind": "open", "members": []}),
        json!({"name": "a room", "kind": "private", "members": "bob"}),
        json!({"name": "a room", "kind": "private", "members": [5]}),
        json!({"name": "a room", "kind": "private", "members": vec![NO_ID; 201]}),
        json!({"name": "a room", "kind": "direct"}),
        json!({"name": "a room", "kind": 7}),
    ];
    for body in wrong {
        ann.post("/api/rooms", body).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    }
    let unknown = json!({"name": "a room", "kind": "private", "members": [bob.id, NO_ID]});
    ann.post("/api/rooms", unknown).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    let open = ann.room("Kitchen").await;
    let members = format!("/api/rooms/{open}/members");
    ann.post(&members, json!({"userId": bob.id})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let _inside = ann.socket_in(&open).await;
    let added = ann.post(&members, json!({"userId": bob.id})).await.expect(StatusCode::OK);
    assert_eq!(added["participantCount"], 2);
    ann.post(&members, json!({"userId": NO_ID})).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    ann.post(&members, json!({})).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    assert_eq!(bob.get(&format!("/api/rooms/{open}")).await.expect(StatusCode::OK)["joined"], true);
    ann.delete(&format!("{members}/{}", bob.id)).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    bob.delete(&format!("{members}/{}", bob.id)).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_member_who_is_removed_while_joining_is_out_in_the_end() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    for round in 0..10 {
        let room = private(&ann, &format!("room {round}"), &[&bob]).await;
        let (socket, anns) = (bob.socket().await, ann.socket_in(&room).await);
        let path = format!("/api/rooms/{room}/members/{}", bob.id);
        tokio::join!(socket.ask("join-room", json!({"roomId": room})), ann.delete(&path));
        socket.event("room-deleted").await;
        socket.refused("send-message", json!({"roomId": room, "content": "still here"}), "not_in_room").await;
        anns.ok("send-message", json!({"roomId": room, "content": "alone"})).await;
        assert!(socket.already("new-message").await.is_empty());
    }
}
