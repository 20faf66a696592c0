//! Answering a call: accepting, moving it to another socket, rejecting.

use super::call::{OpenCall, Seat};
use super::turn::Turn;
use super::{CallMachine, Change, MOST_INSIDE};
use crate::error::Error;
use crate::live::Presence;
use crate::model::{Actor, CallId, EndReason, Now, RoomId, SocketId, UserId, UserRef};
use crate::wire::{Audience, Event, Peer};

/// Which call an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this id.
    Call(CallId),
    /// The one that goes on in this room.
    InRoom(RoomId),
    /// The one that the user is in or is rung by.
    Own,
}

/// What `accept-call` is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The call.
    pub call_id: CallId,
    /// Those who are in with a socket, each of whom sends an offer.
    pub peers: Vec<Peer>,
}

impl CallMachine {
    /// The call that is meant.
    pub(super) fn find(&self, which: Which, user: UserId) -> Result<&OpenCall, Error> {
        let call = match which {
            Which::Call(call) => self.book.get(call),
            // A direct room's is the own one.
            Which::InRoom(room) => {
                self.book.in_room(room).or_else(|| self.book.of_user(user).filter(|own| own.room == Some(room)))
            }
            Which::Own => self.book.of_user(user),
        };
        call.ok_or(Error::CallNotFound)
    }

    /// The id of the call that is meant.
    ///
    /// # Errors
    /// [`Error::CallNotFound`].
    pub fn which(&self, which: Which, user: UserId) -> Result<CallId, Error> {
        self.find(which, user).map(|call| call.id)
    }

    /// Answers a call, takes it back after the connection was lost, or moves it to this socket. From the socket that is
    /// in it already
    /// it is answered again, and changes nothing.
    ///
    /// # Errors
    /// The first of: [`Error::CallNotFound`]; [`Error::NotAllowed`] where the user is neither rung nor in the call's
    /// room, or began
    /// it and it rings; [`Error::UserBusy`] where the user is in another call or rung by one; [`Error::LimitReached`].
    pub fn accept(
        &self,
        now: Now,
        who: &Actor,
        which: Which,
        presence: &Presence,
    ) -> Result<(Accepted, Change), Error> {
        let user = who.user.id;
        let call = self.find(which, user)?;
        let mut turn = self.turn(now, call);
        match call.seat(user) {
            Some(_) if call.rings() => return Err(Error::NotAllowed),
            Some(seat) if seat.here() == Some(who.socket) => {}
            Some(_) => turn.take_seat(who),
            None => {
                let in_room = call.group().is_some_and(|room| presence.user_in_room(user, room));
                if !call.is_rung(user) && !in_room {
                    return Err(call.refusal(user));
                }
                if self.book.of_user(user).is_some_and(|own| own.id != call.id) {
                    return Err(Error::UserBusy(None));
                }
                if call.inside.len() >= MOST_INSIDE {
                    return Err(Error::LimitReached);
                }
                turn.take_seat(who);
            }
        }
        Ok((Accepted { call_id: call.id, peers: call.peers_of(user) }, turn.finish()))
    }

    /// Declines a call that rings the user.
    ///
    /// # Errors
    /// [`Error::CallNotFound`]; [`Error::NotAllowed`] where the user is not rung by it.
    pub fn reject(&self, now: Now, who: &Actor, which: Which, reason: Option<String>) -> Result<Change, Error> {
        let call = self.find(which, who.user.id)?;
        if !call.is_rung(who.user.id) {
            return Err(call.refusal(who.user.id));
        }
        let mut turn = self.turn(now, call);
        turn.decline(&who.user, Some(who.socket), reason);
        Ok(turn.finish())
    }
}

impl Turn<'_> {
    /// Puts a socket into the call; the user's other sockets are out of it and ring no more.
    fn take_seat(&mut self, who: &Actor) {
        let (call, user, server) = (&mut self.call, who.user.id, self.server);
        call.rung.retain(|rung| rung.user.id != user);
        match call.inside.iter_mut().find(|seat| seat.user.id == user) {
            Some(seat) => seat.take(who, server),
            None => call.inside.push(Seat { user: who.user.clone(), socket: who.socket, server, away_until: None }),
        }
        if !call.participants.contains(&user) {
            call.participants.push(user);
        }
        call.answered_at.get_or_insert(self.now.time.max(call.created_at));
        let accepted = Event::CallAccepted {
            call_id: call.id,
            from: user,
            from_socket_id: who.socket,
            from_username: who.user.username.clone(),
        };
        self.tell_inside(user, &accepted);
        self.tell_ended(Audience::User { user, except: Some(who.socket) }, Some(user), EndReason::AnsweredElsewhere);
    }

    /// One who is rung will not answer. A call between two is over; one in a room rings on.
    pub(super) fn decline(&mut self, user: &UserRef, asked_by: Option<SocketId>, reason: Option<String>) {
        self.call.rung.retain(|rung| rung.user.id != user.id);
        let rejected =
            Event::CallRejected { call_id: self.call.id, from: user.id, from_username: user.username.clone(), reason };
        self.tell_inside(user.id, &rejected);
        let elsewhere = Audience::User { user: user.id, except: asked_by };
        self.tell_ended(elsewhere, Some(user.id), EndReason::RejectedElsewhere);
        if self.call.group().is_none() {
            self.end_silently(EndReason::Rejected);
        }
    }
}
