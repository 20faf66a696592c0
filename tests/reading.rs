//! How far one has read: on every device, over a restart, counted without counting over.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{App, User};

async fn seen(who: &User<'_>, room: &str) -> (u64, u64, u64) {
    let room = who.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    let number = |field: &str| room[field].as_u64().unwrap_or_else(|| panic!("{field}: {room}"));
    (number("readSeq"), number("unread"), number("mentions"))
}

fn read(room: &str, read_seq: u64, unread: u64, mentions: u64) -> Value {
    json!({"roomId": room, "readSeq": read_seq, "unread": unread, "mentions": mentions})
}

#[tokio::test]
async fn what_others_wrote_is_unread_until_it_is_marked_on_every_device() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("kitchen").await;
    let anns = ann.socket_in(&room).await;
    anns.ok("send-message", json!({"roomId": room, "content": "before bob came"})).await;
    let (phone, laptop) = (bob.socket_in(&room).await, bob.socket().await);
    assert_eq!(seen(&bob, &room).await, (1, 0, 0), "what was there when one came is read");
    for text in ["one", "two @Bob", "three @all"] {
        anns.ok("send-message", json!({"roomId": room, "content": text})).await;
    }
    assert_eq!(seen(&bob, &room).await, (1, 3, 2));
    assert_eq!(seen(&ann, &room).await, (4, 0, 0), "one's own are never unread");
    let marked = phone.ok("mark-read", json!({"roomId": room, "seq": 3})).await;
    assert_eq!((&marked["readSeq"], &marked["unread"], &marked["mentions"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!(laptop.event("room-read").await, read(&room, 3, 1, 1));
    let marked = phone.ok("mark-read", json!({"roomId": room, "seq": 2})).await;
    assert_eq!(marked["readSeq"], 3, "it never goes back");
    let marked = laptop.ok("mark-read", json!({"roomId": room, "seq": 999})).await;
    assert_eq!((&marked["readSeq"], &marked["unread"]), (&json!(4), &json!(0)), "at most to the newest");
    assert_eq!(phone.event("room-read").await, read(&room, 4, 0, 0));
    assert_eq!(laptop.already("room-read").await, [] as [Value; 0]);
    anns.ok("send-message", json!({"roomId": room, "content": "four"})).await;
    phone.ok("send-message", json!({"roomId": room, "content": "five"})).await;
    assert_eq!(laptop.event("room-read").await, read(&room, 6, 0, 0), "who writes has read");
    let listed = bob.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!((&listed[0]["readSeq"], &listed[0]["unread"]), (&json!(6), &json!(0)));
    phone.refused("mark-read", json!({"roomId": room}), "validation_failed").await;
    phone.refused("mark-read", json!({"roomId": room, "seq": -1}), "validation_failed").await;
    phone.refused("mark-read", json!({"roomId": "nowhere", "seq": 1}), "not_in_room").await;
    let outside = app.user("cid").await.socket().await;
    outside.refused("mark-read", json!({"roomId": room, "seq": 1}), "not_in_room").await;
}

#[tokio::test]
async fn what_is_read_and_who_is_called_outlives_a_restart() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("kitchen").await;
    let (anns, bobs) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    for number in 0..6 {
        anns.ok("send-message", json!({"roomId": room, "content": format!("number {number} @bob @all")})).await;
    }
    bobs.ok("mark-read", json!({"roomId": room, "seq": 2})).await;
    let (ann, bob) = (ann.part(), bob.part());
    drop((anns, bobs));
    let app = app.restart(|_| {}).await;
    let (ann, bob) = (app.known(ann), app.known(bob));
    assert_eq!(seen(&bob, &room).await, (2, 4, 4));
    assert_eq!(seen(&ann, &room).await, (6, 0, 0));
    let bobs = bob.socket_in(&room).await;
    bobs.ok("send-message", json!({"roomId": room, "content": "read"})).await;
    assert_eq!(seen(&bob, &room).await, (7, 0, 0));
    assert_eq!(seen(&ann, &room).await, (6, 1, 0));
}

#[tokio::test]
async fn who_has_not_joined_is_told_what_waits_and_who_has_is_not() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("kitchen").await;
    let (anns, bobs) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let elsewhere = bob.socket().await;
    let stranger = app.user("cid").await.socket().await;
    anns.ok("send-message", json!({"roomId": room, "content": "one"})).await;
    let told = elsewhere.event("room-unread").await;
    assert_eq!((&told["lastSeq"], &told["unread"], &told["mentions"]), (&json!(1), &json!(1), &json!(0)));
    // The next is told once more, a second later, with all that came meanwhile.
    for text in ["two", "three @bob"] {
        anns.ok("send-message", json!({"roomId": room, "content": text})).await;
    }
    let told = elsewhere.event_where("room-unread", |told| told["lastSeq"] == 3).await;
    assert_eq!((&told["unread"], &told["mentions"]), (&json!(3), &json!(1)));
    assert!(bobs.already("room-unread").await.is_empty() && stranger.already("room-unread").await.is_empty());
}
