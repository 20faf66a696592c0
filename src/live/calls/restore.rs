//! Taking up, at a start of the server, the calls that went on when it stopped.

use std::collections::HashSet;

use super::Calls;
use super::call::{OpenCall, Rung, Seat};
use crate::model::{Call, CallStatus, EndReason, Origin, SocketId, Timestamp, UserId, UserRef};

impl Calls {
    /// Takes up the calls that have not ended: those that were active go on, as if all their sockets had just dropped. Answers with
    /// those that are over, as they are to be stored. `name` tells who a user is.
    ///
    /// Of calls that share somebody or a room, which this server never made, the oldest goes on.
    pub fn restore(&mut self, now: Timestamp, mut open: Vec<Call>, name: impl Fn(UserId) -> UserRef) -> Vec<Call> {
        open.sort_by_key(|call| call.id);
        let mut over = Vec::new();
        for stored in open {
            let call = self.resumed(now, &stored, &name);
            let active = stored.status == CallStatus::Active && !call.rings() && call.inside.len() > 1;
            if active && self.has_place_for(&call) {
                self.book.replace(call.id, Some(call));
            } else {
                over.push(call.record(Some((now, EndReason::Disconnected))));
            }
        }
        self.revision += 1;
        over
    }

    fn has_place_for(&self, call: &OpenCall) -> bool {
        let mut seen = HashSet::new();
        call.busy().all(|user| seen.insert(user) && self.book.of_user(user).is_none())
            && call.room.is_none_or(|room| self.book.in_room(room).is_none())
    }

    fn resumed(&self, now: Timestamp, stored: &Call, name: &impl Fn(UserId) -> UserRef) -> OpenCall {
        let away_until = Some(now.plus(self.grace));
        // The sockets of before the start are gone, and their ids with them: these stand for them, and name none.
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
            ring_until: stored.created_at.plus(self.ring_timeout),
        }
    }
}
