//! What no honest client sends: every event with every field wrong, and frames that are no packets. It is answered with
//! a refusal or costs its sender the connection; nobody else hears of it, and the server serves on.

use std::sync::{Mutex, Once};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::app::{App, User};
use crate::support::polling::Polling;
use crate::support::socket::Socket;

/// Panics in the server's code or in the libraries that carry it. The seam would turn one into `internal`, a task would
/// swallow it.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if place.starts_with("src/")
                || ["socketioxide", "engineioxide", "tungstenite"].iter().any(|name| place.contains(name))
            {
                PANICS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(place);
            }
            before(panic);
        }));
    });
}

/// A room with one who watches it and one who means harm, who are in an active call too.
struct Scene<'a> {
    app: &'a App,
    eve: User<'a>,
    watcher: Socket,
    eves: Socket,
    room: String,
    call: Value,
    watched: String,
}

impl<'a> Scene<'a> {
    async fn set(app: &'a App) -> Self {
        watch_for_panics();
        let (ann, eve) = (app.user("Ann").await, app.user("Eve").await);
        let room = ann.room("Kitchen").await;
        let (watcher, eves) = (ann.socket_in(&room).await, eve.socket_in(&room).await);
        let call = eves.ok("initiate-call", json!({"to": ann.id})).await["callId"].clone();
        watcher.ok("accept-call", json!({"callId": call})).await;
        // Lists are told a little later than what changed them.
        let both = |list: &Value| list["participants"].as_array().map(Vec::len) == Some(2);
        watcher.event_where("room-participants", both).await;
        watcher.heard().await;
        Self { app, eve, watcher, eves, room, call, watched: ann.id }
    }

