//! Private rooms: there for their members alone, by whatever way others ask, and handed on as members come and go.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

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

/// What a request is answered with, without the id that it was about.
async fn answer(who: &User<'_>, method: &Method, path: &str, body: &Value, room: &str) -> (u16, String) {
    let path = path.replace("ROOM", room);
    let body = (!body.is_null()).then(|| body.clone());
    let reply = who.send(method.clone(), &path, body).await;
    (reply.status.as_u16(), reply.body.to_string().replace(room, "ROOM"))
}

#[tokio::test]
async fn to_a_stranger_a_private_room_is_as_one_that_is_not_there_whatever_is_asked() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let room = private(&ann, "Secret", &[&bob]).await;
    let inside = ann.socket_in(&room).await;
    inside.ok("send-message", json!({"roomId": room, "content": "hush"})).await;
    let other = bob.socket_in(&room).await;
    let call = inside.ok("initiate-call", json!({"roomId": room})).await["callId"].clone();
    other.event("incoming-call").await;

    let requests = [
        (Method::GET, "/api/rooms/ROOM", Value::Null),
        (Method::PATCH, "/api/rooms/ROOM", json!({"name": "Mine"})),
        (Method::DELETE, "/api/rooms/ROOM", Value::Null),
        (Method::GET, "/api/rooms/ROOM/messages", Value::Null),
        (Method::POST, "/api/rooms/ROOM/members", json!({"userId": eve.id})),
        (Method::DELETE, &format!("/api/rooms/ROOM/members/{}", ann.id), Value::Null),
        (Method::DELETE, &format!("/api/rooms/ROOM/members/{}", eve.id), Value::Null),
    ];
    for (method, path, body) in requests {
        let there = answer(&eve, &method, path, &body, &room).await;
        let nowhere = answer(&eve, &method, path, &body, NO_ID).await;
        assert_eq!(there, nowhere, "{method} {path}");
        assert_eq!(there.0, 404, "{method} {path}");
    }
    let socket = eve.socket().await;
    let events = [
        ("join-room", json!({"roomId": "ROOM"})),
        ("join-room", json!({"roomId": "ROOM", "after": 0})),
        ("leave-room", json!({"roomId": "ROOM"})),
        ("leave-room", json!({"roomId": "ROOM", "all": true})),
        ("send-message", json!({"roomId": "ROOM", "content": "let me in"})),
        ("mark-read", json!({"roomId": "ROOM", "seq": 1})),
        ("typing", json!({"roomId": "ROOM", "typing": true})),
        ("webrtc-offer", json!({"roomId": "ROOM", "offer": {"type": "offer", "sdp": "v=0"}})),
        ("webrtc-ice-candidate", json!({"roomId": "ROOM", "candidate": null})),
        ("initiate-call", json!({"roomId": "ROOM"})),
        ("accept-call", json!({"roomId": "ROOM"})),
    ];
    for (event, payload) in events {
        let ask = async |room: &str| {
            let payload = serde_json::from_str(&payload.to_string().replace("ROOM", room)).unwrap();
            socket.ask(event, payload).await.to_string().replace(room, "ROOM")
        };
        let (there, nowhere) = (ask(&room).await, ask(NO_ID).await);
        assert_eq!(there, nowhere, "{event}");
        assert!(there.contains("\"ok\":false"), "{event}: {there}");
    }
    for (event, more) in [
        ("accept-call", json!({})),
        ("reject-call", json!({})),
        ("end-call", json!({})),
        ("media-state", json!({"audio": true, "video": true, "screen": false})),
    ] {
        let ask = async |call: &Value| {
            let mut payload = more.clone();
            payload["callId"] = call.clone();
            socket.ask(event, payload).await
        };
        assert_eq!(ask(&call).await, ask(&json!(NO_ID)).await, "{event}");
    }
    assert_eq!(eve.get("/api/rooms").await.expect(StatusCode::OK), json!([]));
    // Its name is free for others, so it does not tell of it.
    eve.room("Secret").await;
    let listed = eve.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(listed.as_array().unwrap().len(), 1);
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
