//! Offers, answers and candidates: whom each reaches, whom it does not, and what the server makes of what the sender
//! claims.

use serde_json::{Value, json};

use crate::support::app::{App, User};
use crate::support::socket::Socket;

const SIGNALS: [&str; 3] = ["webrtc-offer", "webrtc-answer", "webrtc-ice-candidate"];

/// The signals that a socket was told by now, and that nobody asked for yet.
async fn signals(socket: &Socket) -> Value {
    let heard = socket.heard().await.into_iter().filter(|(name, _)| SIGNALS.contains(&name.as_str()));
    heard.map(|(name, payload)| json!([name, payload])).collect()
}

/// The payload with the sender's stamp.
fn stamped(mut payload: Value, user: &User<'_>, socket: &Socket) -> Value {
    payload["from"] = json!(user.id);
    payload["fromSocketId"] = json!(socket.id);
    payload["fromUsername"] = json!(user.name);
    payload
}

fn candidate(to: &str) -> Value {
    json!({"to": to, "candidate": null})
}

/// An active call between two sockets.
async fn call(caller: &Socket, callee: &Socket, whom: &User<'_>) -> Value {
    let call = caller.ok("initiate-call", json!({"to": whom.id})).await["callId"].clone();
    callee.ok("accept-call", json!({"callId": call})).await;
    call
}

#[tokio::test]
async fn each_kind_is_relayed_as_it_is_without_the_receiver_and_with_the_senders_stamp() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let extra = json!({"renegotiate": true, "tags": [1, null, {"deep": "ü"}], "type": "x", "text": "kept"});
    let bodies = [
        ("webrtc-offer", json!({"offer": {"type": "offer", "sdp": "v=0\r\n", "more": [1]}})),
        ("webrtc-answer", json!({"answer": {"type": "answer", "sdp": ""}})),
        ("webrtc-ice-candidate", json!({"candidate": {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0}})),
        ("webrtc-ice-candidate", json!({"candidate": null})),
    ];
    for (event, body) in bodies {
        let mut expected = body;
        for (name, value) in extra.as_object().unwrap() {
            expected[name] = value.clone();
        }
        expected["roomId"] = json!(room);
        let mut payload = expected.clone();
        payload["to"] = json!(bob.id);
        // What a client claims about itself is overwritten.
        payload["from"] = json!(bob.id);
        payload["fromSocketId"] = json!(to.id);
        payload["fromUsername"] = json!({"an": "object"});
        assert_eq!(from.ok(event, payload).await, json!({"ok": true}));
        assert_eq!(signals(&to).await, json!([[event, stamped(expected, &ann, &from)]]));
    }
    assert_eq!(signals(&from).await, json!([]));
}

#[tokio::test]
async fn other_names_are_taken_and_never_sent_on() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let offer = json!({"sdp": "v=0"});
    for name in ["to", "target", "targetId", "targetUserId", "targetSocketId", "toUserId"] {
        let mut payload = json!({"sdp": offer, "room": room});
        payload[name] = json!(if name == "targetSocketId" { &to.id } else { &bob.id });
        from.ok("webrtc-offer", payload).await;
        let expected = stamped(json!({"offer": offer, "roomId": room}), &ann, &from);
        assert_eq!(signals(&to).await, json!([["webrtc-offer", expected]]), "{name}");
    }
    // Of several the proper one counts, then the first in the contract's order; all of them stay behind.
    let payload = json!({
        "to": bob.id, "target": "nonsense", "toUserId": ann.id, "answer": offer, "sdp": {"sdp": "other"},
        "roomId": room, "room": "nonsense",
    });
    from.ok("webrtc-answer", payload).await;
    let expected = stamped(json!({"answer": offer, "roomId": room}), &ann, &from);
    assert_eq!(signals(&to).await, json!([["webrtc-answer", expected]]));
    let payload = json!({"to": null, "targetId": bob.id, "targetUserId": "nonsense", "candidate": null});
    from.ok("webrtc-ice-candidate", payload).await;
    let expected = stamped(json!({"candidate": null}), &ann, &from);
    assert_eq!(signals(&to).await, json!([["webrtc-ice-candidate", expected]]));
}

#[tokio::test]
async fn a_user_is_reached_on_every_socket_and_a_socket_alone() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (from, own) = (ann.socket_in(&room).await, ann.socket().await);
    let (one, two, third) = (bob.socket_in(&room).await, bob.socket().await, cat.socket_in(&room).await);
    from.ok("webrtc-ice-candidate", candidate(&bob.id)).await;
    for socket in [&one, &two] {
        assert_eq!(signals(socket).await.as_array().map(Vec::len), Some(1));
    }
    from.ok("webrtc-ice-candidate", candidate(&two.id)).await;
    assert_eq!(signals(&two).await.as_array().map(Vec::len), Some(1));
    // One's own other sockets may be meant too.
    from.ok("webrtc-ice-candidate", candidate(&ann.id)).await;
    assert_eq!(signals(&own).await.as_array().map(Vec::len), Some(1));
    for socket in [&from, &one, &third] {
        assert_eq!(signals(socket).await, json!([]));
    }
}