    /// Events with a payload that would succeed, the fields that must be there, and those that may be.
    fn events(&self) -> Vec<(&'static str, Value, &'static [&'static str], &'static [&'static str])> {
        let (room, call, to) = (&self.room, &self.call, &self.watched);
        let sdp = json!({"sdp": "v=0"});
        vec![
            ("join-room", json!({"roomId": room}), &["roomId"], &["after", "afterId"]),
            ("leave-room", json!({"roomId": room}), &["roomId"], &["all"]),
            ("send-message", json!({"roomId": room, "content": "x"}), &["roomId", "content"], &["clientId"]),
            ("mark-read", json!({"roomId": room, "seq": 1}), &["roomId", "seq"], &[]),
            ("typing", json!({"roomId": room, "typing": true}), &["roomId", "typing"], &[]),
            ("webrtc-offer", json!({"to": to, "offer": sdp}), &["offer"], &["to", "roomId", "callId"]),
            ("webrtc-answer", json!({"to": to, "answer": sdp}), &["answer"], &["to", "roomId", "callId"]),
            ("webrtc-ice-candidate", json!({"to": to, "candidate": {}}), &[], &["candidate", "to", "roomId", "callId"]),
            ("initiate-call", json!({"to": to}), &["to"], &["callType"]),
            ("accept-call", json!({"callId": call}), &[], &["callId"]),
            ("reject-call", json!({"callId": call}), &[], &["callId", "reason"]),
            ("end-call", json!({"callId": call}), &[], &["callId"]),
            (
                "media-state",
                json!({"callId": call, "audio": true, "video": true, "screen": true}),
                &["audio", "video", "screen"],
                &["callId"],
            ),
        ]
    }

    /// Nobody heard of anything, nothing has changed, and the server serves on.
    async fn unharmed(&self, after: &str) {
        assert_eq!(self.watcher.heard().await, [], "after {after}");
        let history = self.eve.get(&format!("/api/rooms/{}/messages", self.room)).await;
        assert_eq!((history.status.as_u16(), history.body), (200, json!([])), "after {after}");
        assert_eq!(self.eve.get("/api/calls").await.body[0]["status"], "active", "after {after}");
        let room = self.eve.get(&format!("/api/rooms/{}", self.room)).await.body;
        let read = (&room["readSeq"], &room["unread"], &room["mentions"], &room["joined"]);
        assert_eq!(read, (&json!(0), &json!(0), &json!(0), &json!(true)), "after {after}");
        self.eve.socket().await.refused("no-such-event", json!({}), "unknown_event").await;
        let panics = PANICS.lock().unwrap().clone();
        assert!(panics.is_empty(), "after {after}: {panics:?}");
    }

    /// Must be refused, and not by a failure of the server.
    async fn refused(&self, event: &str, payload: Value) {
        let ack = self.eves.ask(event, payload.clone()).await;
        let code = ack["code"].as_str().unwrap_or_default();
        let good =
            ack["ok"] == json!(false) && !["", "internal", "storage"].contains(&code) && ack["message"].is_string();
        assert!(good, "{event} {payload}: {ack}");
    }
}

/// Values that are of no use in any field. Those from the second half on are strings.
fn useless() -> Vec<Value> {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    vec![
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!([]),
        json!(["x"]),
        json!({"$gt": ""}),
        json!({"$ne": null}),
        json!({"$regex": ".*"}),
        json!({"toString": "x", "__proto__": {"ok": true}}),
        deep,
        json!(""),
        json!("\u{0}"),
        json!("\u{7f}\u{9b}"),
        json!("../../etc/passwd\u{0}"),
        json!("\u{1b}[2J".repeat(2000)),
    ]
}

#[tokio::test]
async fn every_event_with_any_field_wrong_is_refused_and_nobody_hears_of_it() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    for (event, good, required, optional) in scene.events() {
        for field in required.iter().chain(optional) {
            for value in useless() {
                // A number of that size is a good one, beyond all messages.
                if ["after", "seq"].contains(field) && value.is_u64() {
                    continue;
                }
                // Any text may be the id of a message, and means nothing without a number.
                if *field == "afterId" && value.is_string() {
                    continue;
                }
                // An object of any content is a candidate.
                if *field == "candidate" && value.is_object() {
                    continue;
                }
                let mut payload = good.clone();
                payload[*field] = value;
                scene.refused(event, payload).await;
            }
        }
        for field in required {
            for nothing in [Some(json!(null)), None] {
                let mut payload = good.clone();
                match nothing {
                    Some(null) => payload[*field] = null,
                    None => drop(payload.as_object_mut().unwrap().remove(*field)),
                }
                scene.refused(event, payload).await;
            }
        }
        for payload in useless().into_iter().filter(|value| !value.is_object()) {
            scene.refused(event, payload).await;
        }
        scene.unharmed(event).await;
    }
}

#[tokio::test]
async fn names_that_are_no_events_are_refused() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    let long = "x".repeat(100_000);
    for name in [
        "",
        "__proto__",
        "constructor",
        "connect",
        "disconnect",
        "error",
        "session",
        "new-message",
        "Join-Room",
        "é",
        &long,
    ] {
        scene.eves.refused(name, json!({"roomId": scene.room}), "unknown_event").await;
    }
    scene.unharmed("names that are no events").await;
}

