//! Links by which a new password is set: once, until any other new password, and never for a disabled account.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::administration::{log_in, patch, post};
use crate::support::app::{App, PASSWORD};

#[tokio::test]
async fn a_link_sets_a_password_once_and_says_so_at_the_next_log_in() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/api/admin/users/{}/reset", bob.id);
    let first = ann.send(Method::POST, &path, None).await.expect(StatusCode::CREATED);
    let second = ann.send(Method::POST, &path, None).await.expect(StatusCode::CREATED);
    let code = second["code"].as_str().unwrap();
    let url = second["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with(&format!("/#/reset/{code}")), "{url}");
    let reset = async |code: &Value, password: &str| {
        post(&app, "/api/auth/reset", json!({"code": code, "newPassword": password})).await
    };
    reset(&first["code"], "another horse").await.refused(StatusCode::NOT_FOUND, "reset_not_found");
    for bad in [json!("x"), json!(code[1..]), json!(ann.id), json!("0".repeat(45))] {
        reset(&bad, "another horse").await.refused(StatusCode::NOT_FOUND, "reset_not_found");
    }
    reset(&second["code"], "short").await.refused(StatusCode::BAD_REQUEST, "validation_failed");
    patch(&ann, &bob.id, json!({"disabled": true})).await.expect(StatusCode::OK);
    reset(&second["code"], "another horse").await.refused(StatusCode::FORBIDDEN, "account_disabled");
    patch(&ann, &bob.id, json!({"disabled": false})).await.expect(StatusCode::OK);
    let again = log_in(&app, "bob", PASSWORD).await.expect(StatusCode::OK);
    assert!(again.get("passwordResetAt").is_none());
    let bob = bob.with_token(&again["token"]);
    let socket = bob.socket().await;
    let session = reset(&second["code"], "another horse").await.expect(StatusCode::OK);
    assert_eq!(socket.event("error").await["code"], "unauthorized");
    bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    bob.with_token(&session["token"]).get("/api/auth/me").await.expect(StatusCode::OK);
    reset(&second["code"], "third horse").await.refused(StatusCode::NOT_FOUND, "reset_not_found");
    log_in(&app, "bob", PASSWORD).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    let told = log_in(&app, "bob", "another horse").await.expect(StatusCode::OK);
    assert!(told["passwordResetAt"].is_string(), "{told}");
    let not_again = log_in(&app, "bob", "another horse").await.expect(StatusCode::OK);
    assert!(not_again.get("passwordResetAt").is_none(), "{not_again}");
}

/// A password that is being set while the account is disabled, and enabled again: no token comes of it.
#[tokio::test]
async fn who_sets_a_password_while_being_disabled_gets_no_token_that_counts_later() {
    let (app, store) = App::troubled(|_| {}).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/api/admin/users/{}/reset", bob.id);
    let given = ann.send(Method::POST, &path, None).await.expect(StatusCode::CREATED);
    let gate = store.hold("set_password");
    let by_link = post(&app, "/api/auth/reset", json!({"code": given["code"], "newPassword": "another horse"}));
    let own = bob.post("/api/auth/password", json!({"currentPassword": PASSWORD, "newPassword": "third horse"}));
    let disabling = async {
        store.begun("set_password", 2).await;
        patch(&ann, &bob.id, json!({"disabled": true})).await.expect(StatusCode::OK);
        store.heal("set_password");
        gate.add_permits(2);
    };
    let (by_link, own, ()) = tokio::join!(by_link, own, disabling);
    by_link.refused(StatusCode::FORBIDDEN, "account_disabled");
    own.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    patch(&ann, &bob.id, json!({"disabled": false})).await.expect(StatusCode::OK);
    bob.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    for refused in ["another horse", "third horse"] {
        log_in(&app, "bob", refused).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    }
    log_in(&app, "bob", PASSWORD).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_reset_ends_by_any_new_password() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/api/admin/users/{}/reset", bob.id);
    let given = ann.send(Method::POST, &path, None).await.expect(StatusCode::CREATED);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    bob.post("/api/auth/password", change).await.expect(StatusCode::OK);
    let late = json!({"code": given["code"], "newPassword": "third horse"});
    post(&app, "/api/auth/reset", late).await.refused(StatusCode::NOT_FOUND, "reset_not_found");
}