#[tokio::test]
async fn with_a_call_the_one_socket_that_is_in_it_is_reached() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    // They share no room: the call is enough.
    let (from, one, two) = (ann.socket().await, bob.socket().await, bob.socket().await);
    let call = call(&from, &two, &bob).await;
    for to in [&bob.id, &two.id] {
        let payload = json!({"to": to, "callId": call, "offer": {"sdp": "x"}});
        from.ok("webrtc-offer", payload).await;
        let expected = stamped(json!({"callId": call, "offer": {"sdp": "x"}}), &ann, &from);
        assert_eq!(signals(&two).await, json!([["webrtc-offer", expected]]));
    }
    let payload = json!({"to": one.id, "callId": call, "candidate": null});
    from.refused("webrtc-ice-candidate", payload, "peer_unavailable").await;
    let payload = json!({"to": ann.id, "callId": call, "candidate": null});
    one.refused("webrtc-ice-candidate", payload, "not_allowed").await;
    // Without the call's id it is the user who is meant.
    from.ok("webrtc-ice-candidate", candidate(&bob.id)).await;
    assert_eq!(signals(&one).await.as_array().map(Vec::len), Some(1));
    from.ok("end-call", json!({})).await;
    from.refused("webrtc-ice-candidate", candidate(&bob.id), "not_allowed").await;
    let payload = json!({"to": bob.id, "callId": call, "candidate": null});
    from.refused("webrtc-ice-candidate", payload, "not_allowed").await;
}

#[tokio::test]
async fn without_a_receiver_the_room_is_reached_or_the_others_in_the_call() {
    let app = App::start().await;
    let (ann, bob, cat) = (app.user("Ann").await, app.user("bob").await, app.user("cat").await);
    let room = ann.room("Kitchen").await;
    let (from, own) = (ann.socket_in(&room).await, ann.socket_in(&room).await);
    let (two, outside) = (bob.socket_in(&room).await, bob.socket().await);
    let three = cat.socket_in(&room).await;
    let to_room = json!({"roomId": room, "candidate": null});
    from.ok("webrtc-ice-candidate", to_room.clone()).await;
    for socket in [&own, &two, &three] {
        let expected = stamped(to_room.clone(), &ann, &from);
        assert_eq!(signals(socket).await, json!([["webrtc-ice-candidate", expected]]));
    }
    from.refused("webrtc-ice-candidate", json!({"candidate": null}), "call_not_found").await;
    let call = from.ok("initiate-call", json!({"roomId": room})).await["callId"].clone();
    // Who rings and has not been answered reaches nobody, and is not told off.
    from.ok("webrtc-ice-candidate", json!({"candidate": null})).await;
    two.refused("webrtc-ice-candidate", json!({"candidate": null}), "call_not_found").await;
    two.ok("accept-call", json!({"callId": call})).await;
    two.ok("webrtc-ice-candidate", json!({"candidate": null})).await;
    let expected = stamped(json!({"candidate": null}), &bob, &two);
    assert_eq!(signals(&from).await, json!([["webrtc-ice-candidate", expected]]));
    from.ok("webrtc-ice-candidate", json!({"callId": call, "candidate": null})).await;
    assert_eq!(signals(&two).await.as_array().map(Vec::len), Some(1));
    for socket in [&own, &three, &outside] {
        assert_eq!(signals(socket).await, json!([]));
    }
    // With a room and no receiver it goes to the whole room, whatever its call; but the sender must be in that.
    let payload = json!({"roomId": room, "callId": call, "candidate": null});
    from.ok("webrtc-ice-candidate", payload.clone()).await;
    for socket in [&own, &two, &three] {
        assert_eq!(signals(socket).await.as_array().map(Vec::len), Some(1));
    }
    three.refused("webrtc-ice-candidate", payload, "not_allowed").await;
}