#[tokio::test]
async fn packets_of_another_form_are_refused_or_end_their_own_connection() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    let deep = format!("427[\"send-message\",{}{}]", "[".repeat(60_000), "]".repeat(60_000));
    let frames = [
        "",
        "4",
        "42",
        "42[",
        "42[]",
        "42{}",
        "42[5]",
        "42[null]",
        "42[[]]",
        "42\"x\"",
        "42null",
        "42[\"send-message\"",
        "427[\"send-message\",{\"content\":\"\\ud800\"}]",
        "427[\"send-message\",{\"content\":\"\\ud80\"}]",
        "427[\"send-message\",{\"\\udc00\":\"\\ud800\\ud800\"}]",
        "427[\"mark-read\",{\"roomId\":\"\\ud800\",\"seq\":1}]",
        "427[\"mark-read\",{\"roomId\":\"\\u0000\",\"seq\":1e999}]",
        "427[\"mark-read\",[1],{\"seq\":1}]",
        "427[\"send-message\",{\"content\":1e999}]",
        "427[\"send-message\",{\"content\":NaN}]",
        "427[\"send-message\",{\"content\":\"\\x\"}]",
        "42 7[\"x\"]",
        "4299999999999999999999[\"x\",{}]",
        "42-1[\"x\",{}]",
        "42,7[\"x\"]",
        "427[\"\\u0000\",{}]",
        "427[\"a\\\"b\",{}]",
        "427[\"join\\u002droom\",{}]",
        "43",
        "430[]",
        "4399[1]",
        "437",
        "44",
        "44{}",
        "44\"x\"",
        "45",
        "450-[\"x\"]",
        "451-",
        "451-[]",
        "451-[5]",
        "459-[\"x\"]",
        "4517-[\"x\"]",
        "45999999999999999999999-[\"x\"]",
        "45-1-[\"x\"]",
        "46",
        "461-1[]",
        "461-[\"x\"]",
        "47",
        "49",
        "4x",
        "40",
        "40{}",
        "40{\"token\":1}",
        "40[",
        "40/admin",
        "40/admin,",
        "40/admin,{}",
        "40//,{}",
        "41/admin,",
        "42/admin,[\"x\",{}]",
        "42/,[\"x\",{}]",
        "41",
        "1",
        "2",
        "2probe",
        "3",
        "3probe",
        "5",
        "6",
        "7",
        "9",
        "x",
        "\u{0}",
        "bAQID",
        "b!",
        "é",
        "\u{1e}",
        "42[\"x\"]\u{1e}42[\"x\"]",
        &deep,
    ];
    for frame in frames {
        let short: String = frame.chars().take(60).collect();
        let sender = scene.eve.socket().await;
        sender.raw(frame.to_owned()).await;
        sender.answers().await;
        let errors = sender.already("error").await;
        assert!(errors.iter().all(|error| error["code"] != "internal"), "{short:?}: {errors:?}");
        let polling = Polling::connect(scene.app.address(), &scene.eve.token).await.0;
        let status = polling.post(frame.to_owned()).await.status();
        assert!(!status.is_server_error(), "{short:?} over polling: {status}");
        scene.unharmed(&short).await;
    }
}

#[tokio::test]
async fn binary_attachments_carry_nothing_into_an_event() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    let bytes = || Message::binary(vec![0xff, 0, 0x7f]);
    let placeholder = "{\"_placeholder\":true,\"num\":0}";
    // A payload, and a field, that is an attachment.
    for event in ["join-room", "send-message", "typing", "webrtc-offer", "initiate-call", "media-state"] {
        let sender = scene.eve.socket().await;
        sender.raw(format!("451-900[\"{event}\",{placeholder}]")).await;
        sender.frame(bytes()).await;
        let ack = sender.acked(900).await;
        assert_eq!((&ack["ok"], ack["code"] == "internal"), (&json!(false), false), "{event}: {ack}");
        sender.raw(format!("451-901[\"{event}\",{{\"roomId\":{placeholder},\"content\":{placeholder}}}]")).await;
        sender.frame(bytes()).await;
        assert_eq!(sender.acked(901).await["ok"], json!(false), "{event}");
    }
    // Attachments without a packet, too many, too large, and a packet where one was due.
    for broken in 0..4 {
        let sender = scene.eve.socket().await;
        match broken {
            0 => sender.frame(bytes()).await,
            1 => {
                sender.raw(format!("4517-[\"send-message\",{placeholder}]")).await;
                for _ in 0..17 {
                    sender.frame(bytes()).await;
                }
            }
            2 => {
                sender.raw(format!("452-[\"send-message\",{placeholder}]")).await;
                sender.frame(Message::binary(vec![0; 100_000])).await;
                sender.frame(Message::binary(vec![0; 100_000])).await;
            }
            _ => {
                sender.raw(format!("451-[\"send-message\",{placeholder}]")).await;
                sender.raw("42[\"typing\",{}]".to_owned()).await;
            }
        }
        sender.answers().await;
    }
    scene.unharmed("binary attachments").await;
}

