//! What is not there for somebody: whoever asks about a room that they may not see, by whatever way, gets the answer of
//! a room that is not there, for the same work. So do administrators.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tincan::wire::asyncapi;

use crate::support::app::{App, Reply, User};
use crate::support::socket::Socket;
use crate::support::troubled::Troubled;

const NO_ID: &str = "0123456789abcdef01234567";

/// Stands for the id of a room or call in what is asked.
const ID: &str = "HIDDEN";

/// How often two questions are compared before they count as different: the server does something by itself now and
/// then, which is counted too.
const TRIES: usize = 10;

/// What an answer is, and how often each method of the store was called for it.
type Answer = (String, BTreeMap<&'static str, usize>);

/// Something about a room or a call that a stranger asks.
enum Question {
    Rest(Method, String, Value),
    Event(&'static str, Value),
}

/// Who asks.
struct Stranger<'a> {
    user: &'a User<'a>,
    socket: Socket,
    store: &'a Troubled,
}

impl Stranger<'_> {
    async fn answer(&self, question: &Question, id: &str) -> Answer {
        let before = self.store.counts();
        let text = match question {
            Question::Rest(method, path, body) => {
                let body = (!body.is_null()).then(|| with_id(body, id));
                let reply = self.user.send(method.clone(), &path.replace(ID, id), body).await;
                format!("{} {}", reply.status, reply.body)
            }
            Question::Event(event, payload) => self.socket.ask(event, with_id(payload, id)).await.to_string(),
        };
        let made = self.store.counts().into_iter().map(|(method, count)| {
            let more = count - before.get(method).copied().unwrap_or_default();
            (method, more)
        });
        (text.replace(id, ID), made.filter(|(_, count)| *count > 0).collect())
    }

    /// Asks about what is hidden and about what is not there: it is refused alike, for the same work.
    async fn learns_nothing(&self, question: &Question, hidden: &str) {
        let mut seen = None;
        for _ in 0..TRIES {
            let (there, nowhere) = (self.answer(question, hidden).await, self.answer(question, NO_ID).await);
            assert_eq!(there.0, nowhere.0, "{question}");
            assert!(there.0.starts_with("404") || there.0.contains("\"ok\":false"), "{question}: {}", there.0);
            if there.1 == nowhere.1 {
                return;
            }
            seen = Some((there.1, nowhere.1));
        }
        panic!("{question}: there and nowhere the store is asked otherwise: {seen:?}");
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rest(method, path, body) => write!(out, "{method} {path} {body}"),
            Self::Event(event, payload) => write!(out, "{event} {payload}"),
        }
    }
}

fn with_id(value: &Value, id: &str) -> Value {
    serde_json::from_str(&value.to_string().replace(ID, id)).expect("JSON as before")
}

/// Every route that names a room, with what is sent there.
fn routes(stranger: &str, member: &str) -> Vec<Question> {
    let rest = |method: Method, path: &str, body: Value| Question::Rest(method, path.to_owned(), body);
    let of_member = |user: &str| format!("/api/rooms/{ID}/members/{user}");
    vec![
        rest(Method::GET, "/api/rooms/HIDDEN", Value::Null),
        rest(Method::PATCH, "/api/rooms/HIDDEN", json!({"name": "Mine"})),
        rest(Method::PATCH, "/api/rooms/HIDDEN", json!({})),
        rest(Method::DELETE, "/api/rooms/HIDDEN", Value::Null),
        rest(Method::GET, "/api/rooms/HIDDEN/messages", Value::Null),
        rest(Method::GET, "/api/rooms/HIDDEN/messages?after=0&limit=200", Value::Null),
        rest(Method::POST, "/api/rooms/HIDDEN/members", json!({"userId": stranger})),
        rest(Method::POST, "/api/rooms/HIDDEN/members", json!({"userId": member})),
        rest(Method::POST, "/api/rooms/HIDDEN/members", json!({"userId": NO_ID})),
        rest(Method::DELETE, &of_member(stranger), Value::Null),
        rest(Method::DELETE, &of_member(member), Value::Null),
        rest(Method::DELETE, &of_member(NO_ID), Value::Null),
        rest(Method::POST, "/api/invites", json!({"roomId": ID})),
    ]
}

