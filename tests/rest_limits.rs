//! How often one may ask over REST: by address, account and user.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::config::Config;

use crate::support::app::{App, PASSWORD, Reply};

async fn post(app: &App, path: &str, body: Value) -> Reply {
    Reply::of(app.request(Method::POST, path).json(&body).send().await.expect("an answer")).await
}

fn person(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD})
}

fn limited(config: &mut Config) {
    config.rate_limit = true;
}

#[tokio::test]
async fn an_address_may_sign_up_ten_times_a_minute_and_cannot_claim_to_be_another() {
    let app = App::with(limited).await;
    let signup = async |number: usize| {
        let request = app.request(Method::POST, "/api/auth/signup").json(&person(&format!("user{number}")));
        let claimed = format!("203.0.113.{number}");
        Reply::of(request.header("x-forwarded-for", claimed).send().await.expect("an answer")).await
    };
    for number in 0..10 {
        signup(number).await.expect(StatusCode::CREATED);
    }
    let refused = signup(10).await;
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    refused.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_a_budget_of_its_own() {
    let app = App::with(|config| {
        limited(config);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let signup = async |number: usize, from: &str| {
        let request = app.request(Method::POST, "/api/auth/signup").json(&person(&format!("user{number}")));
        let claimed = format!("198.51.100.1, {from}");
        Reply::of(request.header("x-forwarded-for", claimed).send().await.expect("an answer")).await
    };
    for number in 0..10 {
        signup(number, "203.0.113.1").await.expect(StatusCode::CREATED);
    }
    signup(10, "203.0.113.1").await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    signup(11, "203.0.113.2").await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn after_ten_failures_even_the_right_password_is_refused() {
    let app = App::with(limited).await;
    let ann = app.user("ann").await;
    for _ in 0..9 {
        let wrong = json!({"email": "ann", "password": "wrong horse"});
        post(&app, "/api/auth/login", wrong).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    }
    let wrong = json!({"currentPassword": "wrong horse", "newPassword": "battery staple"});
    ann.post("/api/auth/password", wrong).await.refused(StatusCode::UNAUTHORIZED, "invalid_credentials");
    let right = json!({"email": "ann@example.com", "password": PASSWORD});
    let refused = post(&app, "/api/auth/login", right).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_to_wait_and_others_are_not() {
    let app = App::with(limited).await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let mut refused = None;
    for _ in 0..20 {
        let replies = futures_util::future::join_all((0..100).map(|_| ann.get("/api/auth/me"))).await;
        refused = replies.into_iter().find(|reply| reply.status != StatusCode::OK);
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("2,000 requests at once are too many");
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    bob.get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_user_makes_thirty_rooms_a_minute_and_no_more() {
    let app = App::with(limited).await;
    let ann = app.user("ann").await;
    for number in 0..30 {
        ann.room(&format!("room {number}")).await;
    }
    let refused = ann.post("/api/rooms", json!({"name": "one more"})).await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
}
