//! The OpenAPI document against the server: each route it names answers, by those methods and no others.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use tincan::model::{AccountPatch, Role, Timestamp, UserId};

use crate::support::app::{App, User};
use crate::support::shape::check;

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

async fn document(app: &App) -> Value {
    let reply = app.request(Method::GET, "/api/openapi.json").send().await.expect("an answer");
    crate::support::app::Reply::of(reply).await.expect(StatusCode::OK)
}

#[tokio::test]
async fn each_documented_route_allows_exactly_the_documented_methods() {
    let app = App::start().await;
    app.user("ann").await;
    let document = document(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    for (number, (path, item)) in document["paths"].as_object().expect("paths").iter().enumerate() {
        // Anew for each, for some of them end what the others need.
        let (ann, bob) = (app.user(&format!("ann{number}")).await, app.user(&format!("bob{number}")).await);
        let administrator = AccountPatch { role: Some(Role::Administrator), disabled: None };
        let id = UserId::parse(&ann.id).unwrap();
        app.store().patch_account(id, administrator, Timestamp::now()).await.unwrap().unwrap();
        let real = with_ids(&ann, &bob, &format!("for {path}"), path).await;
        let documented: Vec<&str> = METHODS.into_iter().filter(|method| item.get(method).is_some()).collect();
        let reply = ann.send(Method::PUT, &real, None).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = reply.headers["allow"].to_str().unwrap().to_lowercase();
        let allowed: Vec<&str> = allowed.split(',').filter(|method| *method != "head").collect();
        assert_eq!(allowed, documented, "{path}");
        for method in documented {
            let reply = ann.send(method.to_uppercase().parse().unwrap(), &real, None).await;
            let there = ![StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&reply.status);
            assert!(there && !reply.status.is_server_error(), "{method} {path}: {} {}", reply.status, reply.body);
        }
    }
}

/// A path with the ids of what there is: a room that the first is in, the second, an invitation of the first.
async fn with_ids(ann: &User<'_>, bob: &User<'_>, room: &str, path: &str) -> String {
    let room = ann.room(room).await;
    bob.socket_in(&room).await;
    let invite = ann.post("/api/invites", json!({})).await.expect(StatusCode::CREATED);
    let text = |field: &str| invite[field].as_str().expect("text").to_owned();
    let path = path.replace("{roomId}", &room).replace("{userId}", &bob.id);
    path.replace("{id}", &text("id")).replace("{code}", &text("code"))
}

#[tokio::test]
async fn what_is_documented_as_open_is_open_and_the_rest_asks_for_a_token() {
    let app = App::start().await;
    let document = document(&app).await;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let reply = app.request(method, path).send().await.expect("an answer");
            let guarded = operation.get("security").is_some();
            assert_eq!(reply.status() == StatusCode::UNAUTHORIZED, guarded, "{path}");
        }
    }
}

#[tokio::test]
async fn real_answers_have_the_documented_shape() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    socket.ok("send-message", json!({"roomId": room, "content": "hi", "clientId": "1"})).await;
    let bob = app.user("bob").await;
    let invite = ann.post("/api/invites", json!({"roomId": room})).await.expect(StatusCode::CREATED);
    socket.refused("initiate-call", json!({"to": bob.id}), "user_offline").await;
    let document = document(&app).await;
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if item.get("get").is_none() || path.ends_with("api.json") {
            continue;
        }
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path} has a schema");
        let code = invite["code"].as_str().expect("a code");
        let body = ann.get(&path.replace("{roomId}", &room).replace("{code}", code)).await.expect(StatusCode::OK);
        assert_ne!(body, json!([]), "{path} has something to look at");
        check(&document, schema, &body, path);
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
    let failure = ann.post("/api/rooms", json!({})).await.expect(StatusCode::BAD_REQUEST);
    check(&document, &document["components"]["schemas"]["Error"], &failure, "error");
}
