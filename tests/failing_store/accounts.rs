//! What an administrator does about accounts, with all that follows from it for rooms and sockets.

use reqwest::StatusCode;
use serde_json::json;

use super::{assert_members, at_every_call, done, is_about, private};
use crate::support::app::App;

#[tokio::test]
async fn the_rooms_of_a_removed_account_are_handed_on_and_told() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    let anns = ann.socket().await;
    at_every_call(&store, async |fault| {
        let bob = app.user(&fault.word).await;
        let own = private(&bob, &fault.word, &[&ann]).await;
        let two = ann.post("/api/direct", json!({"userId": bob.id})).await.expect(StatusCode::CREATED);
        let bobs = bob.socket_in(&own).await;
        let path = format!("/api/admin/users/{}", bob.id);
        let removed = fault.during(async || ann.delete(&path).await).await;
        done(&removed, "user_not_found");
        assert!(bobs.ended().await);
        let told = anns.event_where("room-updated", is_about(&own)).await;
        assert_eq!(told["createdBy"]["id"], json!(ann.id));
        let told = anns.event_where("room-updated", is_about(two["id"].as_str().unwrap())).await;
        assert_eq!(told["name"], "[removed]");
        assert_members(&app, &own, &[&ann]).await;
    })
    .await;
}

#[tokio::test]
async fn another_role_is_told_and_who_is_disabled_is_out() {
    let (app, store) = App::troubled(|_| {}).await;
    let ann = app.user("ann").await;
    at_every_call(&store, async |fault| {
        let bob = app.user(&fault.word).await;
        let bobs = bob.socket().await;
        let path = format!("/api/admin/users/{}", bob.id);
        let changed = fault.during(async || ann.patch(&path, json!({"role": "admin"})).await).await;
        assert_eq!(changed.expect(StatusCode::OK)["role"], "admin");
        assert_eq!(bobs.event("account-updated").await["user"]["role"], "admin");
    })
    .await;
    at_every_call(&store, async |fault| {
        let bob = app.user(&format!("{}d", fault.word)).await;
        let bobs = bob.socket().await;
        let path = format!("/api/admin/users/{}", bob.id);
        let changed = fault.during(async || ann.patch(&path, json!({"disabled": true})).await).await;
        assert_eq!(changed.expect(StatusCode::OK)["disabled"], true);
        assert!(bobs.ended().await);
        bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    })
    .await;
}
