//! Hostile input about the people of a server: members, direct rooms, invitations, administration, what is read and who
//! is called. Each gets a code that does not change, and nothing is lost.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{App, PASSWORD, Reply, User};

/// A team with something of everything in it.
struct Team<'a> {
    app: &'a App,
    /// Looks after the server, and asks.
    ann: User<'a>,
    bob: User<'a>,
    /// A private room of both.
    room: String,
    /// An invitation of Ann's into it.
    invite: Value,
}

impl<'a> Team<'a> {
    async fn gather(app: &'a App) -> Self {
        let (ann, bob) = (app.user("ann").await, app.user("bob").await);
        let wish = json!({"name": "Cellar", "kind": "private", "members": [bob.id]});
        let room = ann.post("/api/rooms", wish).await.expect(StatusCode::CREATED)["id"].as_str().unwrap().to_owned();
        let invite = ann.post("/api/invites", json!({"roomId": room})).await.expect(StatusCode::CREATED);
        Self { app, ann, bob, room, invite }
    }

    fn code(&self) -> &str {
        self.invite["code"].as_str().expect("a code")
    }

    /// Everything that there is, as Ann sees it.
    async fn all(&self) -> Value {
        let mut all = Vec::new();
        for path in ["/api/rooms", "/api/admin/users", "/api/invites"] {
            all.push(self.ann.get(path).await.expect(StatusCode::OK));
        }
        self.bob.get("/api/auth/me").await.expect(StatusCode::OK);
        json!(all)
    }

    /// The routes that take a body, each with one that is good, and the fields that must be there.
    fn bodies(&self) -> Vec<(Method, String, Value, &'static [&'static str])> {
        let (bob, room) = (&self.bob.id, &self.room);
        vec![
            (Method::POST, format!("/api/rooms/{room}/members"), json!({"userId": bob}), &["userId"]),
            (Method::POST, "/api/direct".to_owned(), json!({"userId": bob}), &["userId"]),
            (
                Method::POST,
                "/api/rooms".to_owned(),
                json!({"name": "x", "kind": "private", "members": [bob]}),
                &["name"],
            ),
            (Method::POST, "/api/invites".to_owned(), json!({"roomId": room, "uses": 2, "expiresIn": "1h"}), &[]),
            (Method::PATCH, format!("/api/admin/users/{bob}"), json!({"role": "member", "disabled": false}), &[]),
            (
                Method::POST,
                "/api/auth/reset".to_owned(),
                json!({"code": "none", "newPassword": "another horse"}),
                &["code", "newPassword"],
            ),
        ]
    }

    async fn raw(&self, method: &Method, path: &str, body: &str) -> Reply {
        let request = self.app.request(method.clone(), path).bearer_auth(&self.ann.token);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        Reply::of(request.send().await.expect("an answer")).await
    }
}

/// Ids of nothing, as they stand in a body.
fn foreign_ids(team: &Team<'_>) -> Vec<String> {
    vec![
        String::new(),
        " ".to_owned(),
        "0".repeat(24),
        "f".repeat(24),
        team.bob.id.to_uppercase().replace(|digit: char| digit.is_ascii_digit(), "A"),
        format!(" {}", team.bob.id),
        format!("{}0", team.bob.id),
        format!("{}\0", team.bob.id),
        team.room.clone(),
        team.invite["id"].as_str().unwrap().to_owned(),
        "__proto__".to_owned(),
        "$where".to_owned(),
        "\u{0}".to_owned(),
        "é".repeat(12),
        "x".repeat(40_000),
    ]
}

