//! Text as programs really send it: cut in the middle of an emoji, behind a byte order mark, or made of characters that
//! nobody sees.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::model::{User as Account, UserId};

use crate::support::app::{App, PASSWORD, Reply, User};
use crate::support::socket::Socket;

/// A body that goes out byte by byte as it stands.
async fn raw(app: &App, method: Method, path: &str, token: Option<&str>, body: impl Into<Vec<u8>>) -> Reply {
    let mut request = app.request(method, path).header("content-type", "application/json").body(body.into());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Reply::of(request.send().await.expect("an answer")).await
}

/// The acknowledgement of a packet whose payload goes out as it stands.
async fn event(socket: &Socket, number: u64, name: &str, payload: &str) -> Value {
    socket.raw(format!("42{number}[\"{name}\",{payload}]")).await;
    socket.acked(number).await
}

#[tokio::test]
async fn a_message_that_was_cut_in_the_middle_of_an_emoji_is_stored_with_the_replacement_character() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let mut expected = Vec::new();
    for (number, (sent, stored)) in [
        (r"cut \ud83d", "cut \u{fffd}"),
        (r"\ude00 begins so", "\u{fffd} begins so"),
        (r"\uD83D", "\u{fffd}"),
        (r"\ud83d\ud83d\ude00\ude00", "\u{fffd}😀\u{fffd}"),
        (r"\\ud83d is no escape", "\\ud83d is no escape"),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = format!(r#"{{"roomId":"{room}","content":"{sent}","\ud83d":["\ude00"]}}"#);
        let ack = event(&from, 500 + number as u64, "send-message", &payload).await;
        assert_eq!(ack["message"]["content"], stored, "{ack}");
        expected.push(json!(stored));
    }
    let told: Vec<Value> = to.came("new-message").await.into_iter().map(|message| message["content"].clone()).collect();
    assert_eq!(told, expected);
    let history = bob.get(&format!("/api/rooms/{room}/messages")).await.expect(StatusCode::OK);
    let history: Vec<Value> = history.as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(history, expected);
}

