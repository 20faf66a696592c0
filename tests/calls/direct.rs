//! Calls from one user to another.

use std::time::Duration;

use serde_json::json;

use super::{accept, accepted, begin, ended, named, newest, over, peer, ring, told};
use crate::support::app::App;

#[tokio::test]
async fn who_is_rung_hears_it_on_every_socket_and_on_one_that_connects_meanwhile() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, one, two) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    let incoming = json!(["incoming-call", {
        "callId": call, "from": ann.id, "fromSocketId": caller.id, "fromUsername": "Ann", "callType": "video",
    }]);
    assert_eq!(told(&one).await, json!([incoming]));
    assert_eq!(told(&two).await, json!([incoming]));
    assert_eq!(told(&caller).await, json!([]));
    let late = bob.socket().await;
    assert_eq!(told(&late).await, json!([incoming]));
    assert_eq!(late.session.get("call"), None, "who is rung is not in the call");
    let other = ann.socket().await;
    let expected = json!({"callId": call, "callType": "video", "status": "ringing", "socketId": caller.id});
    assert_eq!(other.session["call"], expected);
    assert_eq!(told(&other).await, json!([]));
    let stored = newest(&bob).await;
    let shown = (&stored["status"], &stored["participants"], &stored["invited"], stored.get("answeredAt"));
    assert_eq!(shown, (&json!("ringing"), &json!([named(&ann)]), &json!([named(&bob)]), None));
}

#[tokio::test]
async fn an_answer_makes_it_active_and_ends_the_ringing_elsewhere() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, one, two) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    one.event("incoming-call").await;
    two.event("incoming-call").await;
    assert_eq!(accept(&two, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(told(&caller).await, json!([accepted(&call, &bob, &two)]));
    assert_eq!(told(&one).await, json!([ended(&call, &bob, "answered-elsewhere")]));
    assert_eq!(told(&two).await, json!([]));
    let stored = newest(&ann).await;
    let shown = (&stored["status"], &stored["participants"], stored.get("endedAt"));
    assert_eq!(shown, (&json!("active"), &json!([named(&ann), named(&bob)]), None));
    let session = bob.socket().await.session;
    let expected = json!({
        "callId": call, "callType": "video", "status": "active", "answeredAt": stored["answeredAt"], "socketId": two.id,
    });
    assert_eq!(session["call"], expected);
}

#[tokio::test]
async fn accepting_again_is_acknowledged_again_and_nobody_is_told() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    accept(&callee, &call).await;
    caller.event("call-accepted").await;
    assert_eq!(accept(&callee, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(accept(&caller, &call).await, json!([peer(&bob, &callee)]));
    assert_eq!(told(&caller).await, json!([]));
}

#[tokio::test]
async fn accepting_from_another_socket_moves_the_call_there() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, desk) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    accept(&desk, &call).await;
    caller.event("call-accepted").await;
    desk.event("incoming-call").await;
    let phone = bob.socket().await;
    assert_eq!(accept(&phone, &call).await, json!([peer(&ann, &caller)]));
    assert_eq!(told(&caller).await, json!([accepted(&call, &bob, &phone)]));
    assert_eq!(told(&desk).await, json!([ended(&call, &bob, "answered-elsewhere")]));
    let state = json!({"callId": call, "audio": true, "video": true, "screen": false});
    desk.refused("media-state", state, "not_allowed").await;
    // The old socket's end is nothing to the call; the beginner may move too.
    desk.drop_line();
    let tablet = ann.socket().await;
    assert_eq!(accept(&tablet, &call).await, json!([peer(&bob, &phone)]));
    assert_eq!(told(&phone).await, json!([accepted(&call, &ann, &tablet)]));
    assert_eq!(told(&caller).await, json!([ended(&call, &ann, "answered-elsewhere")]));
}

#[tokio::test]
async fn a_rejection_ends_it_and_the_caller_hears_why() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, one, two) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    one.event("incoming-call").await;
    two.event("incoming-call").await;
    one.refused("reject-call", json!({"callId": call, "reason": "x".repeat(201)}), "validation_failed").await;
    let reason = "é".repeat(200);
    assert_eq!(one.ok("reject-call", json!({"callId": call, "reason": reason})).await, json!({"ok": true}));
    let rejected = json!({"callId": call, "from": bob.id, "fromUsername": "bob", "reason": reason});
    assert_eq!(told(&caller).await, json!([["call-rejected", rejected]]));
    assert_eq!(told(&two).await, json!([ended(&call, &bob, "rejected-elsewhere")]));
    assert_eq!(told(&one).await, json!([]));
    let stored = newest(&bob).await;
    let shown = (&stored["status"], &stored["endReason"], &stored["participants"], stored.get("answeredAt"));
    assert_eq!(shown, (&json!("ended"), &json!("rejected"), &json!([named(&ann)]), None));
    // Hanging up on one that rings is the same, without a reason.
    let call = ring(&caller, &bob).await;
    one.ok("end-call", json!({"callId": call})).await;
    let rejected = json!({"callId": call, "from": bob.id, "fromUsername": "bob"});
    assert_eq!(told(&caller).await, json!([["call-rejected", rejected]]));
    assert_eq!(two.event("call-ended").await["reason"], "rejected-elsewhere");
    assert_eq!(newest(&ann).await["endReason"], "rejected");
}