#[tokio::test]
async fn an_id_of_nothing_is_not_found_wherever_it_stands() {
    let app = App::start().await;
    let team = Team::gather(&app).await;
    let before = team.all().await;
    let room = &team.room;
    for id in foreign_ids(&team) {
        let shown: String = id.chars().take(30).collect();
        let members = format!("/api/rooms/{room}/members");
        for (path, body) in [
            (members.as_str(), json!({"userId": id})),
            ("/api/direct", json!({"userId": id})),
            ("/api/rooms", json!({"name": "x", "kind": "private", "members": [team.bob.id, id]})),
        ] {
            let reply = team.ann.post(path, body).await;
            assert_eq!(
                (reply.status.as_u16(), &reply.body["code"]),
                (404, &json!("user_not_found")),
                "{path} {shown:?}"
            );
        }
        if id == *room {
            continue;
        }
        let reply = team.ann.post("/api/invites", json!({"roomId": id})).await;
        assert_eq!((reply.status.as_u16(), &reply.body["code"]), (404, &json!("room_not_found")), "{shown:?}");
    }
    for id in
        ["__proto__", "%00", "%F0%9F%98%80", "0".repeat(24).as_str(), &team.bob.id.to_uppercase(), &"f".repeat(4_000)]
    {
        if *id == *team.bob.id {
            continue;
        }
        for (method, path, body, code) in [
            (Method::DELETE, format!("/api/rooms/{room}/members/{id}"), Value::Null, "user_not_found"),
            (Method::POST, format!("/api/rooms/{id}/members"), json!({"userId": team.bob.id}), "room_not_found"),
            (Method::DELETE, format!("/api/rooms/{id}/members/{}", team.bob.id), Value::Null, "room_not_found"),
            (Method::DELETE, format!("/api/invites/{id}"), Value::Null, "invite_not_found"),
            (Method::POST, format!("/api/invites/code/{id}"), Value::Null, "invite_not_found"),
            (Method::GET, format!("/api/invites/code/{id}"), Value::Null, "invite_not_found"),
            (Method::PATCH, format!("/api/admin/users/{id}"), json!({"disabled": true}), "user_not_found"),
            (Method::DELETE, format!("/api/admin/users/{id}"), Value::Null, "user_not_found"),
            (Method::POST, format!("/api/admin/users/{id}/reset"), Value::Null, "user_not_found"),
        ] {
            let reply = team.ann.send(method.clone(), &path, (!body.is_null()).then_some(body)).await;
            assert_eq!((reply.status.as_u16(), &reply.body["code"]), (404, &json!(code)), "{method} {path}");
        }
    }
    assert_eq!(team.all().await, before);
}

#[tokio::test]
async fn a_field_that_is_missing_is_named_and_one_that_nobody_knows_is_passed_over() {
    let app = App::start().await;
    let team = Team::gather(&app).await;
    let before = team.all().await;
    for (method, path, good, required) in team.bodies() {
        for field in required {
            for nothing in [None, Some(Value::Null)] {
                let mut body = good.clone();
                match nothing {
                    Some(null) => body[*field] = null,
                    None => drop(body.as_object_mut().unwrap().remove(*field)),
                }
                let refused = team.ann.send(method.clone(), &path, Some(body)).await;
                let refused = refused.refused(StatusCode::BAD_REQUEST, "validation_failed");
                assert_eq!(refused["errors"][0]["path"], *field, "{method} {path}");
            }
        }
    }
    assert_eq!(team.all().await, before);
    let mut deep = json!(1);
    for _ in 0..60 {
        deep = json!({"deeper": deep});
    }
    for (method, path, good, _) in team.bodies() {
        let mut body = good;
        for (field, value) in [
            ("__proto__", json!({"role": "admin"})),
            ("constructor", json!({"prototype": {}})),
            ("$where", json!("sleep(1000)")),
            ("createdBy", json!(team.bob.id)),
            ("used", json!(-1)),
            ("_id", json!("0".repeat(24))),
            ("participants", json!([])),
            ("tokenVersion", json!(0)),
            ("", json!("")),
            ("nul\0", json!("\0")),
            ("deep", deep.clone()),
        ] {
            body[field] = value;
        }
        let reply = team.ann.send(method.clone(), &path, Some(body)).await;
        let as_without = reply.status.is_success() || reply.body["code"] == json!("reset_not_found");
        assert!(as_without, "{method} {path}: {} {}", reply.status, reply.body);
    }
    let made = team.ann.get("/api/invites").await.expect(StatusCode::OK);
    assert_eq!((&made[0]["createdBy"]["id"], &made[0]["used"]), (&json!(team.ann.id), &json!(0)));
    let bob = team.bob.get("/api/auth/me").await.expect(StatusCode::OK);
    assert_eq!((&bob["user"]["role"], &bob["user"]["id"]), (&json!("member"), &json!(team.bob.id)));
}

