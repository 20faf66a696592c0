//! What administrators do about accounts, and what comes of it for those who are connected.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{App, PASSWORD, Reply, User};

pub(crate) async fn post(app: &App, path: &str, body: Value) -> Reply {
    Reply::of(app.request(Method::POST, path).json(&body).send().await.expect("an answer")).await
}

pub(crate) async fn log_in(app: &App, name: &str, password: &str) -> Reply {
    post(app, "/api/auth/login", json!({"username": name, "password": password})).await
}

pub(crate) async fn patch(admin: &User<'_>, user: &str, body: Value) -> Reply {
    admin.patch(&format!("/api/admin/users/{user}"), body).await
}

#[tokio::test]
async fn administration_is_for_administrators() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let paths = [
        (Method::GET, "/api/admin/users".to_owned()),
        (Method::GET, "/api/admin/overview".to_owned()),
        (Method::PATCH, format!("/api/admin/users/{}", ann.id)),
        (Method::DELETE, format!("/api/admin/users/{}", ann.id)),
        (Method::POST, format!("/api/admin/users/{}/reset", ann.id)),
        (Method::DELETE, "/api/admin/users/nonsense".to_owned()),
    ];
    for (method, path) in &paths {
        let body = (*method != Method::GET).then(|| json!({"role": 7}));
        let refused = bob.send(method.clone(), path, body).await;
        refused.refused(StatusCode::FORBIDDEN, "not_allowed");
        let without = Reply::of(app.request(method.clone(), path).send().await.unwrap()).await;
        without.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    patch(&ann, "nonsense", json!({})).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    patch(&ann, &"0".repeat(24), json!({"disabled": true})).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    for (body, field) in [
        (json!({"role": "root"}), "role"),
        (json!({"role": {"$ne": "admin"}}), "role"),
        (json!({"disabled": "yes"}), "disabled"),
        (json!({"disabled": 1}), "disabled"),
    ] {
        let refused = patch(&ann, &bob.id, body.clone()).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(refused["errors"][0]["path"], field, "{body}");
    }
    let same = patch(&ann, &bob.id, json!({"role": null, "disabled": null})).await.expect(StatusCode::OK);
    assert_eq!((&same["role"], &same["disabled"]), (&json!("member"), &json!(false)));
}

