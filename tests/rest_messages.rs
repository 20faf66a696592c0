//! The history of a room over REST: pages by number, linked to those beside them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{App, Reply, User};

/// A room with messages 1 to `count`, and its path.
async fn room_of(ann: &User<'_>, count: u64) -> String {
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    for number in 1..=count {
        socket.ok("send-message", json!({"roomId": room, "content": format!("message {number}")})).await;
    }
    format!("/api/rooms/{room}/messages")
}

fn seqs(body: &Value) -> Vec<u64> {
    body.as_array().expect("a list").iter().map(|message| message["seq"].as_u64().expect("a number")).collect()
}

/// The target of one of the links, where there is one.
fn link(reply: &Reply, side: &str) -> Option<String> {
    let links = reply.headers.get("link")?.to_str().expect("text").to_owned();
    let found = links.split(", ").find(|link| link.ends_with(&format!("rel=\"{side}\"")))?;
    Some(found[1..found.find('>').expect("its end")].to_owned())
}

#[tokio::test]
async fn without_a_cursor_come_the_newest_oldest_first() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let path = room_of(&ann, 7).await;
    let reply = ann.get(&format!("{path}?limit=3")).await;
    assert_eq!(link(&reply, "next"), None);
    let body = reply.expect(StatusCode::OK);
    assert_eq!(seqs(&body), [5, 6, 7]);
    let message = &body[0];
    assert_eq!(message["_id"], message["id"]);
    assert_eq!((&message["sender"], &message["senderName"]), (&json!(ann.id), &json!("ann")));
    assert_eq!((&message["content"], message.get("clientId")), (&json!("message 5"), None));
}

#[tokio::test]
async fn the_links_lead_through_the_whole_history_both_ways() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let path = room_of(&ann, 8).await;
    let (mut back, mut next) = (Vec::new(), Some(format!("{path}?limit=3")));
    while let Some(path) = next {
        let reply = ann.get(&path).await;
        next = link(&reply, "prev");
        back.push(seqs(&reply.expect(StatusCode::OK)));
    }
    assert_eq!(back, [vec![6, 7, 8], vec![3, 4, 5], vec![1, 2]]);
    let (mut forth, mut next) = (Vec::new(), Some(format!("{path}?limit=3&after=0")));
    while let Some(path) = next {
        let reply = ann.get(&path).await;
        next = link(&reply, "next");
        forth.push(seqs(&reply.expect(StatusCode::OK)));
    }
    assert_eq!(forth, [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8]]);
}

#[tokio::test]
async fn beside_an_empty_page_the_links_still_lead_back() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let path = room_of(&ann, 2).await;
    let past = ann.get(&format!("{path}?after=2")).await;
    let prev = link(&past, "prev").expect("there are older ones");
    assert_eq!((seqs(&past.body), link(&past, "next")), (vec![], None));
    assert_eq!(seqs(&ann.get(&prev).await.expect(StatusCode::OK)), [1, 2]);
    let first = ann.get(&format!("{path}?before=1")).await;
    let next = link(&first, "next").expect("there are newer ones");
    assert_eq!((seqs(&first.body), link(&first, "prev")), (vec![], None));
    assert_eq!(seqs(&ann.get(&next).await.expect(StatusCode::OK)), [1, 2]);
}

#[tokio::test]
async fn an_empty_room_has_an_empty_page_without_links() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let path = room_of(&ann, 0).await;
    for query in ["", "?before=9", "?after=9", "?after=0", "?before=0"] {
        let reply = ann.get(&format!("{path}{query}")).await;
        assert_eq!((reply.headers.get("link"), &reply.body), (None, &json!([])), "{query}");
        reply.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn cursors_are_whole_numbers_and_one_at_a_time() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let path = room_of(&ann, 1).await;
    for query in [
        "before=1&after=1",
        "before=-1",
        "before=1.5",
        "before=",
        "before",
        "after=x",
        "limit=0",
        "limit=201",
        "limit=",
        "limit=5&limit=6",
        "after=1&after=1",
        "before=18446744073709551616",
        "before=9223372036854775808",
    ] {
        let body = ann.get(&format!("{path}?{query}")).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(body["errors"][0]["location"], "query", "{query}");
    }
    let huge = ann.get(&format!("{path}?before=9007199254740991&limit=200&colour=red")).await;
    assert_eq!(seqs(&huge.expect(StatusCode::OK)), [1]);
}
