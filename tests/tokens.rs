//! Tokens as other programs with the same secret make them, and the ways in which clients present one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::model::{Timestamp, UserId};

use crate::support::app::{App, PASSWORD, PATIENCE, Reply};
use crate::support::polling::handshake;
use crate::support::socket::Socket;

/// Far enough away, in seconds since 1970.
const FAR: u64 = 4_102_444_800;

/// Signs claims as the backend that shares the secret of [`crate::support::settings`] would. An app has been started
/// before.
fn signed(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(claims));
    let key = EncodingKey::from_secret(b"a secret of tests that is long enough");
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
    format!("{message}.{signature}")
}

async fn me(app: &App, credentials: &str) -> Reply {
    let request = app.request(Method::GET, "/api/auth/me").header("authorization", credentials);
    Reply::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_token_of_another_program_is_good_on_rest_and_on_sockets_whatever_else_it_says() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let (id, other) = (&ann.id, UserId::new());
    for claims in [
        format!(r#"{{"userId":"{id}","id":42,"exp":{FAR}}}"#),
        format!(r#"{{"id":"{id}","sub":"{other}","exp":{FAR}}}"#),
        format!(r#"{{"_id":"{id}","userId":7,"sub":"auth0|1","exp":{FAR}}}"#),
        format!(r#"{{"sub":"{id}","aud":{{"x":[]}},"iss":5,"nbf":"x","iat":"y","jti":null,"exp":{FAR}}}"#),
        format!(r#"{{"userId":"{id}","ver":"2.0","tokenVersion":9,"exp":{FAR}.5}}"#),
        format!(r#"{{"userId":"{id}","ver":3,"role":"admin","exp":{FAR}}}"#),
        format!(r#"{{"userId":"{id}","username":"cut \ud83d","exp":{FAR}}}"#),
    ] {
        let token = signed(&claims);
        let reply = me(&app, &format!("Bearer {token}")).await.expect(StatusCode::OK);
        assert_eq!(reply["user"]["id"], json!(id), "{claims}");
        let socket = Socket::connect(app.address(), json!({"token": token})).await.expect("a session");
        assert_eq!((&socket.session["userId"], &socket.session["username"]), (&json!(id), &json!("ann")), "{claims}");
    }
}

#[tokio::test]
async fn a_token_whose_times_are_wrong_or_that_names_nobody_is_refused_on_both_ways() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let id = &ann.id;
    let other = UserId::new();
    for (claims, code) in [
        (format!(r#"{{"userId":"{id}"}}"#), "unauthorized"),
        (format!(r#"{{"userId":"{id}","exp":"{FAR}"}}"#), "unauthorized"),
        (format!(r#"{{"userId":"{id}","exp":null}}"#), "unauthorized"),
        (format!(r#"{{"userId":"{id}","exp":{FAR},"nbf":{FAR}}}"#), "unauthorized"),
        (format!(r#"{{"userId":"{id}","exp":{FAR},"nbf":1e300}}"#), "unauthorized"),
        (format!(r#"{{"userId":"{id}","exp":-1e300}}"#), "token_expired"),
        (format!(r#"{{"userId":"{id}","exp":1.5}}"#), "token_expired"),
        (format!(r#"{{"userId":"{}","id":42,"exp":{FAR}}}"#, id.to_uppercase()), "unauthorized"),
        (format!(r#"{{"userId":"{other}","id":"{id}","exp":{FAR}}}"#), "unauthorized"),
        (format!(r#"["{id}"]"#), "unauthorized"),
        ("5".to_owned(), "unauthorized"),
    ] {
        let token = signed(&claims);
        me(&app, &format!("Bearer {token}")).await.refused(StatusCode::UNAUTHORIZED, code);
        let refusal = Socket::connect(app.address(), json!({"token": token})).await.err().expect("a refusal");
        assert!(refusal.starts_with("Authentication error"), "{claims}: {refusal}");
    }
    let far_away = signed(&format!(r#"{{"userId":"{id}","exp":1e300}}"#));
    Socket::connect(app.address(), json!({"token": far_away})).await.expect("a session");
}

#[tokio::test]
async fn a_foreign_version_does_not_revive_a_token_after_a_password_change() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let foreign = signed(&format!(r#"{{"userId":"{}","ver":1,"exp":{FAR}}}"#, ann.id));
    me(&app, &format!("Bearer {foreign}")).await.expect(StatusCode::OK);
    let body = json!({"currentPassword": PASSWORD, "newPassword": "battery staple"});
    let changed = ann.post("/api/auth/password", body).await.expect(StatusCode::OK);
    me(&app, &format!("Bearer {foreign}")).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    let own = changed["token"].as_str().expect("a token");
    me(&app, &format!("Bearer {own}")).await.expect(StatusCode::OK);
}

/// Connects over polling with a header on the handshake and an `auth` as it stands; `Err` with the message of
/// `connect_error`.
async fn connected(app: &App, header: Option<&str>, auth: &str) -> Result<(), String> {
    let mut opening = handshake(app.address());
    if let Some(header) = header {
        opening = opening.header("authorization", header);
    }
    let opened = opening.send().await.expect("an answer").text().await.expect("a body");
    let opened: Value = serde_json::from_str(opened.strip_prefix('0').expect("an open packet")).expect("JSON");
    let path = format!("/socket.io/?EIO=4&transport=polling&sid={}", opened["sid"].as_str().expect("an id"));
    let posted = app.request(Method::POST, &path).body(format!("40{auth}")).send().await.expect("an answer");
    assert_eq!(posted.status(), StatusCode::OK);
    let answered = async {
        loop {
            let polled = app.request(Method::GET, &path).send().await.expect("an answer");
            assert_eq!(polled.status(), StatusCode::OK, "while waiting for the answer to {auth}");
            let text = polled.text().await.expect("a body");
            for packet in text.split('\x1e') {
                if packet.starts_with("40") {
                    return Ok(());
                }
                if let Some(error) = packet.strip_prefix("44") {
                    let error: Value = serde_json::from_str(error).expect("JSON");
                    return Err(error["message"].as_str().expect("a message").to_owned());
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("it is answered in time")
}

#[tokio::test]
async fn a_token_may_have_bearer_before_it_in_any_case() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let token = &ann.token;
    for scheme in ["", "Bearer ", "bearer ", "BEARER  ", " Bearer\t"] {
        let auth = json!({"token": format!("{scheme}{token}")});
        Socket::connect(app.address(), auth).await.unwrap_or_else(|refusal| panic!("{scheme:?}: {refusal}"));
    }
    for scheme in ["Bearer ", "bearer ", "BEARER  "] {
        me(&app, &format!("{scheme}{token}")).await.expect(StatusCode::OK);
        assert_eq!(connected(&app, Some(&format!("{scheme}{token}")), "").await, Ok(()), "{scheme}");
    }
    for (scheme, glued) in [("Basic ", token.as_str()), ("Bearer", token), ("Token ", token)] {
        let refused = Socket::connect(app.address(), json!({"token": format!("{scheme}{glued}")})).await.err();
        assert!(refused.is_some_and(|message| message.starts_with("Authentication error")), "{scheme}");
    }
    me(&app, token).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
}

#[tokio::test]
async fn an_auth_that_holds_no_token_is_none_and_the_header_counts() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let witness = ann.socket().await;
    let header = format!("Bearer {}", ann.token);
    let empty = [r#"{"token":""}"#, r#"{"token":"  "}"#, r#"{"token":"Bearer "}"#, r#"{"token":null}"#];
    let odd = [
        "",
        "{}",
        "\"text\"",
        "[1]",
        r#"{"token":5}"#,
        r#"{"token":["x"]}"#,
        r#"{"token":{"token":"x"}}"#,
        r#"{"auth":{"token":"x"}}"#,
        r#"{"token":true,"x":"\ud83d"}"#,
        "{",
    ];
    for auth in empty.into_iter().chain(odd) {
        let refused = connected(&app, None, auth).await;
        assert!(refused.is_err_and(|message| message.starts_with("Authentication error")), "{auth}");
        assert_eq!(connected(&app, Some(&header), auth).await, Ok(()), "{auth}");
    }
    // One that is there counts, good or bad.
    let good = json!({"token": ann.token, "name": "x"}).to_string();
    assert_eq!(connected(&app, Some("Bearer nonsense"), &good).await, Ok(()));
    assert!(connected(&app, Some(&header), r#"{"token":"nonsense"}"#).await.is_err());
    // Text beside it may be cut in an emoji.
    let cut = format!(r#"{{"name":"\ud83d","token":"{}"}}"#, ann.token);
    assert_eq!(connected(&app, None, &cut).await, Ok(()));
    witness.refused("no-such-event", json!({}), "unknown_event").await;
}

#[tokio::test]
async fn logging_out_everywhere_ends_tokens_of_other_programs_that_were_issued_until_then() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let id = &ann.id;
    let now = Timestamp::now().millis() / 1000;
    let token = |iat: Option<i64>| {
        let iat = iat.map(|iat| format!(r#""iat":{iat},"#)).unwrap_or_default();
        format!("Bearer {}", signed(&format!(r#"{{"id":"{id}",{iat}"exp":{FAR}}}"#)))
    };
    let old = [token(Some(now - 100)), token(Some(now)), token(None), token(Some(now + 3600))];
    for token in &old {
        me(&app, token).await.expect(StatusCode::OK);
    }
    ann.send(Method::POST, "/api/auth/logout-everywhere", None).await.expect(StatusCode::NO_CONTENT);
    for token in &old {
        me(&app, token).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    // As if all that had been a while ago.
    let user = UserId::parse(id).unwrap();
    let then = Timestamp::from_millis((now - 50) * 1000);
    app.store().end_tokens(user, then).await.unwrap().unwrap();
    me(&app, &token(Some(now - 49))).await.expect(StatusCode::OK);
    Socket::connect(app.address(), json!({"token": token(Some(now - 49))})).await.expect("a session");
    me(&app, &token(Some(now - 50))).await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
}
