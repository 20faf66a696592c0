//! Calls as the store has them: taken up at a start, and followed as other servers change them.

use std::time::Duration;

use super::CallMachine;
use super::call::{OpenCall, Rung, Seat};
use crate::live::Presence;
use crate::model::{
    Actor, Call, CallId, CallStatus, EndReason, Now, ServerId, SocketId, StandingRing, StandingSeat, Timestamp, UserId,
    UserRef,
};
use crate::wire::{Audience, Delivery, Event};

impl CallMachine {
    /// A call as the store has it, at `now`: it counts where it is newer than what is known here. `name` tells who a
    /// user is where the call was stored without. Whether it counts.
    pub fn adopt(&mut self, now: Now, stored: &Call, name: impl Fn(UserId) -> UserRef) -> bool {
        if self.known_revision(stored.id).is_some_and(|known| known >= stored.revision) {
            return false;
        }
        let open = (stored.status != CallStatus::Ended).then(|| self.resumed(now, stored, &name));
        self.replace(stored.id, open, stored.revision);
        true
    }

    fn resumed(&self, now: Now, stored: &Call, name: &impl Fn(UserId) -> UserRef) -> OpenCall {
        // The clocks of two processes have the time of day in common alone, and that may have been set: nothing lasts
        // longer than it would in a new call.
        let at = |time: Timestamp, most: Duration| now.after(time.since(now.time).min(most));
        let mut call = OpenCall {
            id: stored.id,
            revision: stored.revision,
            room: stored.room,
            room_kind: stored.room_kind,
            call_type: stored.call_type,
            begun_by: Actor { socket: SocketId::new(), user: name(stored.created_by) },
            created_at: stored.created_at,
            answered_at: stored.answered_at,
            participants: stored.participants.clone(),
            invited: stored.invited.clone(),
            inside: Vec::new(),
            rung: Vec::new(),
            ring_until: at(stored.created_at.plus(self.ring_timeout), self.ring_timeout),
        };
        let away = |until: Option<Timestamp>| until.map(|until| at(until, self.grace));
        if let Some(standing) = &stored.standing {
            let seat = |seat: &StandingSeat| Seat {
                user: seat.user.clone(),
                socket: seat.socket,
                server: seat.server,
                away_until: away(seat.away_until),
            };
            call.begun_by = standing.begun_by.clone();
            call.inside = standing.seats.iter().map(seat).collect();
            let ring = |rung: &StandingRing| Rung { user: rung.user.clone(), away_until: away(rung.away_until) };
            call.rung = standing.rung.iter().map(ring).collect();
            call.ring_until = at(standing.ring_until, self.ring_timeout);
        } else {
            // Of the sockets of before nothing is known: these stand for them, and name none.
            let seat = |user: &UserId| Seat {
                user: name(*user),
                socket: SocketId::new(),
                server: ServerId::new(),
                away_until: None,
            };
            call.inside = stored.inside.iter().map(seat).collect();
            call.rung = stored.ringing.iter().map(|user| Rung { user: name(*user), away_until: None }).collect();
        }
        call
    }

    /// Where nobody could come back because every server of a call was down, the whole grace begins now.
    pub fn begin_graces_anew(&mut self, now: Now, gone: impl Fn(ServerId) -> bool) {
        let until = now.after(self.grace);
        let abandoned = |call: &&OpenCall| call.inside.iter().all(|seat| gone(seat.server));
        let abandoned: Vec<OpenCall> = self.book.calls().filter(abandoned).cloned().collect();
        for mut call in abandoned {
            let seats = call.inside.iter_mut().filter_map(|seat| seat.away_until.as_mut());
            let rung = call.rung.iter_mut().filter_map(|rung| rung.away_until.as_mut());
            seats.chain(rung).for_each(|away| *away = until);
            self.book.replace(call.id, Some(call));
        }
    }

    /// The calls that go on here, with the revision of each.
    pub fn known(&self) -> Vec<(CallId, u64)> {
        self.book.calls().map(|call| (call.id, call.revision)).collect()
    }

