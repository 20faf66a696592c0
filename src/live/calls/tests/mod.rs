//! Calls, row by row of the protocol's tables, in a world of people with sockets whose events are kept as short lines
//! of text.

mod absence;
mod answer;
mod begin;
mod clocks;
mod invariants;
mod leave;
mod questions;
mod random;
mod restore;
mod servers;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::*;
use crate::error::Error;
use crate::live::Presence;
use crate::live::outlet::tests::Deaf;
use crate::model::{
    Actor, CallStatus, CallType, EndReason, Now, RoomId, RoomKind, ServerId, SocketId, Timestamp, UserId, UserRef,
};
use crate::wire::{CallSnapshot, Event};

const RING: Duration = Duration::from_secs(45);
const GRACE: Duration = Duration::from_secs(15);
const MOMENT: Duration = Duration::from_millis(1);

/// Everything around the calls: who is connected, what is stored, what was told to whom.
struct World {
    calls: CallMachine,
    presence: Presence,
    now: Now,
    stored: HashMap<CallId, Call>,
    told: HashMap<SocketId, Vec<Event>>,
    labels: HashMap<SocketId, String>,
    names: HashMap<UserId, String>,
}

/// Both clocks, so much later.
fn later(now: Now, time: Duration) -> Now {
    Now { time: now.time.plus(time), moment: now.after(time) }
}

impl World {
    fn new() -> Self {
        Self {
            calls: CallMachine::new(ServerId::new(), RING, GRACE),
            presence: Presence::default(),
            now: Now { time: Timestamp::from_millis(1_800_000_000_000), moment: Instant::now() },
            stored: HashMap::new(),
            told: HashMap::new(),
            labels: HashMap::new(),
            names: HashMap::new(),
        }
    }

    /// Somebody new, connected.
    fn person(&mut self, name: &str) -> Actor {
        let user = UserRef { id: UserId::new(), username: name.to_owned() };
        self.names.insert(user.id, name.to_owned());
        self.connect(&user, name)
    }

    /// People of these names, all in one room.
    fn room<const N: usize>(&mut self, names: [&str; N]) -> (RoomId, [Actor; N]) {
        let room = RoomId::new();
        let people = names.map(|name| self.person(name));
        for who in &people {
            self.join(who, room);
        }
        (room, people)
    }

    fn join(&mut self, who: &Actor, room: RoomId) {
        self.presence.subscribe(who.socket, room);
    }

    /// A further socket of a user, with a label of its own.
    fn connect(&mut self, user: &UserRef, label: &str) -> Actor {
        let who = Actor { socket: SocketId::new(), user: user.clone() };
        self.labels.insert(who.socket, label.to_owned());
        self.presence.connect(&who, std::sync::Arc::new(Deaf));
        let rings = self.calls.rings_on_connect(&who);
        self.tell(rings.into_iter().collect());
        who
    }

    fn drop_socket(&mut self, who: &Actor) {
        self.presence.disconnect(who.socket);
        let change = self.calls.socket_gone(self.now, who, false, &self.presence);
        self.commit(change);
    }

    fn leave_room(&mut self, who: &Actor, room: RoomId) {
        for socket in self.presence.sockets_in_room(who.user.id, room) {
            self.presence.unsubscribe(socket, room);
        }
        let change = self.calls.left_room(self.now, who.user.id, Some(who.socket), room);
        self.commit(change);
    }

    fn delete_room(&mut self, room: RoomId) {
        let change = self.calls.room_deleted(self.now, room);
        self.commit(change);
        self.presence.clear_room(room);
    }

    fn ring(&mut self, from: &Actor, to: &Actor) -> Result<CallId, Error> {
        let call = CallId::new();
        let outcome = self.calls.ring_user(self.now, call, from, (&to.user, None), CallType::Video, &self.presence);
        match outcome {
            Ok(change) => {
                self.commit(Some(change));
                Ok(call)
            }
            Err(Refusal { error, kept }) => {
                self.stored.extend(kept.map(|call| (call.id, *call)));
                Err(error)
            }
        }
    }

    fn ring_room(&mut self, from: &Actor, room: RoomId) -> Result<CallId, Error> {
        let call = CallId::new();
        let change =
            self.calls.ring_room(self.now, call, from, (room, RoomKind::Open), CallType::Audio, &self.presence)?;
        self.commit(Some(change));
        Ok(call)
    }

    fn accept(&mut self, who: &Actor) -> Result<Accepted, Error> {
        self.accept_which(who, Which::Own)
    }

    fn accept_which(&mut self, who: &Actor, which: Which) -> Result<Accepted, Error> {
        let (accepted, change) = self.calls.accept(self.now, who, which, &self.presence)?;
        self.commit(Some(change));
        Ok(accepted)
    }

    fn reject(&mut self, who: &Actor, which: Which, reason: Option<&str>) -> Result<(), Error> {
        let change = self.calls.reject(self.now, who, which, reason.map(str::to_owned))?;
        self.commit(Some(change));
        Ok(())
    }

