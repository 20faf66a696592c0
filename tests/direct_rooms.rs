//! Direct rooms: one for two, found or made by either, with calls of the two.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{App, User};

async fn direct(who: &User<'_>, other: &User<'_>) -> String {
    let reply = who.post("/api/direct", json!({"userId": other.id})).await;
    assert!([StatusCode::OK, StatusCode::CREATED].contains(&reply.status), "{}", reply.body);
    reply.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn two_who_write_to_each_other_at_once_get_one_room_named_after_the_other() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let (anns, bobs, eves) = (ann.socket().await, bob.socket().await, eve.socket().await);
    let mut rooms = Vec::new();
    for _ in 0..5 {
        let (one, other) = tokio::join!(direct(&ann, &bob), direct(&bob, &ann));
        rooms.extend([one, other]);
    }
    rooms.dedup();
    assert_eq!(rooms.len(), 1);
    let room = &rooms[0];
    let (to_ann, to_bob) = (anns.event("room-created").await, bobs.event("room-created").await);
    assert_eq!((&to_ann["name"], &to_bob["name"]), (&json!("bob"), &json!("ann")));
    assert_eq!((&to_ann["kind"], to_ann.get("joined")), (&json!("direct"), None));
    let path = format!("/api/rooms/{room}");
    assert_eq!(ann.get(&path).await.expect(StatusCode::OK)["name"], "bob");
    assert_eq!(bob.get("/api/rooms").await.expect(StatusCode::OK)[0]["name"], "ann");
    eve.get(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    ann.patch(&path, json!({"name": "Us"})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    ann.delete(&path).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let members = format!("{path}/members");
    ann.post(&members, json!({"userId": eve.id})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    ann.delete(&format!("{members}/{}", ann.id)).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    ann.post("/api/direct", json!({"userId": ann.id})).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    ann.post("/api/direct", json!({"userId": "nobody"})).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    let open = ann.room("open").await;
    eves.event_where("room-created", |told| told["id"] == json!(open)).await;
    assert!(eves.already("room-created").await.iter().all(|told| told["id"] == json!(open)));
}

#[tokio::test]
async fn a_message_rings_a_bell_wherever_its_reader_is() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let elsewhere = bob.socket().await;
    let room = direct(&ann, &bob).await;
    let anns = ann.socket_in(&room).await;
    let sent = anns.ok("send-message", json!({"roomId": room, "content": "hello @bob"})).await["message"].clone();
    let told = elsewhere.event("room-unread").await;
    let expected = json!({"roomId": room, "lastSeq": 1, "lastMessage": sent, "unread": 1, "mentions": 1});
    assert_eq!(told, expected);
    assert_eq!(sent["mentions"], json!([bob.id]));
    assert!(anns.already("room-unread").await.is_empty());
}

#[tokio::test]
async fn a_call_of_the_two_is_in_their_room_however_it_began() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await.at(0), app.user("bob").await.at(0));
    let room = direct(&ann, &bob).await;
    let (anns, bobs) = (ann.socket().await, bob.socket().await);
    for begin in [json!({"to": bob.id}), json!({"roomId": room, "callType": "audio"})] {
        anns.ok("initiate-call", begin).await;
        assert_eq!(bobs.event("incoming-call").await["roomId"], room);
        bobs.ok("accept-call", json!({"roomId": room})).await;
        let second = bob.socket().await;
        assert_eq!(second.session["call"]["roomId"], room);
        assert_eq!(ann.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["call"], json!(null));
        anns.ok("end-call", json!({})).await;
        bobs.event("call-ended").await;
    }
    let history = ann.get("/api/calls").await.expect(StatusCode::OK);
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert!(history.as_array().unwrap().iter().all(|call| call["room"] == json!(room)), "{history}");
    assert!(anns.already("room-call").await.is_empty() && bobs.already("room-call").await.is_empty());
}

#[tokio::test]
async fn where_the_other_account_was_removed_the_history_stays_and_nobody_is_written_to() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = direct(&ann, &bob).await;
    let (anns, bobs) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    bobs.ok("send-message", json!({"roomId": room, "content": "so long"})).await;
    let own = json!({"name": "Own", "kind": "private", "members": [ann.id]});
    let own = bob.post("/api/rooms", own).await.expect(StatusCode::CREATED)["id"].clone();
    ann.delete(&format!("/api/admin/users/{}", bob.id)).await.expect(StatusCode::NO_CONTENT);
    let told = [anns.event("room-updated").await, anns.event("room-updated").await];
    let of = |id: &serde_json::Value| told.iter().find(|told| told["id"] == *id).expect("it was told");
    assert_eq!(of(&json!(room))["name"], "[removed]");
    assert_eq!(of(&own)["createdBy"]["username"], "ann", "whose only other member it was");
    anns.refused("send-message", json!({"roomId": room, "content": "bob?"}), "not_allowed").await;
    anns.refused("initiate-call", json!({"roomId": room}), "not_allowed").await;
    let history = ann.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
    assert_eq!((&history[0]["content"], &history[0]["senderName"]), (&json!("so long"), &json!("bob")));
    ann.post("/api/direct", json!({"userId": bob.id})).await.expect(StatusCode::OK);
}