#[tokio::test]
async fn other_events_with_text_that_was_cut_are_run_too() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let offer = format!(r#"{{"to":"{}","offer":{{"sdp":"s=\ud83d"}},"note \ud83d":"\ude00"}}"#, bob.id);
    assert_eq!(event(&from, 500, "webrtc-offer", &offer).await, json!({"ok": true}));
    let relayed = to.event("webrtc-offer").await;
    assert_eq!((&relayed["offer"]["sdp"], &relayed["note \u{fffd}"]), (&json!("s=\u{fffd}"), &json!("\u{fffd}")));
    let call = from.ok("initiate-call", json!({"to": bob.id})).await["callId"].clone();
    let reject = format!(r#"{{"callId":{call},"reason":"busy \ud83d"}}"#);
    assert_eq!(event(&to, 501, "reject-call", &reject).await, json!({"ok": true}));
    assert_eq!(from.event("call-rejected").await["reason"], "busy \u{fffd}");
    // A text that is no id is the id of nothing, however it was cut.
    assert_eq!(event(&from, 502, "join-room", r#""\ud83d""#).await["code"], "room_not_found");
    assert_eq!(event(&from, 503, "send-message", r#"{"roomId":"\ud83d","content":"x"}"#).await["code"], "not_in_room");
    // What is no JSON for another reason is none still.
    let broken = r#"{"a":"\ud83d","typing":1e999}"#;
    assert_eq!(event(&from, 504, "typing", broken).await["code"], "validation_failed");
}

#[tokio::test]
async fn a_body_may_hold_text_that_was_cut_and_stand_behind_a_byte_order_mark() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let token = Some(ann.token.as_str());
    let room = raw(&app, Method::POST, "/api/rooms", token, r#"{"name":"Cut \ud83d","description":"\ude00"}"#).await;
    let room = room.expect(StatusCode::CREATED);
    assert_eq!((&room["name"], &room["description"]), (&json!("Cut \u{fffd}"), &json!("\u{fffd}")));
    let path = format!("/api/rooms/{}", room["id"].as_str().unwrap());
    let marked = [b"\xef\xbb\xbf".as_slice(), br#"{"name":"Marked"}"#].concat();
    assert_eq!(raw(&app, Method::PATCH, &path, token, marked).await.expect(StatusCode::OK)["name"], "Marked");
    let log_in = format!("\u{feff}{{\"email\":\"ann\",\"password\":\"{PASSWORD}\"}}");
    raw(&app, Method::POST, "/api/auth/login", None, log_in).await.expect(StatusCode::OK);
    // A name must be letters and digits, and the replacement character is none.
    let sign_up = format!(r#"{{"username":"eve\ud83d","email":"eve@example.com","password":"{PASSWORD}"}}"#);
    let refused = raw(&app, Method::POST, "/api/auth/signup", None, sign_up).await;
    assert_eq!(refused.refused(StatusCode::BAD_REQUEST, "validation_failed")["errors"][0]["path"], "username");
    // A password that was cut is the same one each time.
    let sign_up = r#"{"username":"cut","email":"cut@example.com","password":"long enough \ud83d"}"#;
    raw(&app, Method::POST, "/api/auth/signup", None, sign_up).await.expect(StatusCode::CREATED);
    let log_in = r#"{"email":"cut","password":"long enough \ud83d"}"#;
    raw(&app, Method::POST, "/api/auth/login", None, log_in).await.expect(StatusCode::OK);
    for broken in [
        b"{\"name\":\"\xed\xa0\xbd\"}".as_slice(),
        b"{\"name\":\"\\ud83d\xff\"}",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"{\"name\":\"\\ud83\"}",
        b"{\"name\":\"\\ud83d\"",
        b"\xfe\xff\0{\0}",
    ] {
        raw(&app, Method::PATCH, &path, token, broken).await.refused(StatusCode::BAD_REQUEST, "invalid_json");
    }
}

/// Characters that no font draws, alone or behind others.
const UNSEEN: [char; 14] = [
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{1160}',
    '\u{180e}',
    '\u{200b}',
    '\u{200d}',
    '\u{2060}',
    '\u{3164}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{e0041}',
];

async fn sign_up(app: &App, name: &str, address: &str) -> Reply {
    let body = json!({"username": name, "email": address, "password": PASSWORD});
    Reply::of(app.request(Method::POST, "/api/auth/signup").json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn nobody_can_be_called_like_another_or_like_nothing() {
    let app = App::start().await;
    app.user("victim").await;
    let mut names = vec!["...".to_owned(), "_-_".to_owned(), "\u{301}\u{301}\u{301}".to_owned()];
    for unseen in UNSEEN {
        names.extend([format!("victim{unseen}"), format!("vic{unseen}tim"), unseen.to_string().repeat(3)]);
    }
    for name in names {
        let refused = sign_up(&app, &name, "eve@example.com").await;
        let refused = refused.refused(StatusCode::BAD_REQUEST, "validation_failed");
        assert_eq!(refused["errors"][0]["path"], "username", "{name:?}");
    }
    for (number, name) in ["a..", "_1_", "Zoe\u{308}", "محمد", "日本語"].into_iter().enumerate() {
        sign_up(&app, name, &format!("{number}@example.com")).await.expect(StatusCode::CREATED);
    }
}

/// An account as another program may have stored it, with the password of tests.
async fn stored(app: &App, like: &User<'_>, name: &str) -> String {
    let store = app.store();
    let like = store.user(UserId::parse(&like.id).unwrap()).await.unwrap().expect("the account");
    let account = Account { id: UserId::new(), username: name.to_owned(), email: "old@example.com".to_owned(), ..like };
    store.insert_user(account.clone()).await.expect("it is new");
    account.id.to_string()
}

#[tokio::test]
async fn who_has_such_a_name_from_before_still_logs_in_by_it_and_nobody_else_does() {
    let app = App::start().await;
    let victim = app.user("victim").await;
    let old = stored(&app, &victim, "Victim\u{fe0f}").await;
    for (name, id) in [("victim\u{fe0f}", &old), ("VICTIM\u{fe0f}", &old), ("victim", &victim.id)] {
        let body = json!({"email": name, "password": PASSWORD});
        let reply = app.request(Method::POST, "/api/auth/login").json(&body).send().await.expect("an answer");
        assert_eq!(Reply::of(reply).await.expect(StatusCode::OK)["user"]["id"], json!(id), "{name:?}");
    }
    let body = json!({"email": "victim\u{200b}", "password": PASSWORD});
    let reply = app.request(Method::POST, "/api/auth/login").json(&body).send().await.expect("an answer");
    Reply::of(reply).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
}

#[tokio::test]
async fn no_room_looks_like_another_or_like_nothing() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let other = ann.room("Cellar").await;
    for unseen in UNSEEN {
        for name in [format!("Kitchen{unseen}"), format!("{unseen}KIT{unseen}chen"), format!("kitchen {unseen}")] {
            ann.post("/api/rooms", json!({"name": name})).await.refused(StatusCode::CONFLICT, "room_name_taken");
            let patch = ann.patch(&format!("/api/rooms/{other}"), json!({"name": name})).await;
            patch.refused(StatusCode::CONFLICT, "room_name_taken");
        }
        for name in [unseen.to_string(), unseen.to_string().repeat(3), format!("\u{301}{unseen} \u{2800}")] {
            let refused = ann.post("/api/rooms", json!({"name": name})).await;
            let refused = refused.refused(StatusCode::BAD_REQUEST, "validation_failed");
            assert_eq!(refused["errors"][0]["path"], "name", "{name:?}");
        }
    }
    // Its own name may be spelled so, and is kept as it was written.
    let own = ann.patch(&format!("/api/rooms/{room}"), json!({"name": "Kitchen\u{200d}"})).await;
    assert_eq!(own.expect(StatusCode::OK)["name"], "Kitchen\u{200d}");
    ann.post("/api/rooms", json!({"name": "Kitchen"})).await.refused(StatusCode::CONFLICT, "room_name_taken");
    // Joined emoji are a name like any other.
    let family = "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}";
    let made = ann.post("/api/rooms", json!({"name": family})).await.expect(StatusCode::CREATED);
    assert_eq!(made["name"], family);
    ann.post("/api/rooms", json!({"name": "👨👩👧 ❤"})).await.refused(StatusCode::CONFLICT, "room_name_taken");
}

#[tokio::test]
async fn a_message_that_shows_nothing_is_refused_and_one_that_shows_anything_is_kept_as_it_is() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    for unseen in UNSEEN {
        for content in [unseen.to_string(), format!(" {unseen}\n{unseen}\u{a0}"), format!("{unseen}\u{301}\u{2800}")] {
            let payload = json!({"roomId": room, "content": content});
            socket.refused("send-message", payload, "validation_failed").await;
        }
    }
    for content in
        ["👨\u{200d}👩\u{200d}👧", "1\u{fe0f}\u{20e3}", "می\u{200c}خواهم", "?", "\u{1fbff}", "\u{200b}x", "🇩🇪"]
    {
        let ack = socket.ok("send-message", json!({"roomId": room, "content": content})).await;
        assert_eq!(ack["message"]["content"], content);
    }
}