#[tokio::test]
async fn a_caller_who_takes_it_back_cancels_it() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, other) = (ann.socket().await, ann.socket().await);
    let (one, two) = (bob.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    one.event("incoming-call").await;
    caller.ok("end-call", json!({"callId": call})).await;
    assert_eq!(told(&one).await, json!([ended(&call, &ann, "cancelled")]));
    assert_eq!(two.event("call-ended").await["reason"], "cancelled");
    assert_eq!(told(&caller).await, json!([]));
    assert_eq!(newest(&bob).await["endReason"], "cancelled");
    // From another of the caller's sockets it is the same, and the one that rang hears of it.
    let call = ring(&caller, &bob).await;
    one.event("incoming-call").await;
    other.ok("end-call", json!({})).await;
    assert_eq!(told(&caller).await, json!([ended(&call, &ann, "cancelled")]));
    assert_eq!(told(&one).await, json!([ended(&call, &ann, "cancelled")]));
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn an_unanswered_call_ends_for_both_when_it_has_rung_for_long_enough() {
    let app = App::with(|config| config.ring_timeout = Duration::from_millis(300)).await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    assert_eq!(json!(["call-ended", caller.event("call-ended").await]), over(&call, "timeout"));
    assert_eq!(json!(["call-ended", callee.event("call-ended").await]), over(&call, "timeout"));
    assert_eq!(newest(&ann).await["endReason"], "timeout");
    callee.refused("accept-call", json!({"callId": call}), "call_not_found").await;
    let again = ring(&callee, &ann).await;
    accept(&caller, &again).await;
    assert_eq!(callee.event("call-accepted").await["callId"], again);
}

#[tokio::test]
async fn hanging_up_ends_it_for_the_other_from_whichever_socket() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, other, callee) = (ann.socket().await, ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    accept(&callee, &call).await;
    callee.event("incoming-call").await;
    caller.event("call-accepted").await;
    assert_eq!(caller.ok("end-call", json!({"callId": call})).await, json!({"ok": true}));
    assert_eq!(told(&callee).await, json!([ended(&call, &ann, "hangup")]));
    assert_eq!(told(&caller).await, json!([]));
    let stored = newest(&bob).await;
    assert_eq!((&stored["status"], &stored["endReason"]), (&json!("ended"), &json!("hangup")));
    assert!(stored["answeredAt"].as_str() <= stored["endedAt"].as_str(), "{stored}");
    let call = ring(&caller, &bob).await;
    accept(&callee, &call).await;
    other.ok("end-call", json!({"callId": call})).await;
    caller.event("call-accepted").await;
    assert_eq!(told(&caller).await, json!([ended(&call, &ann, "hangup")]));
    assert_eq!(callee.event("call-ended").await["reason"], "hangup");
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn what_is_on_is_told_to_the_other_once_the_call_is_active() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, other, callee) = (ann.socket().await, ann.socket().await, bob.socket().await);
    let call = ring(&caller, &bob).await;
    let state = json!({"callId": call, "audio": true, "video": false, "screen": true});
    caller.refused("media-state", state.clone(), "not_allowed").await;
    callee.refused("media-state", state.clone(), "not_allowed").await;
    accept(&callee, &call).await;
    told(&caller).await;
    told(&callee).await;
    other.refused("media-state", state.clone(), "not_allowed").await;
    for wrong in [json!({"audio": true, "video": true}), json!({"audio": 1, "video": true, "screen": true})] {
        caller.refused("media-state", wrong, "validation_failed").await;
    }
    assert_eq!(told(&callee).await, json!([]));
    assert_eq!(caller.ok("media-state", state).await, json!({"ok": true}));
    callee.ok("media-state", json!({"audio": false, "video": true, "screen": false, "from": ann.id})).await;
    let expected = json!({
        "callId": call, "from": ann.id, "fromSocketId": caller.id, "audio": true, "video": false, "screen": true,
    });
    assert_eq!(told(&callee).await, json!([["media-state", expected]]));
    let expected = json!({
        "callId": call, "from": bob.id, "fromSocketId": callee.id, "audio": false, "video": true, "screen": false,
    });
    assert_eq!(told(&caller).await, json!([["media-state", expected]]));
    assert_eq!(told(&other).await, json!([]));
}

#[tokio::test]
async fn a_call_is_of_video_unless_it_says_audio_and_may_be_left_unnamed() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, one, two) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let of_audio = [
        json!({"to": bob.id, "callType": "audio"}),
        json!({"target": one.id, "type": "audio"}),
        json!({"toUserId": bob.id, "callType": "audio", "type": "video", "roomId": "65f1a2b3c4d5e6f708192a3b"}),
    ];
    for payload in of_audio {
        let call = begin(&caller, payload).await;
        // Also where the callee was named by one socket, all of them ring.
        for socket in [&one, &two] {
            let incoming = socket.event("incoming-call").await;
            assert_eq!((&incoming["callId"], &incoming["callType"]), (&call, &json!("audio")));
        }
        one.ok("reject-call", json!({})).await;
        assert_eq!(newest(&ann).await["callType"], "audio");
    }
    for call_type in [json!("screen"), json!(""), json!("Audio"), json!(1), json!({"$ne": 1})] {
        caller.refused("initiate-call", json!({"to": bob.id, "callType": call_type}), "validation_failed").await;
    }
    let call = ring(&caller, &bob).await;
    assert_eq!(one.ok("accept-call", json!(null)).await["callId"], call);
    one.ok("end-call", json!({})).await;
    assert_eq!(newest(&ann).await["endReason"], "hangup");
}
