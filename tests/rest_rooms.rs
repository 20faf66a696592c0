//! Rooms over REST: made, listed, changed and deleted, and by whom.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::App;

#[tokio::test]
async fn a_new_room_has_its_creator_outside_and_nothing_in_it() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    let body = json!({"name": "  Kitchen ", "description": "What's cooking"});
    let room = ann.post("/api/rooms", body).await.expect(StatusCode::CREATED);
    assert_eq!(room["_id"], room["id"]);
    let expected = json!({
        "_id": room["id"], "id": room["id"], "kind": "open", "name": "Kitchen", "description": "What's cooking",
        "createdBy": {"_id": ann.id, "id": ann.id, "username": "Ann"}, "createdAt": room["createdAt"],
        "participants": [], "participantCount": 0, "onlineCount": 0, "lastSeq": 0,
        "lastMessageAt": null, "lastMessage": null, "call": null, "joined": false,
    });
    assert_eq!(room, expected);
    let id = room["id"].as_str().unwrap();
    assert_eq!(ann.get(&format!("/api/rooms/{id}")).await.expect(StatusCode::OK), expected);
    assert_eq!(ann.get("/api/rooms").await.expect(StatusCode::OK), json!([expected]));
}

#[tokio::test]
async fn rooms_are_listed_newest_first_and_say_whether_one_has_joined() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (first, second) = (ann.room("first").await, ann.room("second").await);
    let socket = bob.socket_in(&first).await;
    socket.ok("send-message", json!({"roomId": first, "content": "hi"})).await;
    let seen = |list: &Value| -> Vec<(String, bool)> {
        let rooms = list.as_array().unwrap().iter();
        rooms.map(|room| (room["name"].as_str().unwrap().to_owned(), room["joined"].as_bool().unwrap())).collect()
    };
    let of_bob = bob.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(seen(&of_bob), [("second".to_owned(), false), ("first".to_owned(), true)]);
    assert_eq!(of_bob[1]["lastMessage"]["content"], "hi");
    assert_eq!((&of_bob[1]["lastSeq"], &of_bob[1]["onlineCount"]), (&json!(1), &json!(1)));
    assert_eq!(of_bob[1]["lastMessageAt"], of_bob[1]["lastMessage"]["timestamp"]);
    let of_ann = ann.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(seen(&of_ann), [("second".to_owned(), false), ("first".to_owned(), false)]);
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_room_name_is_given_once_whatever_its_case() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    ann.room("Straße").await;
    let other = ann.room("other").await;
    ann.post("/api/rooms", json!({"name": "STRAßE"})).await.refused(StatusCode::CONFLICT, "room_name_taken");
    let path = format!("/api/rooms/{other}");
    ann.patch(&path, json!({"name": "straße"})).await.refused(StatusCode::CONFLICT, "room_name_taken");
    assert_eq!(ann.patch(&path, json!({"name": "OTHER"})).await.expect(StatusCode::OK)["name"], "OTHER");
}

#[tokio::test]
async fn a_change_touches_only_what_it_names() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let body = json!({"name": "Kitchen", "description": "warm"});
    let room = ann.post("/api/rooms", body).await.expect(StatusCode::CREATED);
    let path = format!("/api/rooms/{}", room["id"].as_str().unwrap());
    let renamed = ann.patch(&path, json!({"name": "Cellar", "description": null})).await.expect(StatusCode::OK);
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Cellar"), &json!("warm")));
    let emptied = ann.patch(&path, json!({"description": ""})).await.expect(StatusCode::OK);
    assert_eq!((&emptied["name"], &emptied["description"]), (&json!("Cellar"), &json!("")));
    assert_eq!(ann.patch(&path, json!({})).await.expect(StatusCode::OK), emptied);
    let wrong = ann.patch(&path, json!({"name": "", "description": 5})).await;
    let wrong = wrong.refused(StatusCode::BAD_REQUEST, "validation_failed");
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2);
    assert_eq!(ann.get(&path).await.expect(StatusCode::OK)["name"], "Cellar");
}

#[tokio::test]
async fn only_its_creator_may_change_or_delete_a_room() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/api/rooms/{}", ann.room("Kitchen").await);
    bob.patch(&path, json!({"name": "Mine"})).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    bob.delete(&path).await.refused(StatusCode::FORBIDDEN, "not_allowed");
    let gone = ann.delete(&path).await;
    assert_eq!((gone.status, gone.body), (StatusCode::NO_CONTENT, json!("")));
    ann.get(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    ann.delete(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    assert_eq!(ann.get("/api/rooms").await.expect(StatusCode::OK), json!([]));
}

#[tokio::test]
async fn what_is_no_id_is_the_id_of_nothing() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let upper = ann.room("Kitchen").await.to_uppercase();
    for id in ["0123456789abcdef01234567", "nonsense", "$gt", "%00", "..%2f..", "0123456789abcdef0123456", &upper] {
        let path = format!("/api/rooms/{id}");
        ann.get(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
        ann.get(&format!("{path}/messages")).await.refused(StatusCode::NOT_FOUND, "room_not_found");
        ann.patch(&path, json!({"name": "x"})).await.refused(StatusCode::NOT_FOUND, "room_not_found");
        ann.delete(&path).await.refused(StatusCode::NOT_FOUND, "room_not_found");
    }
    ann.get("/api/rooms/%ff").await.refused(StatusCode::NOT_FOUND, "not_found");
    ann.get("/api/rooms/%ff/messages").await.refused(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn the_list_comes_in_pages_that_go_on_though_a_room_at_an_end_is_deleted() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let mut rooms = Vec::new();
    for number in 0..7 {
        rooms.insert(0, ann.room(&format!("room {number}")).await);
    }
    let ids = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|room| room["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = ann.get("/api/rooms?limit=3").await;
    assert_eq!(first.headers["link"], format!("</api/rooms?limit=3&before={}>; rel=\"next\"", rooms[2]));
    assert_eq!(ids(&first.expect(StatusCode::OK)), rooms[..3]);
    let next = format!("/api/rooms?limit=3&before={}", rooms[2]);
    ann.delete(&format!("/api/rooms/{}", rooms[2])).await.expect(StatusCode::NO_CONTENT);
    let second = ann.get(&next).await;
    assert!(second.headers.contains_key("link"));
    assert_eq!(ids(&second.expect(StatusCode::OK)), rooms[3..6]);
    let last = ann.get(&format!("/api/rooms?limit=3&before={}", rooms[5])).await;
    assert!(!last.headers.contains_key("link"));
    assert_eq!(ids(&last.expect(StatusCode::OK)), rooms[6..]);
    let all = ann.get("/api/rooms").await;
    assert!(!all.headers.contains_key("link"));
    let all = ids(&all.expect(StatusCode::OK));
    assert_eq!(all.len(), 6);
    for (place, expected) in [("f", all.clone()), ("0", Vec::new())] {
        let page = ann.get(&format!("/api/rooms?before={}", place.repeat(24))).await.expect(StatusCode::OK);
        assert_eq!(ids(&page), expected, "{place}");
    }
}

#[tokio::test]
async fn a_page_of_rooms_that_is_asked_for_wrongly_is_refused() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let upper = format!("before={}", "A".repeat(24));
    for query in ["limit=0", "limit=201", "limit=x", "limit=", "limit=1&limit=2", "before=x", "before=", &upper] {
        let body = ann.get(&format!("/api/rooms?{query}")).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(body["errors"][0]["location"], "query", "{query}");
    }
}
