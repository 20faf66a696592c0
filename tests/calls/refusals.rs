//! Calls that are refused: each row of the protocol's table, and that nobody hears of it.

use reqwest::StatusCode;
use serde_json::json;

use super::{accept, named, newest, ring, ring_room, told};
use crate::support::app::App;

const NOBODY: &str = "65f1a2b3c4d5e6f708192a3b";

#[tokio::test]
async fn oneself_and_nobody_cannot_be_rung() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, other) = (ann.socket().await, ann.socket().await);
    for oneself in [&ann.id, &caller.id, &other.id] {
        caller.refused("initiate-call", json!({"to": oneself}), "validation_failed").await;
    }
    let gone = bob.socket().await;
    let gone_id = gone.id.clone();
    gone.raw("41".to_owned()).await;
    drop(gone);
    for unknown in [NOBODY, "nonsense", "", &bob.id.to_uppercase(), &"0".repeat(32)] {
        caller.refused("initiate-call", json!({"to": unknown}), "user_not_found").await;
    }
    let at_last =
        async { while caller.ask("initiate-call", json!({"to": gone_id})).await["code"] != "user_not_found" {} };
    crate::support::socket::timed("the end of a socket", at_last).await;
    for payload in
        [json!({}), json!({"callType": "audio"}), json!({"to": null}), json!({"to": 5}), json!({"roomId": {}})]
    {
        caller.refused("initiate-call", payload, "validation_failed").await;
    }
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn one_who_is_offline_or_busy_is_not_rung_and_finds_the_try_in_the_history() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let caller = ann.socket().await;
    caller.refused("initiate-call", json!({"to": bob.id, "callType": "audio"}), "user_offline").await;
    let kept = newest(&bob).await;
    assert_eq!(kept, newest(&ann).await);
    let expected = json!({
        "_id": kept["id"], "id": kept["id"], "callType": "audio", "status": "ended", "createdBy": named(&ann),
        "participants": [named(&ann)], "invited": [named(&bob)], "createdAt": kept["createdAt"],
        "endedAt": kept["endedAt"], "endReason": "offline",
    });
    assert_eq!(kept, expected);
    let callee = bob.socket().await;
    assert_eq!(told(&callee).await, json!([]), "a call that has ended does not ring");
    let third = cat.socket().await;
    let call = ring(&third, &bob).await;
    callee.event("incoming-call").await;
    // One who is rung is busy, and one who is in a call is.
    let refusal = caller.refused("initiate-call", json!({"to": bob.id}), "user_busy").await;
    assert_eq!(refusal.get("callId"), None);
    caller.refused("initiate-call", json!({"to": cat.id}), "user_busy").await;
    accept(&callee, &call).await;
    caller.refused("initiate-call", json!({"to": bob.id}), "user_busy").await;
    let kept = newest(&bob).await;
    assert_eq!((&kept["endReason"], &kept["createdBy"]), (&json!("busy"), &named(&ann)));
    assert_eq!(told(&callee).await, json!([]));
    assert_eq!(ann.get("/api/calls").await.expect(StatusCode::OK).as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn who_is_in_a_call_or_is_rung_begins_no_other() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (caller, callee) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let third = cat.socket().await;
    let call = ring(&caller, &bob).await;
    // The two ring each other: whoever comes second is told which call goes on.
    let crossing = callee.refused("initiate-call", json!({"to": ann.id}), "user_busy").await;
    assert_eq!(crossing["callId"], call);
    for (socket, payload) in [
        (&caller, json!({"to": cat.id})),
        (&caller, json!({"to": bob.id})),
        (&caller, json!({"roomId": room})),
        (&callee, json!({"to": cat.id})),
        (&callee, json!({"roomId": room})),
    ] {
        let refusal = socket.refused("initiate-call", payload, "user_busy").await;
        assert_eq!(refusal.get("callId"), None, "{refusal}");
    }
    assert_eq!(told(&third).await, json!([]));
    assert_eq!(bob.get("/api/calls").await.expect(StatusCode::OK).as_array().map(Vec::len), Some(1), "none was kept");
}