#[tokio::test]
async fn strangers_the_unknown_and_the_gone_cannot_be_told_apart() {
    let app = App::start().await;
    let (ann, bob, eve) = (app.user("Ann").await, app.user("bob").await, app.user("eve").await);
    let room = ann.room("Kitchen").await;
    let (from, to, stranger) = (ann.socket_in(&room).await, bob.socket_in(&room).await, eve.socket().await);
    let mut refusals = Vec::new();
    for whom in [&ann.id, &from.id, "65f1a2b3c4d5e6f708192a3b", "nonsense", "", &"0".repeat(32), &ann.id.to_uppercase()]
    {
        refusals.push(stranger.refused("webrtc-ice-candidate", candidate(whom), "not_allowed").await);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let gone = to.id.clone();
    to.drop_line();
    from.event("user-left").await;
    from.refused("webrtc-ice-candidate", candidate(&gone), "not_allowed").await;
    // One's fellow who is not there is another matter: the room is shared still.
    from.refused("webrtc-ice-candidate", candidate(&bob.id), "peer_unavailable").await;
    let back = bob.socket().await;
    from.ok("webrtc-ice-candidate", candidate(&bob.id)).await;
    assert_eq!(signals(&back).await.as_array().map(Vec::len), Some(1));
    let payload = json!({"to": bob.id, "roomId": room, "candidate": null});
    from.ok("webrtc-ice-candidate", payload.clone()).await;
    from.ok("leave-room", json!(room)).await;
    back.ok("join-room", json!(room)).await;
    from.refused("webrtc-ice-candidate", payload, "not_allowed").await;
    for nowhere in [room.as_str(), "65f1a2b3c4d5e6f708192a3b", "nonsense"] {
        from.refused("webrtc-ice-candidate", json!({"roomId": nowhere, "candidate": null}), "not_in_room").await;
    }
    assert_eq!(signals(&back).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn who_is_rung_is_not_in_the_call_but_can_be_reached() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (caller, callee) = (ann.socket().await, bob.socket().await);
    let call = caller.ok("initiate-call", json!({"to": bob.id})).await["callId"].clone();
    let with_call = |to: &str| json!({"to": to, "callId": call, "candidate": null});
    caller.refused("webrtc-ice-candidate", with_call(&bob.id), "peer_unavailable").await;
    callee.refused("webrtc-ice-candidate", with_call(&ann.id), "not_allowed").await;
    let unknown = json!({"to": bob.id, "callId": "65f1a2b3c4d5e6f708192a3b", "candidate": null});
    caller.refused("webrtc-ice-candidate", unknown, "not_allowed").await;
    assert_eq!(signals(&callee).await, json!([]));
    caller.ok("webrtc-ice-candidate", candidate(&bob.id)).await;
    callee.ok("webrtc-ice-candidate", candidate(&ann.id)).await;
    assert_eq!(signals(&callee).await.as_array().map(Vec::len), Some(1));
    assert_eq!(signals(&caller).await.as_array().map(Vec::len), Some(1));
    // One who is in, but away, cannot be reached through the call.
    callee.ok("accept-call", json!({})).await;
    callee.drop_line();
    caller.event("call-away").await;
    caller.refused("webrtc-ice-candidate", with_call(&bob.id), "peer_unavailable").await;
}

#[tokio::test]
async fn descriptions_and_candidates_are_bounded_in_form_and_size() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    let sdp = |bytes: usize| json!({"sdp": "é".repeat(bytes / 2) + &"x".repeat(bytes % 2)});
    for (event, name) in [("webrtc-offer", "offer"), ("webrtc-answer", "answer")] {
        let with = |description: Value| json!({"to": bob.id, name: description});
        from.ok(event, with(sdp(65_536))).await;
        assert_eq!(to.event(event).await[name], sdp(65_536));
        for wrong in [
            sdp(65_537),
            json!(null),
            json!("v=0"),
            json!({}),
            json!({"sdp": 1}),
            json!([{"sdp": "x"}]),
            json!({"sdp": null}),
        ] {
            from.refused(event, with(wrong), "validation_failed").await;
        }
        from.refused(event, json!({"to": bob.id}), "validation_failed").await;
    }
    // `{"c":""}` is eight bytes.
    let sized = |bytes: usize| json!({"to": bob.id, "candidate": {"c": "x".repeat(bytes - 8)}});
    from.ok("webrtc-ice-candidate", sized(4096)).await;
    to.event("webrtc-ice-candidate").await;
    from.refused("webrtc-ice-candidate", sized(4097), "validation_failed").await;
    for wrong in [json!("candidate:1"), json!([]), json!(0), json!(true)] {
        let payload = json!({"to": bob.id, "candidate": wrong});
        from.refused("webrtc-ice-candidate", payload, "validation_failed").await;
    }
    from.refused("webrtc-ice-candidate", json!({"to": bob.id}), "validation_failed").await;
    assert_eq!(signals(&to).await, json!([]));
}

#[tokio::test]
async fn five_hundred_candidates_arrive_in_the_order_sent_behind_their_offer() {
    let app = App::start().await;
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let (from, to) = (ann.socket().await, bob.socket().await);
    let call = call(&from, &to, &bob).await;
    from.emit("webrtc-offer", json!({"to": bob.id, "callId": call, "offer": {"sdp": "x"}})).await;
    for number in 0..500 {
        // Different ways to the same socket: none of them overtakes another.
        let to = [json!({"to": bob.id, "callId": call}), json!({"to": to.id}), json!({"callId": call})];
        let mut payload = to[number % 3].clone();
        payload["candidate"] = json!({"candidate": number});
        from.emit("webrtc-ice-candidate", payload).await;
    }
    from.ask("webrtc-answer", json!({})).await;
    let heard = signals(&to).await;
    assert_eq!(heard[0][0], "webrtc-offer");
    let numbers = heard.as_array().unwrap()[1..].iter().map(|signal| signal[1]["candidate"]["candidate"].as_u64());
    assert!(numbers.eq((0..500).map(Some)), "{heard}");
    assert!(from.came("error").await.is_empty());
}
