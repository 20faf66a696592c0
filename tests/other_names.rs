//! The names by which clients of similar backends call the fields of events.

use serde_json::{Map, Value, json};

use crate::support::app::{App, User};
use crate::support::socket::Socket;

/// The names for the receiver, in the order in which they count.
const RECEIVERS: [&str; 7] = ["to", "target", "targetId", "targetUserId", "targetSocketId", "toUserId", "calleeId"];
/// The names for a description, behind `offer` or `answer`.
const DESCRIPTIONS: [&str; 3] = ["sdp", "desc", "description"];

/// What `signal` reaches the other side as, but for whom it is from.
async fn relayed(from: &Socket, to: &Socket, event: &str, signal: Value) -> Value {
    from.ok(event, signal).await;
    let mut heard = to.event(event).await;
    for stamp in ["from", "fromSocketId", "fromUsername"] {
        assert!(heard.as_object_mut().unwrap().remove(stamp).is_some(), "{stamp}");
    }
    heard
}

/// An object with these fields.
fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

struct Scene<'a> {
    bob: User<'a>,
    from: Socket,
    to: Socket,
    room: String,
}

async fn scene(app: &App) -> Scene<'_> {
    let (ann, bob) = (app.user("Ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let (from, to) = (ann.socket_in(&room).await, bob.socket_in(&room).await);
    Scene { bob, from, to, room }
}

#[tokio::test]
async fn of_several_names_for_the_receiver_the_first_counts_and_none_is_sent_on() {
    let app = App::start().await;
    let Scene { bob, from, to, .. } = scene(&app).await;
    for (at, name) in RECEIVERS.into_iter().enumerate() {
        // Those before it are absent, which `null` is too, and those behind it do not count.
        let before = RECEIVERS[..at].iter().map(|other| (*other, json!(null)));
        let behind = RECEIVERS[at + 1..].iter().map(|other| (*other, json!("nonsense")));
        let rest = [(name, json!(bob.id)), ("candidate", json!({"c": 1})), ("sdpMid", json!("0"))];
        let signal = object(before.chain(behind).chain(rest));
        let heard = relayed(&from, &to, "webrtc-ice-candidate", signal).await;
        assert_eq!(heard, json!({"candidate": {"c": 1}, "sdpMid": "0"}), "{name}");
        // The first that is there counts, also where it is wrong.
        let wrong = object([(name, json!(5)), ("candidate", json!(null)), ("calleeId", json!(bob.id))]);
        if name != "calleeId" {
            from.refused("webrtc-ice-candidate", wrong, "validation_failed").await;
        }
    }
}

#[tokio::test]
async fn of_several_names_for_a_description_the_first_counts_and_none_is_sent_on() {
    let app = App::start().await;
    let Scene { bob, from, to, .. } = scene(&app).await;
    for (event, proper) in [("webrtc-offer", "offer"), ("webrtc-answer", "answer")] {
        let names = [[proper].as_slice(), &DESCRIPTIONS].concat();
        for (at, name) in names.iter().enumerate() {
            let before = names[..at].iter().map(|other| (*other, json!(null)));
            let behind = names[at + 1..].iter().map(|other| (*other, json!({"sdp": "another"})));
            let rest = [("to", json!(bob.id)), (*name, json!({"type": "x", "sdp": "v=0"})), ("mine", json!([1]))];
            let heard = relayed(&from, &to, event, object(before.chain(behind).chain(rest))).await;
            assert_eq!(heard, object([(proper, json!({"type": "x", "sdp": "v=0"})), ("mine", json!([1]))]), "{name}");
            let wrong = object([("to", json!(bob.id)), (*name, json!("v=0")), ("x", json!(null))]);
            from.refused(event, wrong, "validation_failed").await;
        }
        from.refused(event, json!({"to": bob.id, "desc": null}), "validation_failed").await;
    }
    // In a candidate these are fields like any other, and so is what stands for something in other events.
    let signal =
        json!({"to": bob.id, "candidate": null, "sdp": 1, "desc": "x", "description": [], "type": "t", "text": "u"});
    let heard = relayed(&from, &to, "webrtc-ice-candidate", signal).await;
    assert_eq!(heard, json!({"candidate": null, "sdp": 1, "desc": "x", "description": [], "type": "t", "text": "u"}));
}

#[tokio::test]
async fn a_room_may_be_called_room_in_every_event_about_one() {
    let app = App::start().await;
    let Scene { from, to, room, .. } = scene(&app).await;
    let heard = relayed(&from, &to, "webrtc-offer", json!({"room": room, "roomId": null, "desc": {"sdp": "x"}})).await;
    assert_eq!(heard, json!({"roomId": room, "offer": {"sdp": "x"}}));
    let heard = relayed(&from, &to, "webrtc-offer", json!({"roomId": room, "room": 5, "offer": {"sdp": "x"}})).await;
    assert_eq!(heard, json!({"roomId": room, "offer": {"sdp": "x"}}));
    from.ok("typing", json!({"room": room, "typing": true})).await;
    assert_eq!(to.event("typing").await["roomId"], json!(room));
    from.ok("send-message", json!({"room": room, "roomId": null, "text": "x"})).await;
    let call = from.ok("initiate-call", json!({"room": room, "type": "audio"})).await["callId"].clone();
    let ringing = to.event("incoming-call").await;
    assert_eq!((&ringing["roomId"], &ringing["callType"], ringing.get("room")), (&json!(room), &json!("audio"), None));
    assert_eq!(to.ok("accept-call", json!({"room": room})).await["callId"], call);
    to.ok("leave-room", json!({"room": room})).await;
    to.ok("join-room", json!({"room": room, "after": 0})).await;
}

#[tokio::test]
async fn a_message_may_be_called_message_or_text() {
    let app = App::start().await;
    let Scene { from, room, .. } = scene(&app).await;
    for (payload, content) in [
        (json!({"content": "proper", "message": "a", "text": "b"}), "proper"),
        (json!({"content": null, "message": "second", "text": "b"}), "second"),
        (json!({"message": null, "text": "third"}), "third"),
    ] {
        let mut payload = payload;
        payload["roomId"] = json!(room);
        let message = &from.ok("send-message", payload).await["message"];
        assert_eq!(message["content"], content);
        assert!(message.get("text").is_none() && message.get("message").is_none());
    }
    let wrong = json!({"roomId": room, "message": {"text": "x"}, "text": "good"});
    from.refused("send-message", wrong, "validation_failed").await;
}

#[tokio::test]
async fn who_is_called_may_be_named_otherwise_too() {
    let app = App::start().await;
    let Scene { bob, from, to, .. } = scene(&app).await;
    for name in RECEIVERS {
        let who = if name == "targetSocketId" { &to.id } else { &bob.id };
        let payload = object([(name, json!(who)), ("callType", json!(null)), ("type", json!("audio"))]);
        let call = from.ok("initiate-call", payload).await["callId"].clone();
        let ringing = to.event("incoming-call").await;
        assert_eq!((&ringing["callId"], &ringing["callType"]), (&call, &json!("audio")), "{name}");
        from.ok("end-call", json!({"callId": call})).await;
    }
    from.refused("initiate-call", json!({"calleeId": bob.id, "type": "fax"}), "validation_failed").await;
    let both = json!({"calleeId": bob.id, "callType": "video", "type": "audio"});
    from.ok("initiate-call", both).await;
    assert_eq!(to.event("incoming-call").await["callType"], "video");
}

#[tokio::test]
async fn an_event_without_a_payload_or_with_null_is_as_one_with_an_empty_object() {
    let app = App::start().await;
    let Scene { bob, from, to, .. } = scene(&app).await;
    from.ok("initiate-call", json!({"to": bob.id})).await;
    to.event("incoming-call").await;
    to.raw("42700[\"accept-call\"]".to_owned()).await;
    assert_eq!(to.acked(700).await["ok"], true);
    from.ok("end-call", Value::Null).await;
    for payload in ["", ",null", ",{}"] {
        for event in
            ["join-room", "leave-room", "send-message", "typing", "webrtc-offer", "initiate-call", "media-state"]
        {
            from.raw(format!("42701[\"{event}\"{payload}]")).await;
            assert_eq!(from.acked(701).await["code"], "validation_failed", "{event}{payload}");
        }
    }
}
