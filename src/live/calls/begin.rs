//! Beginning a call: who may ring whom.

use super::call::{OpenCall, Rung};
use super::{CallMachine, Change};
use crate::error::Error;
use crate::live::Presence;
use crate::model::{Actor, Call, CallId, CallType, EndReason, Now, RoomId, RoomKind, UserRef};
use crate::wire::Audience;

/// Why nobody is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the caller is told.
    pub error: Error,
    /// The try, as a call that has ended, to be stored for both to see.
    pub kept: Option<Box<Call>>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, kept: None }
    }
}

impl CallMachine {
    /// Rings a user by a new call of this id; `room` is the direct room of the two, where they have one.
    ///
    /// # Errors
    /// The first of: [`Error::Validation`] for oneself; [`Error::UserBusy`] with the call by which `to` rings the
    /// caller; without one
    /// where the caller is in a call or rung; [`Error::UserOffline`] and [`Error::UserBusy`] where `to` is, which is
    /// kept.
    pub fn ring_user(
        &self,
        now: Now,
        id: CallId,
        from: &Actor,
        (to, room): (&UserRef, Option<RoomId>),
        call_type: CallType,
        presence: &Presence,
    ) -> Result<Change, Refusal> {
        if to.id == from.user.id {
            return Err(Error::field("to", "must be somebody else").into());
        }
        if let Some(own) = self.book.of_user(from.user.id) {
            let crossing = own.group().is_none() && own.is_rung(from.user.id) && own.begun_by.user.id == to.id;
            return Err(Error::UserBusy(crossing.then_some(own.id)).into());
        }
        let room = room.map(|room| (room, RoomKind::Direct));
        let mut call = OpenCall::begin(id, now, (from, self.server), room, call_type, self.ring_timeout);
        call.invited.push(to.id);
        let kept = |error, reason| Refusal { error, kept: Some(Box::new(call.record(now, Some(reason)))) };
        if !presence.is_online(to.id) {
            return Err(kept(Error::UserOffline, EndReason::Offline));
        }
        if self.book.of_user(to.id).is_some() {
            return Err(kept(Error::UserBusy(None), EndReason::Busy));
        }
        Ok(self.begin(now, call, vec![to.clone()]))
    }

    /// Rings everyone else who has a socket in a room and is free, by a new call of this id.
    ///
    /// # Errors
    /// The first of: [`Error::NotInRoom`] where the caller's socket is not; [`Error::UserBusy`] with the call that goes
    /// on there;
    /// without one where the caller is in a call or rung; [`Error::UserOffline`] where nobody else is in the room;
    /// [`Error::UserBusy`] where nobody there is free.
    pub fn ring_room(
        &self,
        now: Now,
        id: CallId,
        from: &Actor,
        (room, kind): (RoomId, RoomKind),
        call_type: CallType,
        presence: &Presence,
    ) -> Result<Change, Error> {
        if !presence.in_room(from.socket, room) {
            return Err(Error::NotInRoom);
        }
        if let Some(call) = self.book.in_room(room) {
            return Err(Error::UserBusy(Some(call.id)));
        }
        if self.book.of_user(from.user.id).is_some() {
            return Err(Error::UserBusy(None));
        }
        let mut others: Vec<UserRef> = presence.users_in_room(room).cloned().collect();
        others.sort_unstable_by_key(|user| user.id);
        others.retain(|user| user.id != from.user.id);
        if others.is_empty() {
            return Err(Error::UserOffline);
        }
        others.retain(|user| self.book.of_user(user.id).is_none());
        if others.is_empty() {
            return Err(Error::UserBusy(None));
        }
        let mut call = OpenCall::begin(id, now, (from, self.server), Some((room, kind)), call_type, self.ring_timeout);
        call.invited.extend(others.iter().map(|user| user.id));
        Ok(self.begin(now, call, others))
    }

    /// Rings all who are invited.
    fn begin(&self, now: Now, mut call: OpenCall, invited: Vec<UserRef>) -> Change {
        let incoming = call.incoming();
        call.rung.extend(invited.iter().map(|user| Rung { user: user.clone(), away_until: None }));
        let mut turn = self.first_turn(now, call);
        for user in invited {
            turn.tell(Audience::User { user: user.id, except: None }, incoming.clone());
        }
        turn.finish()
    }
}