#[tokio::test]
async fn people_are_listed_in_pages_with_role_state_and_presence() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (bob, _cid) = (app.user("Bob").await, app.user("cid.b").await);
    let socket = bob.socket().await;
    let page = ann.get("/api/admin/users?limit=2").await;
    let next = page.headers["link"].to_str().unwrap().to_owned();
    let page = page.expect(StatusCode::OK);
    assert_eq!((&page[0]["username"], &page[0]["role"]), (&json!("ann"), &json!("admin")));
    assert_eq!((&page[1]["username"], &page[1]["online"]), (&json!("Bob"), &json!(true)));
    assert_eq!((&page[1]["email"], &page[1]["disabled"]), (&json!("bob@example.com"), &json!(false)));
    assert!(page[1].get("password").is_none() && page[1].get("lastSeenAt").is_none());
    let path = next.trim_start_matches('<').split('>').next().unwrap();
    let rest = ann.get(path).await;
    assert!(!rest.headers.contains_key("link"));
    assert_eq!(rest.expect(StatusCode::OK)[0]["username"], "cid.b");
    let found = ann.get("/api/admin/users?search=B").await.expect(StatusCode::OK);
    assert_eq!(found.as_array().unwrap().iter().map(|user| &user["username"]).collect::<Vec<_>>(), ["Bob", "cid.b"]);
    socket.drop_line();
    // The last socket has gone by the time that nobody is seen online.
    loop {
        let bob = ann.get("/api/admin/users?search=bob").await.expect(StatusCode::OK)[0].clone();
        if bob["online"] == json!(false) {
            break;
        }
        tokio::task::yield_now().await;
    }
    app.connections().write_last_seen(true).await.unwrap();
    let seen = ann.get("/api/admin/users?search=bob").await.expect(StatusCode::OK)[0]["lastSeenAt"].clone();
    assert!(seen.is_string(), "{seen}");
    for bad in ["limit=0", "limit=201", "after=x", "search=a&search=b"] {
        ann.get(&format!("/api/admin/users?{bad}")).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    }
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_in_again_by_the_password_alone() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (one, other, stays) = (bob.socket().await, bob.socket().await, ann.socket().await);
    let disabled = patch(&ann, &bob.id, json!({"disabled": true})).await.expect(StatusCode::OK);
    assert_eq!((&disabled["disabled"], &disabled["role"]), (&json!(true), &json!("member")));
    for socket in [one, other] {
        assert_eq!(socket.event("error").await["code"], "account_disabled");
        assert!(socket.ended().await, "by a packet, after which clients do not come back by themselves");
    }
    bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    log_in(&app, "bob", PASSWORD).await.refused(StatusCode::FORBIDDEN, "account_disabled");
    log_in(&app, "bob", "wrong horse").await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    assert!(stays.answers().await, "nobody else is meant");
    patch(&ann, &bob.id, json!({"disabled": false})).await.expect(StatusCode::OK);
    bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    let again = log_in(&app, "bob", PASSWORD).await.expect(StatusCode::OK);
    bob.with_token(&again["token"]).get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn another_role_is_told_to_the_users_own_sockets_and_counts_at_once() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (of_bob, of_ann) = (bob.socket().await, ann.socket().await);
    patch(&ann, &bob.id, json!({"role": "admin"})).await.expect(StatusCode::OK);
    let told = of_bob.event("account-updated").await;
    assert_eq!((&told["user"]["id"], &told["user"]["role"]), (&json!(bob.id), &json!("admin")));
    assert_eq!(told["user"]["email"], "bob@example.com");
    patch(&bob, &ann.id, json!({"role": "member"})).await.expect(StatusCode::OK);
    assert_eq!(of_ann.event("account-updated").await["user"]["role"], "member");
    ann.get("/api/admin/overview").await.refused(StatusCode::FORBIDDEN, "not_allowed");
    assert!(of_bob.already("account-updated").await.is_empty(), "and to nobody else's");
    for body in [json!({"role": "member"}), json!({"disabled": true}), json!({"role": "member", "disabled": true})] {
        patch(&bob, &bob.id, body).await.refused(StatusCode::CONFLICT, "last_administrator");
    }
    let path = format!("/api/admin/users/{}", bob.id);
    bob.delete(&path).await.refused(StatusCode::CONFLICT, "last_administrator");
    bob.get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn of_two_administrators_who_demote_each_other_at_once_one_stays() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    for _ in 0..5 {
        patch(&ann, &bob.id, json!({"role": "admin"})).await.expect(StatusCode::OK);
        let demoted = json!({"role": "member"});
        tokio::join!(patch(&ann, &bob.id, demoted.clone()), patch(&bob, &ann.id, demoted));
        let roles =
            async |user: &User<'_>| user.get("/api/auth/me").await.expect(StatusCode::OK)["user"]["role"].clone();
        let admins = [&ann, &bob];
        let (of_ann, of_bob) = (roles(&ann).await, roles(&bob).await);
        assert!(of_ann == "admin" || of_bob == "admin");
        if of_ann != "admin" {
            patch(admins[1], &ann.id, json!({"role": "admin"})).await.expect(StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_token_and_socket_of_the_user() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let other = log_in(&app, "ann", PASSWORD).await.expect(StatusCode::OK);
    let other = ann.with_token(&other["token"]);
    let (one, two, of_bob) = (ann.socket().await, other.socket().await, bob.socket().await);
    ann.send(Method::POST, "/api/auth/logout-everywhere", None).await.expect(StatusCode::NO_CONTENT);
    for socket in [one, two] {
        assert_eq!(socket.event("error").await["code"], "unauthorized");
        assert!(socket.ended().await);
    }
    for token in [&ann, &other] {
        token.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    assert!(of_bob.answers().await);
    let again = log_in(&app, "ann", PASSWORD).await.expect(StatusCode::OK);
    ann.with_token(&again["token"]).get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_removed_account_is_gone_and_its_name_is_free() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let socket = bob.socket().await;
    let path = format!("/api/admin/users/{}", bob.id);
    ann.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert!(socket.ended().await);
    bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    ann.delete(&path).await.refused(StatusCode::NOT_FOUND, "user_not_found");
    app.user("bob").await;
}

#[tokio::test]
async fn the_overview_counts_what_there_is() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (one, _two) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    one.ok("send-message", json!({"roomId": room, "content": "hello"})).await;
    one.ok("initiate-call", json!({"roomId": room})).await;
    let seen = ann.get("/api/admin/overview").await.expect(StatusCode::OK);
    assert_eq!((&seen["users"], &seen["rooms"], &seen["messages"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!((&seen["calls"], &seen["store"]["status"]), (&json!(1), &json!("ok")));
    assert_eq!(seen["version"], env!("CARGO_PKG_VERSION"));
    let servers = seen["servers"].as_array().unwrap();
    assert_eq!(servers.iter().map(|server| server["sockets"].as_u64().unwrap()).sum::<u64>(), 2);
    assert!(servers.iter().all(|server| server["version"] == seen["version"] && server["startedAt"].is_string()));
}
