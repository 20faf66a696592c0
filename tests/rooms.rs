//! Rooms over sockets: joining, leaving, presence, what is told to whom.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::{App, User};
use crate::support::socket::{Heard, timed};

#[tokio::test]
async fn a_member_who_joins_is_told_to_the_others_and_gets_the_room() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let first = ann.socket_in(&room).await;
    let second = bob.socket().await;
    let ack = second.ok("join-room", json!({"roomId": room})).await;
    assert_eq!(ack["room"]["name"], "Kitchen");
    assert_eq!(ack["room"]["joined"], true);
    assert_eq!(ack["room"]["participantCount"], 2);
    assert_eq!(ack["room"]["onlineCount"], 2);
    assert_eq!(ack["lastSeq"], 0);
    assert_eq!(ack.get("messages"), None);
    assert_eq!(
        ack["participants"][0],
        json!({"userId": ann.id, "username": "Ann", "online": true, "socketIds": [first.id]})
    );
    let joined = first.event("user-joined").await;
    assert_eq!(joined, json!({"roomId": room, "userId": bob.id, "username": "bob", "socketId": second.id}));
    let list = second.event("room-participants").await;
    assert_eq!(list["participants"], ack["participants"]);
    let fresh =
        first.event_where("room-participants", |list| list["participants"].as_array().unwrap().len() == 2).await;
    assert_eq!(fresh["participants"], ack["participants"]);
}

#[tokio::test]
async fn the_bare_room_id_and_the_names_of_similar_backends_are_taken() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket().await;
    socket.ok("join-room", json!(room)).await;
    socket.ok("leave-room", json!({"room": room})).await;
    socket.ok("join-room", json!({"room": room})).await;
    let ack = socket.ok("send-message", json!({"room": room, "text": "hi"})).await;
    assert_eq!(ack["message"]["content"], "hi");
}

#[tokio::test]
async fn a_user_with_two_sockets_is_one_participant_until_the_last_leaves() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let (one, two) = (bob.socket_in(&room).await, bob.socket_in(&room).await);
    one.ok("leave-room", json!({"roomId": room})).await;
    assert_eq!(bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["joined"], true);
    two.ok("leave-room", json!({"roomId": room})).await;
    let left = watcher.event("user-left").await;
    assert_eq!(
        left,
        json!({"roomId": room, "userId": bob.id, "username": "bob", "socketId": two.id, "reason": "left"})
    );
    assert_eq!(watcher.came("user-joined").await.len(), 1);
    assert!(watcher.came("user-left").await.is_empty());
    assert_eq!(bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["joined"], false);
}

#[tokio::test]
async fn leaving_with_all_takes_the_users_other_sockets_out_and_tells_them() {
    let app = App::start().await;
    let bob = app.user("bob").await;
    let room = bob.room("Kitchen").await;
    let (one, two) = (bob.socket_in(&room).await, bob.socket_in(&room).await);
    one.ok("leave-room", json!({"roomId": room, "all": true})).await;
    assert_eq!(two.event("user-left").await["socketId"], json!(one.id));
    two.refused("send-message", json!({"roomId": room, "content": "x"}), "not_in_room").await;
    assert!(one.came("user-left").await.is_empty());
    one.ok("leave-room", json!({"roomId": room})).await;
}

#[tokio::test]
async fn a_disconnect_ends_the_subscription_and_not_the_participation() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let gone = bob.socket_in(&room).await;
    let id = gone.id.clone();
    gone.drop_line();
    let left = watcher.event("user-left").await;
    assert_eq!((&left["socketId"], &left["reason"]), (&json!(id), &json!("disconnected")));
    let list = watcher
        .event_where("room-participants", |list| {
            list["participants"].as_array().unwrap().iter().any(|one| one["online"] == false)
        })
        .await;
    assert_eq!(list["participants"][1], json!({"userId": bob.id, "username": "bob", "online": false, "socketIds": []}));
    assert_eq!(bob.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK)["joined"], true);
}

