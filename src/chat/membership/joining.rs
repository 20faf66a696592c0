//! Joining a room with a socket.

use std::sync::Arc;

use super::{Joined, LastSeen, Membership, Missed};
use crate::chat::rights::Seen;
use crate::chat::views::NAMED;
use crate::error::Error;
use crate::model::{Actor, Page, RoomId, UserId};

/// How many rooms a socket may be in.
const MOST_ROOMS: usize = 100;

/// How many missed messages the answer to a join holds.
const MOST_MISSED: usize = 200;

impl Membership {
    /// Makes the user a participant and subscribes the socket; where it says what it has seen, answers with what it
    /// missed since.
    ///
    /// # Errors
    /// [`Error::LimitReached`] where the socket is in 100 rooms, [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn join(self: &Arc<Self>, who: &Actor, room: RoomId, seen: Option<LastSeen>) -> Result<Joined, Error> {
        self.turns.in_turn(who.user.id, self.join_in_turn(who, room, seen)).await
    }

    async fn join_in_turn(
        self: &Arc<Self>,
        who: &Actor,
        room: RoomId,
        seen: Option<LastSeen>,
    ) -> Result<Joined, Error> {
        let user = who.user.id;
        {
            let presence = self.bus.presence();
            if !presence.in_room(who.socket, room) && presence.room_count(who.socket) >= MOST_ROOMS {
                return Err(Error::LimitReached);
            }
        }
        // Before it is counted how many are in it: that a limit is reached would tell of a room.
        let before = self.rights.seen(user, room).await?;
        {
            let presence = self.bus.presence();
            if !presence.user_in_room(user, room) {
                // The others are told of a user's first socket alone.
                self.limits.fan_out(user, presence.room_size(room))?;
            }
        }
        let was_participant = before.room().has_participant(user);
        if !was_participant {
            let added = self.store.add_participant(room, user).await;
            if added.is_err() {
                // It may be stored all the same.
                self.undo_participation(user, room);
            }
            added?.ok_or(Error::RoomNotFound)?;
            self.readings.participant_came(room);
        }
        // Where nobody was in the room, what follows is told from here on; what the answer tells was read later.
        let known = before.room().last_seq();
        let newly = self.messages.enter(who.socket, room, known);
        let joined = self.joined(who, &before, seen, newly).await;
        if joined.is_err() {
            // Deleted since it was joined, or the store went away: nobody may stay subscribed to what was not joined.
            if newly {
                self.bus.presence().leave(who.socket, room);
            }
            if !was_participant {
                self.undo_participation(user, room);
            }
        }
        joined
    }

    /// Ends the participation that a refused join had begun, as soon as the store takes it, unless the user has joined
    /// by then.
    fn undo_participation(self: &Arc<Self>, user: UserId, room: RoomId) {
        let membership = Arc::clone(self);
        tokio::spawn(async move {
            let undo = async || {
                if !membership.bus.presence().user_in_room(user, room) {
                    membership.store.remove_participant(room, user).await?;
                }
                Ok(())
            };
            if membership.turns.in_the_end(user, &undo).await {
                membership.participants.changed(room);
            } else {
                let why = "a user stays a participant of a room after a refused join: the store is away";
                tracing::warn!(%room, %user, "{why}");
            }
        });
    }

    /// What a subscribed socket is answered with; read after it was subscribed, so that nothing falls between.
    /// Where it was `newly` subscribed it is told who takes part, before all that follows.
    async fn joined(&self, who: &Actor, right: &Seen, seen: Option<LastSeen>, newly: bool) -> Result<Joined, Error> {
        let missed = match seen {
            Some(seen) => Some(self.missed(right, seen).await?),
            None => None,
        };
        // The right to it may have ended since it was looked up, and nobody could take the socket out then.
        let mut room = Arc::clone(self.rights.seen(who.user.id, right.room().id).await?.room());
        if !room.has_participant(who.user.id) {
            // Another server ended it, which did not know yet that the user is here.
            room = self.store.add_participant(room.id, who.user.id).await?.ok_or(Error::RoomNotFound)?;
        }
        let view = self.views.one(&room, Some(who.user.id), NAMED).await?;
        let participants = self.participants.tell_one(who.socket, &room, newly).await?;
        Ok(Joined { last_seq: view.last_seq, room: view, participants, missed })
    }

    /// The messages after the last one seen. Where another one has its number, or none, the store was put back to an
    /// older state and has
    /// gone on from there.
    async fn missed(&self, room: &Seen, LastSeen { seq: after, id }: LastSeen) -> Result<Missed, Error> {
        let Some(id) = id.filter(|_| after > 0) else {
            let page = self.messages.history(room, Page::After(after), MOST_MISSED).await?;
            return Ok(Missed { more: page.newer, reset: after > page.last_seq, messages: page.messages });
        };
        // The message that the client names is read along with those after it.
        let page = self.messages.history(room, Page::After(after - 1), MOST_MISSED + 1).await?;
        let mut messages = page.messages.into_iter();
        let same = messages.next().is_some_and(|first| first.seq == after && first.id == id);
        if same {
            Ok(Missed { messages: messages.collect(), more: page.newer, reset: false })
        } else {
            Ok(Missed { messages: Vec::new(), more: false, reset: true })
        }
    }
}
