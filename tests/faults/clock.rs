//! The clock of the machine is set, an hour forward and an hour back: what has its time takes as long as before, and
//! nobody is cut.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::times;
use crate::calls::{accept, ring};
use crate::support::app::{PASSWORD, User};
use crate::support::clock::Clock;
use crate::support::crowd::{Crowd, Servers};
use crate::support::lone::Lone;

const HOUR: i64 = 3600;

/// A token of one who logs in, which is good.
async fn log_in(lone: &Lone, name: &str, password: &str) -> Value {
    let body = json!({"username": name, "password": password});
    let reply = lone.entrance().request(0, Method::POST, "/api/auth/login").json(&body).send().await;
    let reply: Value = reply.expect("an answer").json().await.expect("JSON");
    assert!(reply["token"].is_string(), "{reply}");
    reply["token"].clone()
}

async fn is_known(user: &User<'_>) {
    user.get("/api/auth/me").await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_an_hour_forward_and_back_costs_nothing() {
    let Some(clock) = Clock::new() else { return };
    let lone = Lone::start_by(&clock, &["--ring-timeout", "10s"]);
    let crowd = Crowd::gather(&lone, 2, 6).await;
    let [ann, bob] = [lone.entrance().user("ann").await, lone.entrance().user("bob").await];
    let [cid, dan] = [lone.entrance().user("cid").await, lone.entrance().user("dan").await];
    let sockets = [ann.socket().await, bob.socket().await, cid.socket().await, dan.socket().await];
    let [of_ann, of_bob, of_cid, _] = &sockets;
    for ahead in [HOUR, -HOUR, 0].repeat(times(1, 4)) {
        // Both ring when the clock is set: one is answered, and the other one rings until its time is over.
        let answered = ring(of_ann, &bob).await;
        ring(of_cid, &dan).await;
        clock.set(ahead, lone.entrance(), 0).await;
        accept(of_bob, &answered).await;
        assert_eq!(of_cid.event("call-ended").await["reason"], "timeout");
        is_known(&ann).await;
        is_known(&ann.with_token(&log_in(&lone, "bob", PASSWORD).await)).await;
        crowd.says(50).await;
        crowd.check(&lone).await;
        of_ann.ok("end-call", json!({"callId": answered})).await;
        // Their pings are answered here.
        for socket in &sockets {
            assert!(!socket.is_cut().await, "nobody is cut");
            socket.heard().await;
        }
    }
    lone.is_unharmed();
    assert_eq!(lone.stop().code, Some(0));
}

/// What was done while the clock was ahead is not in the way afterwards, when the same time comes again.
#[tokio::test(flavor = "multi_thread")]
async fn who_changed_a_password_while_the_clock_was_ahead_logs_in_after_it_was_set_right() {
    let Some(clock) = Clock::new() else { return };
    let lone = Lone::start_by(&clock, &[]);
    let crowd = Crowd::gather(&lone, 2, 4).await;
    let ann = lone.entrance().user("ann").await;
    clock.set(HOUR, lone.entrance(), 0).await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another horse"});
    let changed = ann.post("/api/auth/password", body).await.expect(StatusCode::OK);
    crowd.says(20).await;
    lone.kill();
    clock.is(0);
    lone.run_by(&clock);
    is_known(&ann.with_token(&changed["token"])).await;
    is_known(&ann.with_token(&log_in(&lone, "ann", "another horse").await)).await;
    ann.get("/api/auth/me").await.refused(StatusCode::UNAUTHORIZED, "unauthorized");
    crowd.says(20).await;
    crowd.check(&lone).await;
}
