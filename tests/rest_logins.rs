//! Log-ins that run at once, and sessions that are looked at again while others come.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::model::UserId;

use crate::support::app::{App, PASSWORD, Reply};

async fn log_in(app: &App, name: &str, password: &str) -> Reply {
    let body = json!({"email": name, "password": password});
    Reply::of(app.request(Method::POST, "/api/auth/login").json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn of_thirty_wrong_passwords_at_once_ten_are_tried() {
    let app = App::with(|config| config.rate_limit = true).await;
    app.user("ann").await;
    for name in ["ann", "nobody"] {
        let replies = futures_util::future::join_all((0..30).map(|_| log_in(&app, name, "wrong horse"))).await;
        let tried = replies.iter().filter(|reply| reply.status == StatusCode::UNAUTHORIZED).count();
        let refused = replies.iter().filter(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS).count();
        // One more for each six seconds, where the machine is slow.
        assert!((10..=12).contains(&tried) && tried + refused == 30, "{name}: {tried} tried, {refused} refused");
    }
}

#[tokio::test]
async fn many_right_log_ins_of_one_account_leave_room_for_others() {
    let app = App::with(|config| config.bcrypt_cost = 10).await;
    app.user("ann").await;
    let names: Vec<String> = (0..5).map(|number| format!("user{number}")).collect();
    for name in &names {
        app.user(name).await;
    }
    let flood = futures_util::future::join_all((0..250).map(|_| log_in(&app, "ann", PASSWORD)));
    let others = futures_util::future::join_all(names.iter().map(|name| log_in(&app, name, PASSWORD)));
    let (flood, others) = futures_util::future::join(flood, others).await;
    for reply in others {
        reply.expect(StatusCode::OK);
    }
    let served = flood.iter().filter(|reply| reply.status == StatusCode::OK).count();
    assert!((10..200).contains(&served), "{served} of 250 log-ins of one account were served");
    for reply in flood.into_iter().filter(|reply| reply.status != StatusCode::OK) {
        reply.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
    }
}

#[tokio::test]
async fn looking_at_sessions_again_ends_those_of_removed_users_alone() {
    let app = App::start().await;
    let (bob, ann) = (app.user("bob").await, app.user("ann").await);
    let (gone, stays) = (ann.socket().await, bob.socket().await);
    app.connections().recheck().await.expect("the store answers");
    let removed: UserId = UserId::parse(&ann.id).expect("an id");
    assert!(app.store().remove_user(removed).await.expect("the store answers"));
    app.connections().recheck().await.expect("the store answers");
    let told: Value = gone.event("error").await;
    assert_eq!(told["code"], "unauthorized");
    let room = bob.room("a room").await;
    stays.ok("join-room", json!({"roomId": room})).await;
}

#[tokio::test]
async fn of_thirty_wrong_current_passwords_at_once_ten_are_tried_and_a_right_log_in_is_refused_then() {
    let app = App::with(|config| config.rate_limit = true).await;
    let ann = app.user("ann").await;
    let wish = json!({"currentPassword": "wrong horse", "newPassword": "battery staple"});
    let replies = futures_util::future::join_all((0..30).map(|_| ann.post("/api/auth/password", wish.clone()))).await;
    let tried = replies.iter().filter(|reply| reply.status == StatusCode::UNAUTHORIZED).count();
    assert!((10..=12).contains(&tried), "{tried} tried");
    log_in(&app, "ann@example.com", PASSWORD).await.refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
}
