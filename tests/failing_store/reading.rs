//! How far one has read, and who is called.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{at_every_call, is_about, private};
use crate::support::app::{App, User};

async fn seen(who: &User<'_>, room: &str) -> (Value, Value, Value) {
    let room = who.get(&format!("/api/rooms/{room}")).await.expect(StatusCode::OK);
    (room["readSeq"].clone(), room["unread"].clone(), room["mentions"].clone())
}

#[tokio::test]
async fn what_is_marked_as_read_is_so_on_every_device() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (phone, laptop) = (bob.socket().await, bob.socket().await);
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[&bob]).await;
        let anns = ann.socket_in(&room).await;
        for text in ["one", "two @bob", "three @all"] {
            anns.ok("send-message", json!({"roomId": room, "content": text})).await;
        }
        let marked = fault.during_event(&phone, "mark-read", json!({"roomId": room, "seq": 2})).await;
        assert_eq!((&marked["readSeq"], &marked["unread"], &marked["mentions"]), (&json!(2), &json!(1), &json!(1)));
        let told = laptop.event_where("room-read", is_about(&room)).await;
        assert_eq!((&told["readSeq"], &told["unread"]), (&json!(2), &json!(1)), "{}", fault.word);
        assert_eq!(seen(&bob, &room).await, (json!(2), json!(1), json!(1)));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_calls_somebody_is_stored_once_and_counted_once() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bobs = bob.socket().await;
    at_every_call(&store, async |fault| {
        let room = private(&ann, &fault.word, &[&bob]).await;
        let anns = ann.socket_in(&room).await;
        let message = json!({"roomId": room, "content": "hello @bob", "clientId": "x"});
        let sent = fault.during_event(&anns, "send-message", message).await;
        assert_eq!(sent["message"]["mentions"], json!([bob.id]));
        let history = ann.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
        assert_eq!(history, json!([sent["message"]]));
        assert_eq!(seen(&bob, &room).await, (json!(0), json!(1), json!(1)));
        assert_eq!(seen(&ann, &room).await, (json!(1), json!(0), json!(0)), "one's own are never unread");
        assert_eq!(bobs.event_where("room-unread", is_about(&room)).await["mentions"], 1);
    })
    .await;
}