/// Every event that names a room.
fn events_of_rooms() -> Vec<Question> {
    let description = json!({"type": "offer", "sdp": "v=0"});
    let events = vec![
        ("join-room", json!({"roomId": ID})),
        ("join-room", json!(ID)),
        ("join-room", json!({"roomId": ID, "after": 0})),
        ("join-room", json!({"roomId": ID, "after": 1, "afterId": NO_ID})),
        ("leave-room", json!({"roomId": ID})),
        ("leave-room", json!({"roomId": ID, "all": true})),
        ("send-message", json!({"roomId": ID, "content": "let me in"})),
        ("send-message", json!({"roomId": ID, "content": "@bob let me in", "clientId": "x"})),
        ("mark-read", json!({"roomId": ID, "seq": 1})),
        ("typing", json!({"roomId": ID, "typing": true})),
        ("webrtc-offer", json!({"roomId": ID, "offer": description})),
        ("webrtc-answer", json!({"roomId": ID, "answer": description})),
        ("webrtc-ice-candidate", json!({"roomId": ID, "candidate": null})),
        ("initiate-call", json!({"roomId": ID})),
        ("accept-call", json!({"roomId": ID})),
    ];
    events.into_iter().map(|(event, payload)| Question::Event(event, payload)).collect()
}

/// Every event that names a call.
fn events_of_calls() -> Vec<Question> {
    let description = json!({"type": "offer", "sdp": "v=0"});
    let events = vec![
        ("accept-call", json!({"callId": ID})),
        ("reject-call", json!({"callId": ID})),
        ("end-call", json!({"callId": ID})),
        ("media-state", json!({"callId": ID, "audio": true, "video": true, "screen": false})),
        ("webrtc-offer", json!({"callId": ID, "offer": description})),
        ("webrtc-answer", json!({"callId": ID, "answer": description})),
        ("webrtc-ice-candidate", json!({"callId": ID, "candidate": null})),
    ];
    events.into_iter().map(|(event, payload)| Question::Event(event, payload)).collect()
}

/// A private room that two are in, where something was said and a call goes on; the room and the call.
async fn private_room(ann: &User<'_>, bob: &User<'_>) -> (String, String, [Socket; 3]) {
    let wish = json!({"name": "Secret", "kind": "private", "members": [bob.id]});
    let made = ann.post("/api/rooms", wish).await.expect(StatusCode::CREATED);
    let room = made["id"].as_str().unwrap().to_owned();
    let elsewhere = bob.socket().await;
    let inside = ann.socket_in(&room).await;
    inside.ok("send-message", json!({"roomId": room, "content": "hush"})).await;
    let other = bob.socket_in(&room).await;
    let call = inside.ok("initiate-call", json!({"roomId": room})).await["callId"].as_str().unwrap().to_owned();
    other.event("incoming-call").await;
    // What the server does by itself after that is over.
    elsewhere.event("room-unread").await;
    let both =
        |list: &Value| list["participants"].as_array().is_some_and(|all| all.iter().all(|one| one["online"] == true));
    inside.event_where("room-participants", both).await;
    (room, call, [inside, other, elsewhere])
}

/// A direct room, and a call of the two there.
async fn direct_room(cid: &User<'_>, dan: &User<'_>) -> (String, String, [Socket; 2]) {
    let made = cid.post("/api/direct", json!({"userId": dan.id})).await.expect(StatusCode::CREATED);
    let room = made["id"].as_str().unwrap().to_owned();
    let (one, other) = (cid.socket().await, dan.socket().await);
    let call = one.ok("initiate-call", json!({"roomId": room})).await["callId"].as_str().unwrap().to_owned();
    other.event("incoming-call").await;
    (room, call, [one, other])
}