    /// A call that was known with this revision is not open in the store any more, and nobody said so yet: it is over.
    /// What is to be told of that if nobody ever does, because the server that ended it died over it.
    pub fn end_unheard(&mut self, call: CallId, revision: u64) -> Option<Vec<Delivery>> {
        let known = self.book.get(call).filter(|known| known.revision == revision)?;
        let ended = |to| Event::CallEnded { call_id: call, from: None, reason: EndReason::Disconnected }.to(to);
        let inside = known.sockets().map(Audience::Socket);
        let rung = known.rung.iter().map(|rung| Audience::User { user: rung.user.id, except: None });
        let mut deliveries: Vec<Delivery> = inside.chain(rung).map(ended).collect();
        if let Some(room_id) = known.group() {
            let nothing = Event::RoomCall { room_id, call: None };
            deliveries.push(nothing.to(Audience::Room { room: room_id, except: None }));
        }
        self.replace(call, None, revision);
        Some(deliveries)
    }

    /// Rings those who are rung by a call: if nobody else does, because the server that began it died over it.
    pub fn ring_unheard(&self, call: CallId) -> Vec<Delivery> {
        let Some(call) = self.book.get(call) else { return Vec::new() };
        let rung = call.rung.iter().map(|rung| Audience::User { user: rung.user.id, except: None });
        let shown = call.group().map(|room_id| {
            let event = Event::RoomCall { room_id, call: Some(call.snapshot()) };
            event.to(Audience::Room { room: room_id, except: None })
        });
        rung.map(|to| call.incoming().to(to)).chain(shown).collect()
    }

    /// Sockets that count as in a call and are gone, for all that is known: those of this server that `presence` does
    /// not have, and those of servers that are `gone`.
    pub fn lost_sockets(&self, presence: &Presence, gone: impl Fn(ServerId) -> bool) -> Vec<(Actor, ServerId)> {
        let lost = |seat: &&Seat| match seat.here() {
            None => false,
            Some(socket) if seat.server == self.server => presence.actor(socket).is_none(),
            Some(_) => gone(seat.server),
        };
        let seats = self.book.calls().flat_map(|call| call.inside.iter().filter(lost));
        seats.map(|seat| (Actor { socket: seat.socket, user: seat.user.clone() }, seat.server)).collect()
    }

    /// Sockets of this server that count as gone from a call, and are connected: others could not hear this server for
    /// a while.
    pub fn found_sockets(&self, presence: &Presence) -> Vec<(CallId, Actor)> {
        let seats = self.book.calls().flat_map(|call| call.inside.iter().map(move |seat| (call, seat)));
        let back = seats.filter(|(call, seat)| {
            seat.here().is_none()
                && seat.server == self.server
                && presence.actor(seat.socket).is_some()
                && !call.rings()
        });
        back.map(|(call, seat)| (call.id, Actor { socket: seat.socket, user: seat.user.clone() })).collect()
    }

    /// Users who are rung, have no socket, and are not waited for yet.
    pub fn unreached(&self, presence: &Presence) -> Vec<UserRef> {
        let rung = self.book.calls().flat_map(|call| &call.rung);
        let unreached = rung.filter(|rung| rung.away_until.is_none() && !presence.is_online(rung.user.id));
        unreached.map(|rung| rung.user.clone()).collect()
    }

    /// Sockets of this server whose users began a call that rings, and are waited for.
    pub fn beginners_back(&self, presence: &Presence) -> Vec<Actor> {
        let ringing = self.book.calls().filter(|call| call.rings());
        let waited_for = ringing.flat_map(|call| &call.inside).filter(|seat| seat.here().is_none());
        let here = |actor: &Actor| presence.outlet(actor.socket).is_some();
        waited_for.filter_map(|seat| presence.actors_of(seat.user.id).into_iter().find(here)).collect()
    }

    /// Calls that cannot go on as they were stored: that hold somebody or a room that an older one holds, or in which
    /// too few are. With `rings`, those that ring too.
    pub fn impossible(&self, rings: bool) -> Vec<CallId> {
        let holds = |call: &OpenCall| {
            call.busy().all(|user| self.book.of_user(user).is_some_and(|own| own.id == call.id))
                && call.group().is_none_or(|room| self.book.in_room(room).is_some_and(|own| own.id == call.id))
        };
        let few = |call: &OpenCall| call.inside.len() < if call.rings() { 1 } else { 2 };
        let calls = self.book.calls().filter(|call| (rings && call.rings()) || few(call) || !holds(call));
        calls.map(|call| call.id).collect()
    }
}
