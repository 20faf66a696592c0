//! Accounts over REST: sign-up, log-in, tokens, passwords, the directory, and how often one may try.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{App, PASSWORD, PATIENCE, Reply};

async fn post(app: &App, path: &str, body: Value) -> Reply {
    Reply::of(app.request(Method::POST, path).json(&body).send().await.expect("an answer")).await
}

fn person(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD})
}

/// The paths of the fields that were refused, in order.
fn refused_fields(body: &Value) -> Vec<&str> {
    body["errors"].as_array().expect("errors").iter().map(|error| error["path"].as_str().expect("a path")).collect()
}

#[tokio::test]
async fn who_signs_up_gets_a_token_and_never_sees_a_password_again() {
    let app = App::start().await;
    let body = json!({"username": " Ann ", "email": " Ann@Example.COM ", "password": PASSWORD, "admin": true});
    let body = post(&app, "/api/auth/signup", body).await.expect(StatusCode::CREATED);
    let user = &body["user"];
    assert_eq!((&user["username"], &user["email"]), (&json!("Ann"), &json!("ann@example.com")));
    assert_eq!(user["_id"], user["id"]);
    let mut fields: Vec<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["_id", "createdAt", "email", "id", "role", "username"]);
    let token = body["token"].as_str().expect("a token");
    let me = app.request(Method::GET, "/api/auth/me").bearer_auth(token).send().await.expect("an answer");
    assert_eq!(Reply::of(me).await.expect(StatusCode::OK), json!({"user": user}));
}

