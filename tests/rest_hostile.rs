//! Hostile input for every route: always a 4xx in the shape of all failures, never a 500, a hang, or a change.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{App, PASSWORD, Reply, User};
use crate::support::socket::timed;

/// The routes that take a body: method, path, a good body. `user` is one of whom nobody is to hear anything.
fn routes(room: &str, user: &str) -> Vec<(Method, String, Value)> {
    let password = json!({"currentPassword": PASSWORD, "newPassword": "battery staple"});
    vec![
        (
            Method::POST,
            "/api/auth/signup".into(),
            json!({"username": "eve", "email": "eve@example.com", "password": PASSWORD, "invite": "none"}),
        ),
        (Method::POST, "/api/auth/login".into(), json!({"email": "ann", "password": PASSWORD})),
        (Method::POST, "/api/auth/password".into(), password),
        (Method::POST, "/api/rooms".into(), json!({"name": "Cellar", "description": "dark"})),
        (Method::PATCH, format!("/api/rooms/{room}"), json!({"name": "Cellar", "description": "dark"})),
        (Method::POST, "/api/rooms".into(), json!({"name": "Cellar", "kind": "private", "members": {}})),
        (Method::POST, "/api/auth/reset".into(), json!({"code": "none", "newPassword": "battery staple"})),
        (Method::POST, "/api/direct".into(), json!({"userId": "none"})),
        (Method::POST, format!("/api/rooms/{room}/members"), json!({"userId": "none"})),
        (Method::POST, "/api/invites".into(), json!({"roomId": "none", "uses": 0, "expiresIn": "never"})),
        (Method::PATCH, format!("/api/admin/users/{user}"), json!({"role": "none", "disabled": "maybe"})),
    ]
}

/// No field of any route takes one of these.
fn wrong_types() -> Vec<Value> {
    vec![
        json!(0),
        json!(-1.5e300),
        json!(true),
        json!([]),
        json!(["ann"]),
        json!({}),
        json!({"$gt": ""}),
        json!({"$ne": null}),
        json!({"$regex": ".*"}),
        json!({"toString": "x"}),
        json!({"__proto__": {"admin": true}}),
    ]
}

/// Text that no field takes, whatever its rule, passwords aside.
fn wrong_texts() -> Vec<String> {
    vec![
        "nul\0nul".into(),
        "victim\0\u{2}".into(),
        "bell\u{7}bell".into(),
        "c1\u{85}\u{9b}c1".into(),
        "\u{7f}delete".into(),
        "x".repeat(40_000),
    ]
}

#[track_caller]
fn assert_refused(reply: &Reply, what: &str) {
    assert!(reply.status.is_client_error(), "{what}: {} {}", reply.status, reply.body);
    assert!(reply.body["code"].is_string() && reply.body["message"].is_string(), "{what}: {}", reply.body);
    if reply.body["code"] == "validation_failed" {
        let errors = reply.body["errors"].as_array().expect("the fields");
        let shaped = |error: &Value| error["type"] == "field" && error["msg"].is_string() && error["path"].is_string();
        assert!(!errors.is_empty() && errors.iter().all(shaped), "{what}: {}", reply.body);
    }
}

async fn unharmed(ann: &User<'_>, room: &str) {
    let rooms = ann.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(
        (rooms.as_array().map(Vec::len), &rooms[0]["id"], &rooms[0]["name"]),
        (Some(1), &json!(room), &json!("Kitchen"))
    );
    let users = ann.get("/api/users").await.expect(StatusCode::OK);
    assert_eq!(users.as_array().map(Vec::len), Some(2));
    let accounts = ann.get("/api/admin/users").await.expect(StatusCode::OK);
    let state = |number: usize| (accounts[number]["role"].clone(), accounts[number]["disabled"].clone());
    assert_eq!([state(0), state(1)], [(json!("admin"), json!(false)), (json!("member"), json!(false))]);
    assert_eq!(ann.get("/api/invites").await.expect(StatusCode::OK), json!([]));
}

