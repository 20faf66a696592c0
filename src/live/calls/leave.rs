//! Leaving a call: hanging up, leaving its room, the room's own end.

use super::turn::Turn;
use super::{CallMachine, Change, Which};
use crate::error::Error;
use crate::model::{Actor, EndReason, Now, RoomId, SocketId, UserId};
use crate::wire::{Audience, Event};

impl CallMachine {
    /// Hangs up, takes a call back that nobody has answered, or declines one that rings; from any socket of the user.
    ///
    /// # Errors
    /// [`Error::CallNotFound`]; [`Error::NotAllowed`] where the user is neither in it nor rung by it.
    pub fn end(&self, now: Now, who: &Actor, which: Which) -> Result<Change, Error> {
        let call = self.find(which, who.user.id)?;
        let mut turn = self.turn(now, call);
        if call.seat(who.user.id).is_some() {
            turn.leave(who.user.id, Some(who.socket), EndReason::Hangup);
        } else if call.is_rung(who.user.id) {
            turn.decline(&who.user, Some(who.socket), None);
        } else {
            return Err(call.refusal(who.user.id));
        }
        Ok(turn.finish())
    }

    /// The user is out of the room, and with it goes the part in its call. `asked_by` is the user's socket that asked
    /// for it. `None` where there is none.
    pub fn left_room(&self, now: Now, user: UserId, asked_by: Option<SocketId>, room: RoomId) -> Option<Change> {
        let call = self.book.in_room(room)?;
        let mut turn = self.turn(now, call);
        if call.seat(user).is_some() {
            turn.leave(user, asked_by, EndReason::Hangup);
        } else if call.is_rung(user) {
            turn.call.rung.retain(|rung| rung.user.id != user);
            turn.call.invited.retain(|invited| *invited != user);
            turn.tell_ended(Audience::User { user, except: None }, None, EndReason::Cancelled);
        } else {
            return None;
        }
        Some(turn.finish())
    }

    /// The room is no more, and so is its call. `None` where there is none. To be told while the sockets are still in
    /// the room.
    pub fn room_deleted(&self, now: Now, room: RoomId) -> Option<Change> {
        let mut turn = self.turn(now, self.book.in_room(room)?);
        turn.end(None, EndReason::Hangup);
        Some(turn.finish())
    }
}

impl Turn<'_> {
    /// One who is in goes, for this reason; `asked_by` is the socket that asked for it. Ends the call where nobody has
    /// answered, or one
    /// alone is left.
    pub(crate) fn leave(&mut self, user: UserId, asked_by: Option<SocketId>, reason: EndReason) {
        let reason = if self.call.rings() { EndReason::Cancelled } else { reason };
        let Some(at) = self.call.inside.iter().position(|seat| seat.user.id == user) else { return };
        let seat = self.call.inside.remove(at);
        self.tell_out(&seat, asked_by, Some(user), reason);
        if self.call.inside.len() < 2 {
            return self.end(Some(user), reason);
        }
        let left = Event::CallLeft { call_id: self.call.id, from: user, from_socket_id: seat.socket, reason };
        self.tell_inside(user, &left);
    }
}
