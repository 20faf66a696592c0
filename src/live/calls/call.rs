//! One call that goes on: who is in it, who is rung, and what is waited for until when.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::{
    Actor, Call, CallId, CallStatus, CallType, EndReason, Now, RoomId, RoomKind, ServerId, SocketId, Standing,
    StandingRing, StandingSeat, Timestamp, UserId, UserRef,
};
use crate::wire::{CallSnapshot, Event, Peer};

/// A call that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenCall {
    pub id: CallId,
    /// The change of it that the store has and that this stands on; 0 before the first.
    pub revision: u64,
    /// The room that it is held in.
    pub room: Option<RoomId>,
    /// Of which kind that is.
    pub room_kind: RoomKind,
    pub call_type: CallType,
    /// Who began it, and with which socket.
    pub begun_by: Actor,
    pub created_at: Timestamp,
    /// When the first one answered; it is active since.
    pub answered_at: Option<Timestamp>,
    /// Who is or was in it, the beginner first.
    pub participants: Vec<UserId>,
    /// Who was rung.
    pub invited: Vec<UserId>,
    /// Who is in it; while it rings the beginner alone.
    pub inside: Vec<Seat>,
    /// Who is still rung.
    pub rung: Vec<Rung>,
    /// When it stops ringing.
    pub ring_until: Instant,
}

/// One who is in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub user: UserRef,
    /// The socket that is in it, or was the last.
    pub socket: SocketId,
    /// The server of that socket.
    pub server: ServerId,
    /// That socket is gone, and another one may take the call back until then.
    pub away_until: Option<Instant>,
}

/// One who is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub user: UserRef,
    /// The last socket of this user went; unless one is there by then, it counts as rejected.
    pub away_until: Option<Instant>,
}

/// What a call waits for. Of several at one time the first is due first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// It has rung for long enough.
    Ring,
    /// One who was in it did not come back.
    Seat(UserId),
    /// One who is rung may not have come back.
    Rung(UserId),
}

impl OpenCall {
    /// A call that begins to ring.
    pub(crate) fn begin(
        id: CallId,
        now: Now,
        (from, server): (&Actor, ServerId),
        room: Option<(RoomId, RoomKind)>,
        call_type: CallType,
        rings: Duration,
    ) -> Self {
        let (room, room_kind) = room.unzip();
        Self {
            id,
            revision: 0,
            room,
            room_kind: room_kind.unwrap_or_default(),
            call_type,
            begun_by: from.clone(),
            created_at: now.time,
            answered_at: None,
            participants: vec![from.user.id],
            invited: Vec::new(),
            inside: vec![Seat { user: from.user.clone(), socket: from.socket, server, away_until: None }],
            rung: Vec::new(),
            ring_until: now.after(rings),
        }
    }

    pub(crate) const fn status(&self) -> CallStatus {
        if self.answered_at.is_some() { CallStatus::Active } else { CallStatus::Ringing }
    }

    /// The room of a group call.
    pub(crate) fn group(&self) -> Option<RoomId> {
        self.room.filter(|_| self.room_kind != RoomKind::Direct)
    }

    /// What somebody is told who may not do that. To who has nothing to do with it a call in a room that is not open is
    /// not there.
    pub(crate) fn refusal(&self, user: UserId) -> Error {
        let known = self.participants.contains(&user) || self.invited.contains(&user);
        if known || self.room_kind == RoomKind::Open { Error::NotAllowed } else { Error::CallNotFound }
    }

    pub(crate) fn rings(&self) -> bool {
        self.answered_at.is_none()
    }

    /// The seat of one who is in.
    pub(crate) fn seat(&self, user: UserId) -> Option<&Seat> {
        self.inside.iter().find(|seat| seat.user.id == user)
    }

    pub(crate) fn is_rung(&self, user: UserId) -> bool {
        self.rung.iter().any(|rung| rung.user.id == user)
    }

