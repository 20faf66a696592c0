//! A change in the making: a copy of the call on which it is tried, and what is to be told of it.

use super::call::{OpenCall, Seat};
use super::{CallMachine, Change};
use crate::model::{EndReason, Now, RoomId, ServerId, SocketId, UserId};
use crate::wire::{Audience, CallSnapshot, Delivery, Event};

/// Ends in a [`Change`], which says what is to be stored and told: of both only what has become otherwise.
pub(crate) struct Turn<'a> {
    pub call: OpenCall,
    pub now: Now,
    before: Option<&'a OpenCall>,
    ended: Option<EndReason>,
    deliveries: Vec<Delivery>,
    /// The server that makes the change.
    pub server: ServerId,
}

impl CallMachine {
    /// A turn of a call that goes on.
    pub(super) fn turn<'a>(&self, now: Now, call: &'a OpenCall) -> Turn<'a> {
        Turn { before: Some(call), ..self.first_turn(now, call.clone()) }
    }

    /// The first turn of a call.
    pub(super) const fn first_turn<'a>(&self, now: Now, call: OpenCall) -> Turn<'a> {
        Turn { call, now, before: None, ended: None, deliveries: Vec::new(), server: self.server }
    }
}

impl Turn<'_> {
    pub(crate) fn tell(&mut self, to: Audience, event: Event) {
        self.deliveries.push(event.to(to));
    }

    /// Tells those who are in with a socket, but not this user.
    pub(crate) fn tell_inside(&mut self, except: UserId, event: &Event) {
        let others = self.call.inside.iter().filter(|seat| seat.user.id != except);
        let sockets = others.filter_map(Seat::here);
        self.deliveries.extend(sockets.map(|socket| event.clone().to(Audience::Socket(socket))));
    }

    pub(crate) fn tell_ended(&mut self, to: Audience, from: Option<UserId>, reason: EndReason) {
        self.tell(to, Event::CallEnded { call_id: self.call.id, from, reason });
    }

    /// Tells one who was in the call that it is over there, but not the socket that asked for it. Where the one who was
    /// in is away,
    /// any socket of the user may be about to take the call back.
    pub(crate) fn tell_out(
        &mut self,
        seat: &Seat,
        asked_by: Option<SocketId>,
        from: Option<UserId>,
        reason: EndReason,
    ) {
        match seat.here() {
            None => self.tell_ended(Audience::User { user: seat.user.id, except: asked_by }, from, reason),
            Some(socket) if asked_by != Some(socket) => self.tell_ended(Audience::Socket(socket), from, reason),
            Some(_) => {}
        }
    }

    /// Ends the call: tells those who are in, and those who are still rung.
    pub(crate) fn end(&mut self, from: Option<UserId>, reason: EndReason) {
        for seat in self.call.inside.clone() {
            self.tell_out(&seat, None, from, reason);
        }
        let to_rung = if reason == EndReason::Timeout { reason } else { EndReason::Cancelled };
        self.stop_ringing(from, to_rung);
        self.end_silently(reason);
    }

    /// Ends the call, of which everybody has been told already.
    pub(crate) fn end_silently(&mut self, reason: EndReason) {
        self.ended = Some(reason);
    }

    /// Rings nobody any more, and tells them.
    pub(crate) fn stop_ringing(&mut self, from: Option<UserId>, reason: EndReason) {
        for rung in std::mem::take(&mut self.call.rung) {
            self.tell_ended(Audience::User { user: rung.user.id, except: None }, from, reason);
        }
    }

    /// What comes of it.
    pub(crate) fn finish(mut self) -> Change {
        let over = self.ended.is_some();
        let now_shown = (!over).then(|| self.call.snapshot());
        if let Some(room_id) = self.call.group()
            && self.before.map(OpenCall::snapshot) != now_shown
        {
            self.tell_room(room_id, now_shown);
        }
        let changed = over || self.before != Some(&self.call);
        Change {
            record: changed.then(|| self.call.record(self.now, self.ended)),
            deliveries: self.deliveries,
            call: self.call.id,
            made_from: self.call.revision,
            after: (!over).then_some(self.call),
        }
    }

    fn tell_room(&mut self, room_id: RoomId, call: Option<CallSnapshot>) {
        self.tell(Audience::Room { room: room_id, except: None }, Event::RoomCall { room_id, call });
    }
}
