//! What others ask of calls, and what is passed on within one. Nothing here changes anything.

use super::call::{OpenCall, Seat};
use super::{CallMachine, Which};
use crate::error::Error;
use crate::model::{Actor, CallId, RoomId, SocketId, UserId};
use crate::wire::{Audience, CallSnapshot, Delivery, Event, MediaState, SessionCall};

impl CallMachine {
    /// The open call that the user is in, for `session`. Who is rung is not in it.
    pub fn session_call(&self, user: UserId) -> Option<SessionCall> {
        let call = self.book.of_user(user)?;
        let seat = call.seat(user)?;
        Some(SessionCall {
            call_id: call.id,
            call_type: call.call_type,
            status: call.status(),
            room_id: call.room,
            answered_at: call.answered_at,
            socket_id: seat.here(),
        })
    }

    /// What is told to a socket that has just connected and whose user is rung.
    pub fn rings_on_connect(&self, who: &Actor) -> Option<Delivery> {
        let call = self.book.of_user(who.user.id).filter(|call| call.is_rung(who.user.id))?;
        Some(call.incoming().to(Audience::Socket(who.socket)))
    }

    /// Passes on what a user sends of microphone, camera and screen.
    ///
    /// # Errors
    /// [`Error::CallNotFound`]; [`Error::NotAllowed`] where the socket is not in it, or it is not active.
    pub fn media_state(&self, who: &Actor, which: Which, state: MediaState) -> Result<Vec<Delivery>, Error> {
        let call = self.find(which, who.user.id)?;
        if call.rings() || call.seat(who.user.id).and_then(Seat::here) != Some(who.socket) {
            return Err(call.refusal(who.user.id));
        }
        let event = Event::MediaState { call_id: call.id, from: who.user.id, from_socket_id: who.socket, state };
        let others = call.sockets().filter(|socket| *socket != who.socket);
        Ok(others.map(|socket| event.clone().to(Audience::Socket(socket))).collect())
    }

    /// The call that goes on in a room, as a Room shows it.
    pub fn snapshot(&self, room: RoomId) -> Option<CallSnapshot> {
        self.book.in_room(room).map(OpenCall::snapshot)
    }

    /// The call that a socket is in.
    pub fn call_of_socket(&self, socket: SocketId) -> Option<CallId> {
        self.book.of_socket(socket).map(|call| call.id)
    }

    /// The socket by which a user is in a call; `None` where the user is not in it, or away.
    pub fn socket_in_call(&self, call: CallId, user: UserId) -> Option<SocketId> {
        self.book.get(call)?.seat(user)?.here()
    }

    /// The other sockets in the call that a socket is in; `None` where it is in none.
    pub fn others_in_call(&self, socket: SocketId) -> Option<Vec<SocketId>> {
        let call = self.book.of_socket(socket)?;
        Some(call.sockets().filter(|other| *other != socket).collect())
    }

    /// Whether two users are in one call or rung by it.
    pub fn share_call(&self, one: UserId, other: UserId) -> bool {
        self.book.of_user(one).is_some_and(|call| call.busy().any(|user| user == other))
    }
}