#[tokio::test]
async fn text_that_was_cut_within_a_letter_is_read_and_found_to_be_nothing() {
    let app = App::start().await;
    let team = Team::gather(&app).await;
    let before = team.all().await;
    let (room, cut) = (&team.room, r#""\ud83d""#);
    for (method, path, body, status, code) in [
        (Method::POST, format!("/api/rooms/{room}/members"), format!("{{\"userId\":{cut}}}"), 404, "user_not_found"),
        (Method::POST, "/api/direct".to_owned(), format!("{{\"userId\":{cut}}}"), 404, "user_not_found"),
        (Method::POST, "/api/invites".to_owned(), format!("{{\"roomId\":{cut}}}"), 404, "room_not_found"),
        (Method::POST, "/api/invites".to_owned(), format!("{{\"expiresIn\":{cut}}}"), 400, "validation_failed"),
        (
            Method::PATCH,
            format!("/api/admin/users/{}", team.bob.id),
            format!("{{\"role\":{cut}}}"),
            400,
            "validation_failed",
        ),
        (
            Method::POST,
            "/api/auth/reset".to_owned(),
            format!("{{\"code\":{cut},\"newPassword\":\"another horse\"}}"),
            404,
            "reset_not_found",
        ),
    ] {
        let reply = team.raw(&method, &path, &body).await;
        assert_eq!((reply.status.as_u16(), &reply.body["code"]), (status, &json!(code)), "{method} {path} {body}");
    }
    let person = format!(r#"{{"username":"eve","email":"eve@example.com","password":"{PASSWORD}","invite":{cut}}}"#);
    let refused = team.raw(&Method::POST, "/api/auth/signup", &person).await;
    refused.refused(StatusCode::FORBIDDEN, "invite_required");
    assert_eq!(team.all().await, before);
}

#[tokio::test]
async fn another_method_is_refused_and_says_which_there_are() {
    let app = App::start().await;
    let team = Team::gather(&app).await;
    let before = team.all().await;
    let (room, bob) = (&team.room, &team.bob.id);
    for (path, allowed) in [
        (format!("/api/rooms/{room}/members"), "POST"),
        (format!("/api/rooms/{room}/members/{bob}"), "DELETE"),
        ("/api/direct".to_owned(), "POST"),
        ("/api/invites".to_owned(), "GET,HEAD,POST"),
        (format!("/api/invites/{}", team.invite["id"].as_str().unwrap()), "DELETE"),
        (format!("/api/invites/code/{}", team.code()), "GET,HEAD,POST"),
        ("/api/admin/users".to_owned(), "GET,HEAD"),
        (format!("/api/admin/users/{bob}"), "PATCH,DELETE"),
        (format!("/api/admin/users/{bob}/reset"), "POST"),
        ("/api/admin/overview".to_owned(), "GET,HEAD"),
    ] {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];
        for method in methods.into_iter().filter(|method| !allowed.contains(method.as_str())) {
            let reply = team.ann.send(method.clone(), &path, None).await;
            let allow = reply.headers.get("allow").map(|allow| allow.to_str().unwrap().to_owned());
            assert_eq!(allow.as_deref(), Some(allowed), "{method} {path}");
            reply.refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        }
    }
    assert_eq!(team.all().await, before);
}

#[tokio::test]
async fn a_text_full_of_calls_is_a_message_like_any_other() {
    let app = App::start().await;
    let team = Team::gather(&app).await;
    let anns = team.ann.socket_in(&team.room).await;
    let mut sent = 0;
    for text in [
        "@".repeat(4_000),
        "@bob".repeat(1_000),
        "@bob ".repeat(800),
        "@b@o@b".repeat(600),
        "@\u{301}\u{301}".repeat(1_000),
        format!("@{}", "b".repeat(3_999)),
        "@bob\u{200b}@all\u{2063}".repeat(400),
        "@__proto__ @constructor @$where @{} @[removed] @@all@".to_owned(),
    ] {
        anns.ok("send-message", json!({"roomId": team.room, "content": text})).await;
        sent += 1;
    }
    let room = team.bob.get(&format!("/api/rooms/{}", team.room)).await.expect(StatusCode::OK);
    assert_eq!((&room["lastSeq"], &room["unread"]), (&json!(sent), &json!(sent)));
    // Those call that begin with "@bob", and "@@all@", each once.
    assert_eq!(room["mentions"], 4, "{room}");
}
