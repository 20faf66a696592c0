//! A store whose n-th call fails while somebody does something, for n = 1, 2, 3, … until all of it passes: whoever
//! asked is told of a failure and asks again, and then everything is as if it had never failed, and told to whom it
//! concerns.

mod accounts;
mod invites;
mod reading;
mod rooms;

use std::cell::Cell;
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tincan::model::{Room, RoomId, UserId};

use crate::support::app::{App, Reply, User};
use crate::support::socket::Socket;
use crate::support::troubled::{Trouble, Troubled};

/// The failure of one call of the store.
struct Fault<'a> {
    store: &'a Troubled,
    trouble: Trouble,
    number: usize,
    has_come: Cell<bool>,
    /// A word that is another one for each, for names.
    word: String,
}

impl Fault<'_> {
    /// Does something with that call failing, and again without a failure where it was told of one.
    async fn during(&self, verb: impl AsyncFn() -> Reply) -> Reply {
        self.store.trouble_call(self.number, self.trouble.clone());
        let first = verb().await;
        self.has_come.set(self.store.calm());
        if first.status.is_success() {
            return first;
        }
        assert!(self.has_come.get(), "{first:?}");
        first.refused(StatusCode::SERVICE_UNAVAILABLE, "storage");
        verb().await
    }

    /// As [`Fault::during`], for an event.
    async fn during_event(&self, socket: &Socket, event: &str, payload: Value) -> Value {
        self.store.trouble_call(self.number, self.trouble.clone());
        let first = socket.ask(event, payload.clone()).await;
        self.has_come.set(self.store.calm());
        if first["ok"] == json!(true) {
            return first;
        }
        assert_eq!((&first["code"], self.has_come.get()), (&json!("storage"), true), "{first}");
        socket.ok(event, payload).await
    }
}

/// Carries something out with each call of the store failing in turn: once before it has done anything, and once when
/// it has done all.
async fn at_every_call(store: &Troubled, attempt: impl AsyncFn(&Fault<'_>)) {
    for trouble in [Trouble::Refused, Trouble::Unanswered] {
        for number in 1.. {
            let word = format!("{trouble:?}{number}").to_lowercase();
            let fault = Fault { store, trouble: trouble.clone(), number, has_come: Cell::new(false), word };
            attempt(&fault).await;
            if !fault.has_come.get() {
                assert!(number > 1, "it asks the store for something");
                break;
            }
        }
    }
}

/// The answer of a repetition: done now, or found done already, as this failure says.
#[track_caller]
fn done(reply: &Reply, or: &str) {
    assert!(reply.status.is_success() || reply.body["code"] == json!(or), "{} {}", reply.status, reply.body);
}

async fn private(who: &User<'_>, name: &str, members: &[&User<'_>]) -> String {
    let members: Vec<&str> = members.iter().map(|user| user.id.as_str()).collect();
    let body = json!({"name": name, "kind": "private", "members": members});
    let made = who.post("/api/rooms", body).await.expect(StatusCode::CREATED);
    made["id"].as_str().expect("an id").to_owned()
}

fn user_id(user: &User<'_>) -> UserId {
    UserId::parse(&user.id).expect("an id")
}

/// A room as it is stored.
async fn stored(app: &App, room: &str) -> Option<Arc<Room>> {
    app.store().room(RoomId::parse(room).expect("an id")).await.expect("the store answers")
}

/// A private room as it is stored, which has these in it, in this order, and its creator among them.
async fn assert_members(app: &App, room: &str, members: &[&User<'_>]) {
    let room = stored(app, room).await.expect("the room is there");
    assert_eq!(*room.participants, members.iter().map(|user| user_id(user)).collect::<Vec<_>>());
    assert!(room.has_participant(room.created_by), "who has it is in it");
}

fn is_about(room: &str) -> impl Fn(&Value) -> bool {
    move |told| told["id"] == json!(room) || told["roomId"] == json!(room)
}