#[tokio::test]
async fn a_name_or_an_address_is_given_once_whatever_its_case_and_the_name_is_told_first() {
    let app = App::start().await;
    app.user("Zoë").await;
    let body = json!({"username": "ZOE\u{308}", "email": "zoë@example.com", "password": PASSWORD});
    post(&app, "/api/auth/signup", body).await.refused(StatusCode::CONFLICT, "username_taken");
    post(&app, "/api/auth/signup", person("bob")).await.expect(StatusCode::CREATED);
    let body = json!({"username": "bobby", "email": "BOB@example.com", "password": PASSWORD});
    post(&app, "/api/auth/signup", body).await.refused(StatusCode::CONFLICT, "email_taken");
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_one_gets_it() {
    let app = App::start().await;
    let wish =
        |number: usize| json!({"username": "ann", "email": format!("{number}@example.com"), "password": PASSWORD});
    let replies =
        futures_util::future::join_all((0..12).map(|number| post(&app, "/api/auth/signup", wish(number)))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == StatusCode::CREATED);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.refused(StatusCode::CONFLICT, "username_taken");
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_sign_up_is_told_at_once() {
    let app = App::start().await;
    let body = post(&app, "/api/auth/signup", json!({"username": "a b", "email": {"$gt": ""}, "password": null})).await;
    let body = body.refused(StatusCode::BAD_REQUEST, "validation_failed");
    assert_eq!(refused_fields(&body), ["username", "email", "password"]);
    let email = json!({"type": "field", "location": "body", "path": "email", "msg": "must be a string"});
    assert_eq!(body["errors"][1], email);
}

#[tokio::test]
async fn a_closed_server_lets_nobody_sign_up_and_says_so_beforehand() {
    let app = App::with(|config| config.signup = tincan::config::Signup::Closed).await;
    post(&app, "/api/auth/signup", person("ann")).await.refused(StatusCode::FORBIDDEN, "signup_closed");
    let config = app.request(Method::GET, "/api/config").send().await.expect("an answer");
    assert_eq!(Reply::of(config).await.expect(StatusCode::OK)["signup"], "closed");
}

#[tokio::test]
async fn one_logs_in_by_address_or_name_in_any_case() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    for login in [
        json!({"email": "ann@example.com"}),
        json!({"email": "  ANN@Example.com "}),
        json!({"email": "aNN"}),
        json!({"username": "ANN"}),
        json!({"email": null, "username": "ann@example.com"}),
        json!({"email": "ann", "username": "nobody"}),
    ] {
        let mut body = login;
        body["password"] = PASSWORD.into();
        let reply = post(&app, "/api/auth/login", body.clone()).await.expect(StatusCode::OK);
        assert_eq!(reply["user"]["id"], ann.id.as_str(), "{body}");
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_are_answered_alike() {
    let app = App::start().await;
    app.user("ann").await;
    let wrong = post(&app, "/api/auth/login", json!({"email": "ann", "password": "wrong horse"})).await;
    let unknown = post(&app, "/api/auth/login", json!({"email": "bob", "password": "wrong horse"})).await;
    assert_eq!(wrong.headers["www-authenticate"], "Bearer");
    let wrong = wrong.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    assert_eq!(wrong, unknown.refused(StatusCode::UNAUTHORIZED, "invalid_credentials"));
}

#[tokio::test]
async fn a_log_in_needs_a_name_and_a_password_that_are_text() {
    let app = App::start().await;
    for (body, path) in [
        (json!({"password": PASSWORD}), "email"),
        (json!({"email": "", "password": PASSWORD}), "email"),
        (json!({"email": {"$ne": null}, "username": "ann", "password": PASSWORD}), "email"),
        (json!({"email": "ann", "password": ""}), "password"),
        (json!({"email": "ann", "password": {"$regex": "."}}), "password"),
    ] {
        let reply = post(&app, "/api/auth/login", body).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(refused_fields(&reply), [path]);
    }
    // As bcrypt does: no limit of length, and nothing beyond 72 bytes counts.
    let long = json!({"email": "nobody", "password": "x".repeat(5000)});
    post(&app, "/api/auth/login", long).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
}

#[tokio::test]
async fn a_new_password_ends_every_older_token() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let wrong = json!({"currentPassword": "wrong horse", "newPassword": "battery staple"});
    ann.post("/api/auth/password", wrong).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    let short = json!({"currentPassword": PASSWORD, "newPassword": "short"});
    let short = ann.post("/api/auth/password", short).await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    assert_eq!(refused_fields(&short), ["newPassword"]);
    let good = json!({"currentPassword": PASSWORD, "newPassword": "battery staple"});
    let fresh = ann.post("/api/auth/password", good).await.expect(StatusCode::OK);
    ann.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    let again = ann.with_token(&fresh["token"]);
    again.get("/api/auth/me").await.expect(StatusCode::OK);
    let old = json!({"email": "ann", "password": PASSWORD});
    post(&app, "/api/auth/login", old).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    let new = json!({"email": "ann", "password": "battery staple"});
    post(&app, "/api/auth/login", new).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_refreshed_token_works_beside_the_old_one() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let fresh = ann.send(Method::POST, "/api/auth/refresh", None).await.expect(StatusCode::OK);
    assert_eq!(fresh["user"]["id"], ann.id.as_str());
    let again = ann.with_token(&fresh["token"]);
    again.get("/api/auth/me").await.expect(StatusCode::OK);
    ann.get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_token_that_has_run_out_is_told_from_one_that_never_was() {
    let app = App::with(|config| config.token_ttl = std::time::Duration::from_millis(1)).await;
    let ann = app.user("ann").await;
    let until_expired = async {
        loop {
            let reply = ann.get("/api/auth/me").await;
            if reply.status != StatusCode::OK {
                return reply;
            }
        }
    };
    let expired = tokio::time::timeout(PATIENCE, until_expired).await.expect("it runs out");
    assert_eq!(expired.headers["www-authenticate"], "Bearer");
    expired.refused(StatusCode::UNAUTHORIZED, "token_expired");
    for header in ["", "Bearer", "Bearer ", "Bearer abc.def.ghi", "Basic YW5uOmE="] {
        let request = app.request(Method::GET, "/api/auth/me").header("authorization", header);
        let reply = Reply::of(request.send().await.expect("an answer")).await;
        reply.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
}

#[tokio::test]
async fn the_directory_is_in_the_order_of_names_and_searched_by_the_beginning_of_their_parts() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    for name in ["bob", "Anton", "Berta", "anna", "zz.top"] {
        app.user(name).await;
    }
    let socket = ann.socket().await;
    let names = async |query: &str| -> Vec<String> {
        let body = ann.get(&format!("/api/users{query}")).await.expect(StatusCode::OK);
        body.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["Ann", "anna", "Anton", "Berta", "bob", "zz.top"]);
    assert_eq!(names("?search=TO").await, ["zz.top"]);
    assert_eq!(names("?search=AN").await, ["Ann", "anna", "Anton"]);
    assert_eq!(names("?search=an&limit=2").await, ["Ann", "anna"]);
    assert_eq!(names("?search=nn").await, [""; 0]);
    assert_eq!(names("?search=").await.len(), 6);
    let body = ann.get("/api/users?search=ann&limit=1").await.expect(StatusCode::OK);
    assert_eq!(body, json!([{"_id": ann.id, "id": ann.id, "username": "Ann", "online": true}]));
    drop(socket);
}

#[tokio::test]
async fn those_who_are_online_come_first_and_pages_follow_each_other_without_a_gap() {
    let app = App::start().await;
    let ann = app.user("Ann").await;
    for name in ["bob", "cyd", "dee", "s.eve", "fay"] {
        app.user(name).await;
    }
    let (fay, eve) = (app.user("gil").await, app.user("hal").await);
    let sockets = (fay.socket().await, eve.socket().await, ann.socket().await);
    let mut path = "/api/users?sort=online&limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let reply = ann.get(&path).await;
        assert_eq!(reply.status, StatusCode::OK);
        let users = reply.body.as_array().unwrap().clone();
        pages.push(
            users
                .iter()
                .map(|user| (user["username"].as_str().unwrap().to_owned(), user["online"] == true))
                .collect::<Vec<_>>(),
        );
        let Some(link) = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned()) else { break };
        path = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""))
            .expect("a next page")
            .to_owned();
    }
    let page =
        |users: &[(&str, bool)]| users.iter().map(|(name, online)| ((*name).to_owned(), *online)).collect::<Vec<_>>();
    let wanted = [
        page(&[("Ann", true), ("gil", true)]),
        page(&[("hal", true), ("bob", false)]),
        page(&[("cyd", false), ("dee", false)]),
        page(&[("fay", false), ("s.eve", false)]),
    ];
    assert_eq!(pages, wanted);

    let reply = ann.get("/api/users?search=e%26&limit=1&sort=name&after=ann").await;
    let body = reply.refused(StatusCode::BAD_REQUEST, "validation_failed");
    let wrong: Vec<_> = body["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(wrong, ["sort", "after"]);
    drop(sockets);
}