#[tokio::test]
async fn a_text_frame_that_is_no_utf_8_and_a_broken_frame_end_their_own_connection() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    let text = b"42[\"send-message\",{\"content\":\"\xff\xfe\"}]".to_vec();
    let sender = scene.eve.socket().await;
    sender.frame(Message::Frame(Frame::message(text, OpCode::Data(Data::Text), true))).await;
    assert!(!sender.answers().await);
    // A continuation of nothing.
    let sender = scene.eve.socket().await;
    sender.frame(Message::Frame(Frame::message(b"42".to_vec(), OpCode::Data(Data::Continue), true))).await;
    assert!(!sender.answers().await);
    scene.unharmed("broken frames").await;
}

#[tokio::test]
async fn nothing_is_done_for_who_has_not_connected_and_a_second_connect_changes_nothing() {
    let app = App::start().await;
    let scene = Scene::set(&app).await;
    for frame in [format!("427[\"join-room\",\"{}\"]", scene.room), "41".to_owned(), "437[]".to_owned()] {
        let stranger = Socket::open(app.address()).await;
        stranger.raw(frame).await;
        assert!(!stranger.answers().await);
    }
    let twice = scene.eve.socket().await;
    for token in [&scene.eve.token, "nonsense"] {
        twice.raw(format!("40{}", json!({"token": token}))).await;
    }
    twice.ok("join-room", json!(scene.room)).await;
    assert!(twice.came("session").await.is_empty());
    // It is one connection still: with it the last one of its kind leaves.
    let ack = twice.ok("join-room", json!(scene.room)).await;
    let eve = ack["participants"].as_array().unwrap().iter().find(|one| one["userId"] == json!(scene.eve.id)).unwrap();
    let mut ids = vec![json!(scene.eves.id), json!(twice.id)];
    ids.sort_by_key(ToString::to_string);
    let mut seen = eve["socketIds"].as_array().unwrap().clone();
    seen.sort_by_key(ToString::to_string);
    assert_eq!(seen, ids);
    // A room that is left by the Socket.IO packet, and a client that comes again on the same transport.
    twice.raw("41".to_owned()).await;
    twice.answers().await;
    assert!(twice.already("session").await.is_empty());
    let without = |list: &Value| !list.to_string().contains(&twice.id);
    scene.watcher.event_where("room-participants", without).await;
    scene.watcher.heard().await;
    scene.unharmed("a second CONNECT").await;
}

#[tokio::test]
async fn an_event_whose_name_is_written_with_escapes_is_the_one_that_it_spells() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let socket = ann.socket_in(&room).await;
    let payload = json!({"roomId": room, "content": "hello"});
    for (number, name) in [r"send\u002dmessage", r"\u0073end-messag\u0065", "send-message"].into_iter().enumerate() {
        socket.raw(format!("42{}[\"{name}\",{payload}]", 500 + number)).await;
        assert_eq!(socket.acked(500 + number as u64).await["ok"], true, "{name}");
    }
    for (number, name) in [r"a\/b", r#"quo\"te"#, r"back\\slash", r"\n"].into_iter().enumerate() {
        socket.raw(format!("42{}[\"{name}\"]", 600 + number)).await;
        assert_eq!(socket.acked(600 + number as u64).await["code"], "unknown_event", "{name}");
    }
    // White space is JSON's too; without an acknowledgement the failure is emitted under the name as it is spelled.
    socket.raw(format!("42700 \n[ \"send\\u002dmessage\" , {payload} ] ").replace("700 \n", "700")).await;
    assert_eq!(socket.acked(700).await["ok"], true);
    socket.raw(r#"42["t\u0079ping",{}]"#.to_owned()).await;
    assert_eq!(socket.event("error").await["event"], "typing");
    assert!(socket.answers().await);
}