    fn end(&mut self, who: &Actor) -> Result<(), Error> {
        self.end_which(who, Which::Own)
    }

    fn end_which(&mut self, who: &Actor, which: Which) -> Result<(), Error> {
        let change = self.calls.end(self.now, who, which)?;
        self.commit(Some(change));
        Ok(())
    }

    /// Lets time go by, and what is due happen at its time.
    fn pass(&mut self, time: Duration) {
        let until = later(self.now, time);
        while let Some(at) = self.calls.next_deadline().filter(|at| *at <= until.moment) {
            self.now = later(self.now, at.saturating_duration_since(self.now.moment));
            let change = self.calls.tick(self.now, &self.presence);
            assert!(change.is_some(), "a deadline has something to do");
            self.commit(change);
        }
        self.now = until;
    }

    /// Stores, applies and tells, as the server does.
    fn commit(&mut self, change: Option<Change>) {
        self.settle(change);
        invariants::check(self);
    }

    /// As [`World::commit`], where not all is in order yet.
    fn settle(&mut self, change: Option<Change>) {
        let Some(change) = change else { return };
        if let Some(record) = &change.record {
            self.stored.insert(record.id, record.clone());
        }
        let deliveries = self.calls.apply(change, true);
        self.tell(deliveries);
    }

    fn tell(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            for socket in self.presence.outlets(delivery.to).iter().map(|reachable| reachable.socket) {
                self.told.entry(socket).or_default().push(delivery.event.clone());
            }
        }
    }

    /// What was told to a socket since it was last asked about, a line an event.
    fn told(&mut self, who: &Actor) -> Vec<String> {
        let events = self.told.remove(&who.socket).unwrap_or_default();
        events.iter().map(|event| self.line(event)).collect()
    }

    /// Forgets what was told so far.
    fn forget_told(&mut self) {
        self.told.clear();
    }

    fn line(&self, event: &Event) -> String {
        let (name, label) = (event.name(), |socket: &SocketId| self.labels.get(socket).map_or("?", String::as_str));
        let by = |user: &UserId| &self.names[user];
        match event {
            Event::IncomingCall { from_socket_id, .. } | Event::CallAccepted { from_socket_id, .. } => {
                format!("{name} {}", label(from_socket_id))
            }
            Event::CallAway { from_socket_id, .. } | Event::MediaState { from_socket_id, .. } => {
                format!("{name} {}", label(from_socket_id))
            }
            Event::CallRejected { from, reason: Some(reason), .. } => format!("{name} {} {reason}", by(from)),
            Event::CallRejected { from, reason: None, .. } => format!("{name} {}", by(from)),
            Event::CallLeft { from_socket_id, reason, .. } => {
                format!("{name} {} {}", label(from_socket_id), reason.as_str())
            }
            Event::CallEnded { from: Some(from), reason, .. } => format!("{name} {} by {}", reason.as_str(), by(from)),
            Event::CallEnded { from: None, reason, .. } => format!("{name} {}", reason.as_str()),
            Event::RoomCall { call: Some(CallSnapshot { status, participants, .. }), .. } => {
                let names: Vec<&str> = participants.iter().map(|user| user.username.as_str()).collect();
                format!("{name} {} {}", status.as_str(), names.join(" "))
            }
            Event::RoomCall { call: None, .. } => format!("{name} null"),
            other => panic!("calls tell nothing of {other:?}"),
        }
    }

    /// In a call, or rung by one.
    fn is_busy(&self, who: &Actor) -> bool {
        self.calls.book.of_user(who.user.id).is_some()
    }

    /// Why a call ended, as it is stored.
    fn end_reason(&self, call: CallId) -> Option<EndReason> {
        self.stored[&call].end_reason
    }

    fn names(&self, users: &[UserId]) -> Vec<&str> {
        users.iter().map(|user| self.names[user].as_str()).collect()
    }
}

/// Two who are in a call between them.
fn two_in_a_call() -> (World, CallId, Actor, Actor) {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let call = world.ring(&ann, &bob).unwrap();
    world.accept(&bob).unwrap();
    world.forget_told();
    (world, call, ann, bob)
}

/// Four in a room, three of them in its call; the fourth is still rung.
fn three_of_four_in_a_call() -> (World, RoomId, CallId, [Actor; 4]) {
    let mut world = World::new();
    let (room, people) = world.room(["ann", "bob", "cat", "dan"]);
    let call = world.ring_room(&people[0], room).unwrap();
    world.accept(&people[1]).unwrap();
    world.accept(&people[2]).unwrap();
    world.forget_told();
    (world, room, call, people)
}

#[test]
fn a_change_that_is_not_applied_has_not_happened() {
    let mut world = World::new();
    let (ann, bob) = (world.person("ann"), world.person("bob"));
    let before = world.calls.clone();
    let change = world
        .calls
        .ring_user(world.now, CallId::new(), &ann, (&bob.user, None), CallType::Video, &world.presence)
        .expect("bob is free");
    drop(change);
    assert_eq!(world.calls, before);
    assert!(world.ring(&ann, &bob).is_ok());
}