#[tokio::test]
async fn to_strangers_a_closed_room_is_as_one_that_is_not_there_whatever_is_asked_and_for_the_same_work() {
    let (app, store) = App::troubled(|_| {}).await;
    let root = app.user("root").await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let (cid, dan) = (app.user("cid").await, app.user("dan").await);
    let (private, its_call, _inside) = private_room(&ann, &bob).await;
    let (direct, call_of_two, _two) = direct_room(&cid, &dan).await;
    for user in [&eve, &root] {
        let stranger = Stranger { user, socket: user.socket().await, store: &store };
        for (room, call, member) in [(&private, &its_call, &ann), (&direct, &call_of_two, &cid)] {
            for question in routes(&user.id, &member.id).into_iter().chain(events_of_rooms()) {
                stranger.learns_nothing(&question, room).await;
            }
            for question in events_of_calls() {
                stranger.learns_nothing(&question, call).await;
            }
        }
        assert_eq!(user.get("/api/rooms").await.expect(StatusCode::OK), json!([]));
        for place in [&private, &direct] {
            let page = user.get(&format!("/api/rooms?before={place}")).await.expect(StatusCode::OK);
            assert_eq!(page, json!([]));
        }
        assert_eq!(user.get("/api/calls").await.expect(StatusCode::OK), json!([]));
    }
    // Its name is free for others, so it does not tell of it.
    eve.room("Secret").await;
    let listed = eve.get("/api/rooms").await.expect(StatusCode::OK);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

/// Nothing that names a room or a call is left out above.
#[tokio::test]
async fn all_that_names_a_room_or_a_call_is_asked_by_strangers() {
    let app = App::start().await;
    let document = app.request(Method::GET, "/api/openapi.json").send().await.expect("an answer");
    let document = Reply::of(document).await.expect(StatusCode::OK);
    let asked: BTreeSet<(String, String)> = routes("{userId}", "{userId}")
        .iter()
        .filter_map(|question| match question {
            Question::Rest(method, path, _) => {
                let path = path.split('?').next().expect("a path").replace(ID, "{roomId}").replace(NO_ID, "{userId}");
                Some((method.to_string().to_lowercase(), path))
            }
            Question::Event(..) => None,
        })
        .collect();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys().filter(|_| path.contains("{roomId}")) {
            assert!(asked.contains(&(method.clone(), path.clone())), "{method} {path}");
        }
    }
    let events: BTreeSet<&str> = events_of_rooms()
        .iter()
        .chain(&events_of_calls())
        .filter_map(|question| match question {
            Question::Event(event, _) => Some(*event),
            Question::Rest(..) => None,
        })
        .collect();
    let messages = asyncapi()["channels"]["socket"]["messages"].as_object().expect("messages");
    let known: BTreeSet<&str> = messages.keys().filter_map(|id| id.strip_suffix(".asked")).collect();
    assert_eq!(events, known);
}

/// Joining costs as much as there are sockets to be told of it, which is metered. Who may not see a room learns nothing
/// from that either.
#[tokio::test]
async fn however_many_are_in_a_closed_room_no_limit_tells_a_stranger_of_it() {
    const SOCKETS: usize = 90;
    const TRIES_OF_EACH: usize = 90;
    let app = App::with(|config| config.rate_limit = true).await;
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let wish = json!({"name": "Secret", "kind": "private", "members": [bob.id]});
    let made = ann.post("/api/rooms", wish).await.expect(StatusCode::CREATED);
    let room = made["id"].as_str().unwrap();
    let mut inside = Vec::new();
    for user in [&ann, &bob] {
        for _ in 0..SOCKETS {
            inside.push(user.socket_in(room).await);
        }
    }
    for _ in 0..14 {
        let stranger = eve.socket().await;
        for _ in 0..TRIES_OF_EACH {
            stranger.refused("join-room", json!({"roomId": room}), "room_not_found").await;
        }
    }
}