#[tokio::test]
async fn a_room_is_told_to_everyone_when_made_changed_and_deleted() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let watcher = bob.socket().await;
    let room = ann.room("Kitchen").await;
    let created = watcher.event("room-created").await;
    assert_eq!((&created["_id"], &created["id"]), (&json!(room), &json!(room)));
    assert_eq!(created.get("joined"), None, "what goes to everyone does not say who joined");
    let member = bob.socket_in(&room).await;
    bob.patch(&format!("/api/rooms/{room}"), json!({"name": "Mine"}))
        .await
        .refused(StatusCode::FORBIDDEN, "not_allowed");
    ann.patch(&format!("/api/rooms/{room}"), json!({"name": "Cellar"})).await.expect(StatusCode::OK);
    assert_eq!(watcher.event("room-updated").await["name"], "Cellar");
    assert_eq!(ann.delete(&format!("/api/rooms/{room}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(watcher.event("room-deleted").await, json!({"roomId": room, "reason": "deleted"}));
    member.event("room-deleted").await;
    assert!(member.came("user-left").await.is_empty());
    member.refused("send-message", json!({"roomId": room, "content": "x"}), "not_in_room").await;
    member.refused("join-room", json!({"roomId": room}), "room_not_found").await;
}

#[tokio::test]
async fn what_is_no_room_is_refused() {
    let app = App::start().await;
    let socket = app.user("ann").await.socket().await;
    for id in ["nonsense", "65f1a2b3c4d5e6f708192a3b", "65F1A2B3C4D5E6F708192A3B", ""] {
        socket.refused("join-room", json!({"roomId": id}), "room_not_found").await;
    }
    for payload in
        [json!({}), json!({"roomId": 7}), json!({"roomId": {"$gt": ""}}), json!(5), json!([1]), json!({"roomId": null})]
    {
        socket.refused("join-room", payload, "validation_failed").await;
    }
    socket.refused("leave-room", json!("65f1a2b3c4d5e6f708192a3b"), "room_not_found").await;
}

#[tokio::test]
async fn a_socket_joins_at_most_a_hundred_rooms() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let socket = ann.socket().await;
    for number in 0..100 {
        let room = ann.room(&format!("room {number}")).await;
        socket.ok("join-room", json!({"roomId": room})).await;
    }
    let over = ann.room("one more").await;
    socket.refused("join-room", json!({"roomId": over}), "limit_reached").await;
    assert_eq!(ann.get(&format!("/api/rooms/{over}")).await.expect(StatusCode::OK)["joined"], false);
}

#[tokio::test]
async fn many_joins_at_once_are_told_by_one_list_each_second_and_by_every_user_joined() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let watcher = ann.socket_in(&room).await;
    let mut users = Vec::new();
    for number in 0..30 {
        users.push(app.user(&format!("user{number}")).await);
    }
    let sockets = futures_util::future::join_all(users.iter().map(|user| user.socket_in(&room))).await;
    for socket in &sockets {
        watcher.event_where("user-joined", |event| event["socketId"] == json!(socket.id)).await;
    }
    let full = |list: &serde_json::Value| list["participants"].as_array().unwrap().len() == 31;
    watcher.event_where("room-participants", full).await;
    let lists = watcher.came("room-participants").await.len();
    assert!(lists <= 10, "30 joins were told by {lists} more lists");
}

#[tokio::test]
async fn in_a_large_room_lists_go_to_who_joins_alone() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (large, small) = (ann.room("Hall").await, ann.room("Kitchen").await);
    let watcher = ann.socket_in(&large).await;
    watcher.ok("join-room", json!(small)).await;
    let mut users = Vec::new();
    for number in 0..101 {
        users.push(app.user(&format!("user{number}")).await);
    }
    let (last, most) = users.split_last().unwrap();
    let _sockets = futures_util::future::join_all(most.iter().map(|user| user.socket_in(&large))).await;
    let of_small = |list: &serde_json::Value| list["roomId"] == json!(small);
    // A list of the small room's comes a little after a change there, and so behind all lists of the large one.
    let settled = last.socket_in(&small).await;
    watcher.event_where("room-participants", |list| of_small(list) && list.to_string().contains(&settled.id)).await;
    watcher.came("room-participants").await;
    watcher.came("user-joined").await;
    let joiner = last.socket().await;
    let ack = joiner.ok("join-room", json!(large)).await;
    assert_eq!(ack["participants"].as_array().map(Vec::len), Some(102));
    assert_eq!(joiner.event("room-participants").await["participants"], ack["participants"]);
    let shown = (ack["room"]["participants"].as_array().map(Vec::len), &ack["room"]["participantCount"]);
    assert_eq!(shown, (Some(50), &json!(102)), "a Room names the first of them");
    assert_eq!(watcher.event("user-joined").await["socketId"], json!(joiner.id));
    settled.ok("leave-room", json!(small)).await;
    watcher.event_where("room-participants", |list| of_small(list) && !list.to_string().contains(&settled.id)).await;
    assert!(watcher.came("room-participants").await.is_empty(), "user-joined says it all");
}

/// In a room of more than a hundred nobody is told whole lists later: what each is told in the order in which it comes
/// must say it all.
#[tokio::test(flavor = "multi_thread")]
async fn all_who_join_a_large_room_at_once_are_told_of_each_other() {
    const MANY: usize = 130;
    let app = App::start().await;
    let names: Vec<String> = (0..MANY).map(|number| format!("user{number}")).collect();
    let users: Vec<User<'_>> = join_all(names.iter().map(|name| app.user(name))).await;
    let room = users[0].room("Hall").await;
    let sockets = join_all(users.iter().map(User::socket)).await;
    join_all(sockets.iter().map(|socket| socket.ok("join-room", json!({"roomId": room})))).await;
    for socket in &sockets {
        let mut known = BTreeSet::from([socket.session["userId"].to_string()]);
        let all = async {
            while known.len() < MANY {
                match socket.next().await.expect("the connection is open") {
                    Heard::Event(name, told) if name == "user-joined" => drop(known.insert(told["userId"].to_string())),
                    Heard::Event(name, told) if name == "room-participants" => {
                        let list = told["participants"].as_array().expect("a list").iter();
                        let online = list.filter(|one| one["online"] == true).map(|one| one["userId"].to_string());
                        known = online.collect();
                    }
                    _ => {}
                }
            }
        };
        timed("everybody who is in the room", all).await;
    }
}