#[tokio::test]
async fn a_field_of_the_wrong_type_or_with_forbidden_text_is_refused_in_every_route() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    for (method, path, good) in routes(&room, &bob.id) {
        for field in good.as_object().unwrap().keys() {
            let secret = field.to_lowercase().contains("password");
            let texts = wrong_texts().into_iter().filter(|_| !secret).map(Value::String);
            // Text that is no address or name of anybody is no mistake at log-in, and let through to be refused there.
            for value in wrong_types().into_iter().chain(texts) {
                // Nobody besides its maker is in a new room where nobody is named.
                if *field == "members" && value == json!([]) {
                    continue;
                }
                let mut body = good.clone();
                body[field] = value;
                let reply = ann.send(method.clone(), &path, Some(body.clone())).await;
                let shown = body.to_string().chars().take(120).collect::<String>();
                assert_refused(&reply, &format!("{method} {path} {shown}"));
            }
        }
    }
    unharmed(&ann, &room).await;
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_in_every_route() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let bodies: Vec<(&str, Vec<u8>, &str)> = vec![
        ("application/json", Vec::new(), "invalid_json"),
        ("application/json", b"{".to_vec(), "invalid_json"),
        ("application/json", b"{\"a\":\"\xff\xfe\"}".to_vec(), "invalid_json"),
        ("application/json", b"{\"a\":\"\xed\xa0\x80\"}".to_vec(), "invalid_json"),
        ("application/json", b"{\"a\":\"\\ud80\"}".to_vec(), "invalid_json"),
        ("application/json", b"\xef\xbb\xbf".to_vec(), "invalid_json"),
        ("application/json", b"{\"a\":1e99999}".to_vec(), "invalid_json"),
        ("application/json", format!("{{\"a\":{}}}", deep(10_000)).into_bytes(), "invalid_json"),
        ("application/json", b"null".to_vec(), "validation_failed"),
        ("application/json", b"[{}]".to_vec(), "validation_failed"),
        ("application/json", b"\"text\"".to_vec(), "validation_failed"),
        ("application/json", format!("{{\"a\":\"{}\"}}", "x".repeat(65_536)).into_bytes(), "payload_too_large"),
        ("application/json", vec![b' '; 3_000_000], "payload_too_large"),
        ("text/plain", b"{}".to_vec(), "unsupported_media_type"),
        ("application/x-www-form-urlencoded", b"username=eve".to_vec(), "unsupported_media_type"),
        ("multipart/form-data; boundary=x", b"--x--".to_vec(), "unsupported_media_type"),
    ];
    for (method, path, _) in routes(&room, &bob.id) {
        for (media, body, code) in &bodies {
            let request = app.request(method.clone(), &path).bearer_auth(&ann.token);
            let request = request.header("content-type", *media).body(body.clone());
            let reply = Reply::of(request.send().await.expect("an answer")).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_refused(&reply, &format!("{method} {path} {shown}"));
            assert_eq!(reply.body["code"], *code, "{method} {path} {shown}");
        }
    }
    unharmed(&ann, &room).await;
}

#[tokio::test]
async fn absurd_queries_are_refused_or_find_nothing() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let messages = format!("/api/rooms/{room}/messages");
    let paths = ["/api/users", &messages, "/api/calls", "/api/rooms", "/api/admin/users"];
    for path in paths {
        for limit in
            ["0", "-1", "201", "1e3", "Infinity", "NaN", "5;drop", "%00", "%F0%9F%98%80", "99999999999999999999"]
        {
            let reply = ann.get(&format!("{path}?limit={limit}")).await;
            assert_refused(&reply, &format!("{path} {limit}"));
            assert_eq!(reply.body["errors"][0]["location"], "query", "{path} {limit}");
        }
        // Brackets make no objects here: these are unknown parameters.
        ann.get(&format!("{path}?limit[$gt]=1&before[$ne]=&search[$regex]=.")).await.expect(StatusCode::OK);
    }
    let long = "f".repeat(5_000);
    for place in ["%00", "0:", ":", "on:x", "%7B%22%24gt%22:1%7D", "%ed%a0%80", "true", &long] {
        for path in ["/api/users", "/api/admin/users"] {
            let reply = ann.get(&format!("{path}?after={place}")).await;
            reply.refused(StatusCode::BAD_REQUEST, "validation_failed");
        }
    }
    for search in ["%00", "ann%00%02", "%ff", ".*", "%24gt", "%7F", "\u{202e}", &"x".repeat(5_000)] {
        let found = ann.get(&format!("/api/users?search={search}")).await.expect(StatusCode::OK);
        assert_eq!(found, json!([]), "{search}");
    }
}

#[tokio::test]
async fn hostile_ids_and_tokens_get_nowhere() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    for id in ["__proto__", "null", "%00", "%0d%0aX-Evil:%201", "%F0%9F%98%80", "..", "%2e%2e%2f", &"f".repeat(4_000)] {
        for path in [format!("/api/rooms/{id}"), format!("/api/rooms/{id}/messages")] {
            let reply = ann.get(&path).await;
            let resolved = reply.status == StatusCode::OK && id == "..";
            assert!(resolved || reply.status == StatusCode::NOT_FOUND, "{path}: {} {}", reply.status, reply.body);
            assert_eq!(reply.headers.get("x-evil"), None);
        }
    }
    let (head, rest) = ann.token.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}, and the claims unsigned.
    for token in
        [format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."), format!("{head}.{claims}."), "x".repeat(9_000)]
    {
        let request = app.request(Method::GET, "/api/auth/me").bearer_auth(token);
        let reply = Reply::of(request.send().await.expect("an answer")).await;
        reply.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_costs_its_sender_alone() {
    let app = App::start().await;
    let mut stream = TcpStream::connect(app.address()).await.expect("a connection");
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{\"a\"";
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    stream.shutdown().await.expect("the end is taken");
    let mut answer = String::new();
    timed("the end of the connection", stream.read_to_string(&mut answer)).await.expect("text, or nothing");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    app.user("ann").await.get("/api/rooms").await.expect(StatusCode::OK);
}