    /// Everybody whom the call keeps busy.
    pub(crate) fn busy(&self) -> impl Iterator<Item = UserId> + '_ {
        self.inside.iter().map(|seat| seat.user.id).chain(self.rung.iter().map(|rung| rung.user.id))
    }

    /// The sockets that are in.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.inside.iter().filter_map(Seat::here)
    }

    /// Who else is in with a socket.
    pub(crate) fn peers_of(&self, user: UserId) -> Vec<Peer> {
        let others = self.inside.iter().filter(|seat| seat.user.id != user);
        let here = others.filter_map(|seat| Some((seat, seat.here()?)));
        here.map(|(seat, socket_id)| Peer { user_id: seat.user.id, username: seat.user.username.clone(), socket_id })
            .collect()
    }

    /// What is waited for next.
    pub(crate) fn next_due(&self) -> Option<(Instant, Due)> {
        let ring = (self.rings() || !self.rung.is_empty()).then_some((self.ring_until, Due::Ring));
        let seats = self.inside.iter().filter_map(|seat| Some((seat.away_until?, Due::Seat(seat.user.id))));
        let rung = self.rung.iter().filter_map(|rung| Some((rung.away_until?, Due::Rung(rung.user.id))));
        ring.into_iter().chain(seats).chain(rung).min()
    }

    /// What rings one who is rung. The beginner may be in with another socket by now, or not at all.
    pub(crate) fn incoming(&self) -> Event {
        let begun_by = &self.begun_by;
        Event::IncomingCall {
            call_id: self.id,
            from: begun_by.user.id,
            from_socket_id: self.seat(begun_by.user.id).and_then(Seat::here).unwrap_or(begun_by.socket),
            from_username: begun_by.user.username.clone(),
            call_type: self.call_type,
            room_id: self.room,
        }
    }

    /// As a Room and `room-call` tell it.
    pub(crate) fn snapshot(&self) -> CallSnapshot {
        CallSnapshot {
            call_id: self.id,
            call_type: self.call_type,
            status: self.status(),
            created_by: self.begun_by.user.clone(),
            participants: self.inside.iter().map(|seat| seat.user.clone()).collect(),
        }
    }

    /// As it is stored next; with `end`, as one that is over now.
    pub(crate) fn record(&self, now: Now, end: Option<EndReason>) -> Call {
        let open = end.is_none();
        Call {
            id: self.id,
            room: self.room,
            room_kind: self.room_kind,
            call_type: self.call_type,
            status: if open { self.status() } else { CallStatus::Ended },
            created_by: self.begun_by.user.id,
            participants: self.participants.clone(),
            invited: self.invited.clone(),
            inside: self.inside.iter().filter(|_| open).map(|seat| seat.user.id).collect(),
            ringing: self.rung.iter().filter(|_| open).map(|rung| rung.user.id).collect(),
            created_at: self.created_at,
            answered_at: self.answered_at,
            // Somebody may have set the clock back meanwhile; a call does not end before it began.
            ended_at: end.map(|_| now.time.max(self.answered_at.unwrap_or(self.created_at))),
            end_reason: end,
            revision: self.revision + 1,
            standing: open.then(|| Box::new(self.standing(now))),
        }
    }

    fn standing(&self, now: Now) -> Standing {
        let time = |at: Instant| now.time.plus(at.saturating_duration_since(now.moment));
        let seat = |seat: &Seat| StandingSeat {
            user: seat.user.clone(),
            socket: seat.socket,
            server: seat.server,
            away_until: seat.away_until.map(time),
        };
        let ring = |rung: &Rung| StandingRing { user: rung.user.clone(), away_until: rung.away_until.map(time) };
        Standing {
            begun_by: self.begun_by.clone(),
            seats: self.inside.iter().map(seat).collect(),
            rung: self.rung.iter().map(ring).collect(),
            ring_until: time(self.ring_until),
        }
    }
}

impl Seat {
    /// Puts another socket of the same user into it.
    pub(crate) fn take(&mut self, who: &Actor, server: ServerId) {
        (self.socket, self.server, self.away_until) = (who.socket, server, None);
    }

    /// The socket that is in, unless it is away.
    pub(crate) fn here(&self) -> Option<SocketId> {
        self.away_until.is_none().then_some(self.socket)
    }
}
