//! What happens by itself: sockets go, times run out.

use super::call::{Due, Seat};
use super::{CallMachine, Change};
use crate::live::Presence;
use crate::model::{Actor, CallId, EndReason, Now};
use crate::wire::Event;

/// Why one counts as having rejected who was rung and did not come back.
const GONE: &str = "disconnected";

impl CallMachine {
    /// A socket is gone, and `presence` no longer has it; `with_server` where its server went and others go on. `None`
    /// where no call minds.
    pub fn socket_gone(&self, now: Now, who: &Actor, with_server: bool, presence: &Presence) -> Option<Change> {
        let (call, user, until) = (self.book.of_user(who.user.id)?, who.user.id, now.after(self.grace));
        let mut turn = self.turn(now, call);
        if call.seat(user).and_then(Seat::here) == Some(who.socket) {
            if call.rings() && !with_server {
                turn.leave(user, Some(who.socket), EndReason::Cancelled);
                return Some(turn.finish());
            }
            turn.call.inside.iter_mut().filter(|seat| seat.user.id == user).for_each(|s| s.away_until = Some(until));
            if !call.rings() {
                turn.tell_inside(user, &Event::CallAway { call_id: call.id, from: user, from_socket_id: who.socket });
            }
        } else if call.is_rung(user) && !presence.is_online(user) {
            // Whoever had come back and is gone again has the whole grace again. That somebody is back shows when the
            // time is up.
            turn.call.rung.iter_mut().filter(|rung| rung.user.id == user).for_each(|r| r.away_until = Some(until));
        } else {
            return None;
        }
        Some(turn.finish())
    }

    /// The beginner of a call that rings, whose server went, is back with this socket. `None` where there is nobody to
    /// wait for.
    pub fn beginner_back(&self, now: Now, who: &Actor) -> Option<Change> {
        let call = self.book.of_user(who.user.id).filter(|call| call.rings())?;
        let mut turn = self.turn(now, call);
        let seat = turn.call.inside.iter_mut().find(|seat| seat.user.id == who.user.id && seat.here().is_none())?;
        seat.take(who, self.server);
        Some(turn.finish())
    }

    /// Does one thing whose time has come; `None` where there is none. To be called again until there is none.
    pub fn tick(&self, now: Now, presence: &Presence) -> Option<Change> {
        let (_, call) = self.book.first_due().filter(|(at, _)| *at <= now.moment)?;
        let (_, due) = call.next_due()?;
        let mut turn = self.turn(now, call);
        match due {
            Due::Ring if call.rings() => turn.end(None, EndReason::Timeout),
            Due::Ring => turn.stop_ringing(None, EndReason::Timeout),
            Due::Seat(user) => turn.leave(user, None, EndReason::Disconnected),
            Due::Rung(user) => {
                let rung = turn.call.rung.iter_mut().find(|rung| rung.user.id == user)?;
                if presence.is_online(user) {
                    rung.away_until = None;
                } else {
                    let user = rung.user.clone();
                    turn.decline(&user, None, Some(GONE.to_owned()));
                }
            }
        }
        Some(turn.finish())
    }

    /// The call that [`CallMachine::tick`] does something to next, where its time has come.
    pub fn due(&self, now: Now) -> Option<CallId> {
        self.book.first_due().filter(|(at, _)| *at <= now.moment).map(|(_, call)| call.id)
    }

    /// Ends a call that cannot go on as it stands. `None` where it is over already.
    pub fn give_up(&self, now: Now, call: CallId) -> Option<Change> {
        let mut turn = self.turn(now, self.book.get(call)?);
        turn.end(None, EndReason::Disconnected);
        Some(turn.finish())
    }

    /// Forgets a call that cannot even be ended, and tells nobody: its users and its room are free again.
    pub fn forget(&mut self, call: CallId) {
        self.book.replace(call, None);
    }
}
