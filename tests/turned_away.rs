//! Only a bad token logs anybody out: where the server is to blame, the transport is closed, and clients come back.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::app::App;
use crate::support::polling::Polling;
use crate::support::socket::{Socket, timed};

/// Polls until the session is no more; nothing that came told the client to give up.
async fn ended_without_a_refusal(polling: &Polling) {
    timed("the end of the session", async {
        loop {
            let answer = polling.get().await;
            if answer.status() != StatusCode::OK {
                return;
            }
            let text = answer.text().await.unwrap();
            assert!(!text.contains("44{") && !text.contains("41"), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn while_the_store_is_away_the_transport_is_closed_and_nobody_is_told_to_give_up() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let auth = json!({"token": ann.token});
    store.refuse("user");
    assert_eq!(Socket::connect(app.address(), auth.clone()).await.err().as_deref(), Some("closed"));
    let polling = Polling::open(app.address()).await;
    polling.post(format!("40{auth}")).await;
    ended_without_a_refusal(&polling).await;
    // A bad token is one all the same.
    let refusal = Socket::connect(app.address(), json!({"token": "none"})).await.err().unwrap();
    assert!(refusal.starts_with("Authentication error"), "{refusal}");
    store.heal("user");
    ann.socket().await;
}

#[tokio::test]
async fn a_store_that_goes_away_right_after_the_token_was_checked_closes_the_transport_too() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let held = store.hold("user");
    let begun = store.count("user");
    let websocket = Socket::open(app.address()).await;
    websocket.raw(format!("40{}", json!({"token": ann.token}))).await;
    let polling = Polling::open(app.address()).await;
    polling.post(format!("40{}", json!({"token": ann.token}))).await;
    store.begun("user", begun + 2).await;
    // As clients do, it asks for what comes while it is being let in.
    let asking = async { ended_without_a_refusal(&polling).await };
    // The token of each is found good, and the second look fails.
    store.refuse("user");
    let failing = async {
        tokio::task::yield_now().await;
        held.add_permits(2);
        assert!(!websocket.ended().await, "no DISCONNECT packet came");
    };
    tokio::join!(asking, failing);
}

#[tokio::test]
async fn who_asks_while_its_token_cannot_be_checked_is_not_told_to_give_up() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    store.refuse("user");
    for _ in 0..10 {
        let polling = Polling::open(app.address()).await;
        // The first ping comes at once; the next poll waits.
        assert_eq!(polling.get().await.text().await.unwrap(), "2");
        polling.post("3".to_owned()).await;
        let connecting = async {
            app.request(reqwest::Method::GET, "/api/config").send().await.unwrap();
            polling.post(format!("40{}", json!({"token": ann.token}))).await
        };
        let (answer, _) = tokio::join!(polling.get(), connecting);
        let text = answer.text().await.unwrap();
        assert!(!text.contains("44"), "{text}");
        ended_without_a_refusal(&polling).await;
    }
}

#[tokio::test]
async fn a_connection_that_goes_while_it_is_let_in_leaves_no_call_of_the_store_behind() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let held = store.hold("user");
    let begun = store.count("user");
    for _ in 0..20 {
        let socket = Socket::open(app.address()).await;
        socket.raw(format!("40{}", json!({"token": ann.token}))).await;
        socket.drop_line();
    }
    store.begun("user", begun + 20).await;
    // Each of them goes on to its end, though nobody waits for it.
    held.add_permits(1000);
    timed("all calls of the store to end", async {
        while held.available_permits() > 1000 - 20 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    store.heal("user");
    ann.socket().await;
}
