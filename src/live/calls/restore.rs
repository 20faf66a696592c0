//! Taking up calls that go on in the store and that nobody drives: at a start of the server those from before, later those of a server
//! that is gone.

use std::collections::HashSet;

use super::Calls;
use super::call::{OpenCall, Rung, Seat};
use crate::model::{Audience, Call, CallStatus, Delivery, EndReason, Event, Now, Origin, SocketId, UserId, UserRef};

/// What came of calls that were taken up.
#[derive(Clone, Debug, Default)]
#[must_use = "what is over is to be stored, and the others are to be told"]
pub struct Restored {
    /// Those that are over, as they are to be stored.
    pub over: Vec<Call>,
    /// Those who are in a call that goes on, without a socket yet: what a `session` tells of calls has changed for them.
    pub inside: Vec<UserId>,
    /// What is to be told of calls that go on to those who are connected already.
    pub deliveries: Vec<Delivery>,
}

impl Calls {
    /// Takes up calls that have not ended: those that were active go on, as if all their sockets had just dropped; those that rang are
    /// over. Calls that are known already are passed over. `name` tells who a user is.
    ///
    /// A call that shares somebody or a room with one that goes on here is over. Of several that share somebody or a room with each
    /// other, which this server never makes, the oldest goes on.
    pub fn restore(&mut self, now: Now, mut open: Vec<Call>, name: impl Fn(UserId) -> UserRef) -> Restored {
        open.sort_by_key(|call| call.id);
        open.retain(|call| !self.is_open(call.id));
        let mut restored = Restored::default();
        for stored in open {
            let call = self.resumed(now, &stored, &name);
            let active = stored.status == CallStatus::Active && !call.rings() && call.inside.len() > 1;
            if active && self.has_place_for(&call) {
                restored.goes_on(&call);
                self.book.replace(call.id, Some(call));
            } else {
                restored.over.push(call.record(Some((now.time, EndReason::Disconnected))));
            }
        }
        self.revision += 1;
        restored
    }

    fn has_place_for(&self, call: &OpenCall) -> bool {
        let mut seen = HashSet::new();
        call.busy().all(|user| seen.insert(user) && self.book.of_user(user).is_none())
            && call.room.is_none_or(|room| self.book.in_room(room).is_none())
    }

    fn resumed(&self, now: Now, stored: &Call, name: &impl Fn(UserId) -> UserRef) -> OpenCall {
        let away_until = Some(now.after(self.grace));
        // The clocks of two processes have the time of day in common alone, and that may have been set: a call never rings for longer
        // than a new one would.
        let rings_for = stored.created_at.plus(self.ring_timeout).since(now.time).min(self.ring_timeout);
        // The sockets of before are gone, and their ids with them: these stand for them, and name none.
        let seat = |user| Seat { user: name(user), socket: SocketId::new(), away_until };
        OpenCall {
            id: stored.id,
            room: stored.room,
            call_type: stored.call_type,
            begun_by: Origin { socket: SocketId::new(), user: name(stored.created_by) },
            created_at: stored.created_at,
            answered_at: stored.answered_at,
            participants: stored.participants.clone(),
            invited: stored.invited.clone(),
            inside: stored.inside.iter().copied().map(seat).collect(),
            rung: stored.ringing.iter().map(|user| Rung { user: name(*user), away_until }).collect(),
            ring_until: now.after(rings_for),
        }
    }
}

impl Restored {
    fn goes_on(&mut self, call: &OpenCall) {
        self.inside.extend(call.inside.iter().map(|seat| seat.user.id));
        let rung = call.rung.iter().map(|rung| Audience::User { user: rung.user.id, except: None });
        self.deliveries.extend(rung.map(|to| call.incoming().to(to)));
        if let Some(room_id) = call.room {
            let shown = Event::RoomCall { room_id, call: Some(call.snapshot()) };
            self.deliveries.push(shown.to(Audience::Room { room: room_id, except: None }));
        }
    }
}
