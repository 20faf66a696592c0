//! The AsyncAPI document against the server: what clients may send is what it says. What the server sends is checked
//! against it wherever a test gets something, in `support/socket.rs`.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::wire::asyncapi;

use crate::support::app::{App, Reply};

/// The events that clients may send.
fn asked() -> BTreeSet<&'static str> {
    let messages = asyncapi()["channels"]["socket"]["messages"].as_object().expect("messages");
    messages.keys().filter_map(|id| id.strip_suffix(".asked")).collect()
}

#[tokio::test]
async fn what_is_documented_is_taken() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let socket = ann.socket().await;
    for event in asked() {
        let answer = socket.ask(event, json!({})).await;
        assert_ne!(answer["code"], "unknown_event", "{event}");
    }
    socket.refused("session", json!({}), "unknown_event").await;
}

#[tokio::test]
async fn the_document_is_served_without_a_token_and_every_reference_in_it_leads_somewhere() {
    let app = App::start().await;
    let reply = app.request(Method::GET, "/api/asyncapi.json").send().await.expect("an answer");
    let document = Reply::of(reply).await.expect(StatusCode::OK);
    assert_eq!((&document["asyncapi"], &document), (&json!("3.0.0"), asyncapi()));
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        if let Some(pointer) = value["$ref"].as_str() {
            let target = pointer.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            assert!(target.is_some_and(Value::is_object), "{pointer} leads nowhere");
        }
        waiting.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        waiting.extend(value.as_array().into_iter().flatten());
    }
}