#[tokio::test]
async fn a_room_is_rung_by_who_is_in_it_while_no_call_goes_on_and_somebody_is_free() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let (room, other) = (ann.room("Kitchen").await, ann.room("Cellar").await);
    let caller = ann.socket().await;
    for nowhere in [room.as_str(), NOBODY, "nonsense"] {
        caller.refused("initiate-call", json!({"roomId": nowhere}), "not_in_room").await;
    }
    caller.ok("join-room", json!(room)).await;
    // A socket of the caller's own is nobody else.
    let _own = ann.socket_in(&room).await;
    caller.refused("initiate-call", json!({"roomId": room}), "user_offline").await;
    let (callee, third) = (bob.socket_in(&room).await, cat.socket_in(&other).await);
    let elsewhere = ring(&callee, &cat).await;
    caller.refused("initiate-call", json!({"roomId": room}), "user_busy").await;
    assert_eq!(newest(&ann).await, json!(null), "tries in rooms are not kept");
    third.ok("reject-call", json!({"callId": elsewhere})).await;
    let call = ring_room(&caller, &room).await;
    let late = dan.socket_in(&room).await;
    let refusal = late.refused("initiate-call", json!({"roomId": room}), "user_busy").await;
    assert_eq!(refusal["callId"], call);
    let refusal = callee.refused("initiate-call", json!({"room": room}), "user_busy").await;
    assert_eq!(refusal["callId"], call, "the call that goes on in the room is told before one's own");
}

#[tokio::test]
async fn a_call_that_is_unknown_or_over_and_none_at_all_are_not_found() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (caller, callee) = (ann.socket_in(&room).await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    caller.ok("end-call", json!({"callId": call})).await;
    let on = json!(true);
    for which in [call, json!(NOBODY), json!("nonsense"), json!(NOBODY.to_uppercase()), json!(null)] {
        for socket in [&caller, &callee] {
            socket.refused("accept-call", json!({"callId": which}), "call_not_found").await;
            socket.refused("reject-call", json!({"callId": which}), "call_not_found").await;
            socket.refused("end-call", json!({"callId": which}), "call_not_found").await;
            let state = json!({"callId": which, "audio": on, "video": on, "screen": on});
            socket.refused("media-state", state, "call_not_found").await;
        }
    }
    for nowhere in [room.as_str(), NOBODY] {
        caller.refused("accept-call", json!({"roomId": nowhere}), "call_not_found").await;
    }
}

#[tokio::test]
async fn who_has_no_part_in_a_call_may_do_nothing_to_it() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("Ann").await, app.user("bob").await, app.user("eve").await);
    let (caller, other) = (ann.socket().await, ann.socket().await);
    let (callee, stranger) = (bob.socket().await, eve.socket().await);
    let call = ring(&caller, &bob).await;
    let named = json!({"callId": call});
    let state = json!({"callId": call, "audio": true, "video": true, "screen": true});
    for answered in [false, true] {
        for event in ["accept-call", "reject-call", "end-call"] {
            stranger.refused(event, named.clone(), "not_allowed").await;
        }
        stranger.refused("media-state", state.clone(), "not_allowed").await;
        if !answered {
            for socket in [&caller, &other] {
                socket.refused("accept-call", named.clone(), "not_allowed").await;
                socket.refused("reject-call", named.clone(), "not_allowed").await;
            }
            accept(&callee, &call).await;
            caller.event("call-accepted").await;
        }
        for socket in [&caller, &other] {
            socket.refused("reject-call", named.clone(), "not_allowed").await;
        }
    }
    callee.refused("reject-call", json!({}), "not_allowed").await;
    callee.event("incoming-call").await;
    for socket in [&caller, &other, &callee] {
        assert_eq!(told(socket).await, json!([]));
    }
    assert_eq!(newest(&ann).await["status"], "active");
}

#[tokio::test]
async fn who_is_in_a_call_or_rung_by_one_accepts_no_other() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (cat, dan) = (app.user("cat").await, app.user("dan").await);
    let room = ann.room("Kitchen").await;
    let (caller, callee) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let group = ring_room(&caller, &room).await;
    accept(&callee, &group).await;
    // Both come to the room when its call goes on already, so it does not ring them.
    let (busy, rings) = (dan.socket_in(&room).await, cat.socket().await);
    let own = ring(&rings, &dan).await;
    busy.refused("accept-call", json!({"callId": group}), "user_busy").await;
    busy.refused("accept-call", json!({"roomId": room}), "user_busy").await;
    accept(&busy, &own).await;
    busy.refused("accept-call", json!({"callId": group}), "user_busy").await;
    rings.refused("accept-call", json!({"callId": group}), "not_allowed").await;
    busy.ok("end-call", json!({})).await;
    accept(&busy, &group).await;
}

#[tokio::test]
async fn more_than_twenty_calls_a_minute_are_refused() {
    let app = App::with(|config| config.rate_limit = true).await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let caller = ann.socket().await;
    for _ in 0..20 {
        caller.refused("initiate-call", json!({"to": bob.id}), "user_offline").await;
    }
    let refusal = ann.socket().await.refused("initiate-call", json!({"to": bob.id}), "rate_limited").await;
    assert!(refusal["retryAfterMs"].as_u64().is_some_and(|wait| (1..=60_000).contains(&wait)), "{refusal}");
}
