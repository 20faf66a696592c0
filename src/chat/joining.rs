//! Joining and leaving rooms: participation, which is stored, and subscription, which lasts as long as the socket.

use std::sync::Arc;

use super::listing::NAMED;
use crate::chat::Chat;
use crate::error::Error;
use crate::model::{
    Audience, Event, LeaveReason, Message, MessageId, Origin, Page, Participant, RoomId, RoomView, SocketId, UserId,
};

/// How many rooms a socket may be in.
const MOST_ROOMS: usize = 100;

/// How many missed messages the answer to a join holds.
const MOST_MISSED: usize = 200;

/// What a socket that joined is answered with.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The room as the user sees it.
    pub room: RoomView,
    /// Who takes part.
    pub participants: Arc<Vec<Participant>>,
    /// The newest number.
    pub last_seq: u64,
    /// What was missed, where the client said what it has seen.
    pub missed: Option<Missed>,
}

/// The last message of a room that a client has seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its number; 0 where the client has seen none.
    pub seq: u64,
    /// Its id, where the client says it; means nothing with 0.
    pub id: Option<MessageId>,
}

/// The messages since the last one that a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// At most 200, oldest first.
    pub messages: Vec<Message>,
    /// There are more.
    pub more: bool,
    /// The client has seen a message that is not there, or not under this number: what it has of the room is void.
    pub reset: bool,
}

impl Chat {
    /// Makes the user a participant and subscribes the socket; where it says what it has seen, answers with what it missed since.
    ///
    /// # Errors
    /// [`Error::LimitReached`] where the socket is in 100 rooms, [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn join_room(self: &Arc<Self>, who: &Origin, room: RoomId, seen: Option<Seen>) -> Result<Joined, Error> {
        self.membership.in_turn(who.user.id, self.join_in_turn(who, room, seen)).await
    }

    async fn join_in_turn(self: &Arc<Self>, who: &Origin, room: RoomId, seen: Option<Seen>) -> Result<Joined, Error> {
        let here_already = {
            let presence = self.presence();
            if !presence.in_room(who.socket, room) && presence.room_count(who.socket) >= MOST_ROOMS {
                return Err(Error::LimitReached);
            }
            let here_already = presence.user_in_room(who.user.id, room);
            if !here_already {
                // The others are told of a user's first socket alone.
                self.limits.fan_out(who.user.id, presence.room_size(room))?;
            }
            here_already
        };
        let was_participant =
            here_already || self.store.room(room).await?.ok_or(Error::RoomNotFound)?.has_participant(who.user.id);
        let added = self.store.add_participant(room, who.user.id).await;
        if added.is_err() && !was_participant {
            // It may be stored all the same.
            self.undo_participation(who.user.id, room);
        }
        added?.ok_or(Error::RoomNotFound)?;
        let newly = self.enter(who, room);
        match self.joined(who, room, seen).await {
            Ok(joined) => {
                if newly {
                    let event =
                        Event::RoomParticipants { room_id: room, participants: Arc::clone(&joined.participants) };
                    self.announce(&self.presence(), &event.to(Audience::Socket(who.socket)));
                }
                Ok(joined)
            }
            // Deleted since it was joined, or the store went away: nobody may stay subscribed to what was not joined.
            Err(error) => {
                if newly {
                    self.exit(who, room, LeaveReason::Left);
                }
                if !was_participant {
                    self.undo_participation(who.user.id, room);
                }
                Err(error)
            }
        }
    }

    /// Ends the participation that a refused join had begun, as soon as the store takes it, unless the user has joined by then.
    fn undo_participation(self: &Arc<Self>, user: UserId, room: RoomId) {
        let chat = Arc::clone(self);
        tokio::spawn(async move {
            let undo = async || {
                if !chat.presence().user_in_room(user, room) {
                    chat.store.remove_participant(room, user).await?;
                }
                Ok(())
            };
            if chat.membership.in_the_end(user, &undo).await {
                chat.participants_changed(room);
            } else {
                tracing::warn!(%room, %user, "a user stays a participant of a room after a refused join: the store is away");
            }
        });
    }

    /// What a subscribed socket is answered with; read after it was subscribed, so that nothing falls between.
    async fn joined(&self, who: &Origin, room: RoomId, seen: Option<Seen>) -> Result<Joined, Error> {
        let missed = match seen {
            Some(seen) => Some(self.missed(room, seen).await?),
            None => None,
        };
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        let view = self.one_view(&room, Some(who.user.id), NAMED).await?;
        let participants = self.participants(&room).await?;
        Ok(Joined { last_seq: view.last_seq, room: view, participants, missed })
    }

    /// The messages after the last one seen. Where another one has its number, or none, the store was put back to an older state and has
    /// gone on from there.
    async fn missed(&self, room: RoomId, Seen { seq: after, id }: Seen) -> Result<Missed, Error> {
        let Some(id) = id.filter(|_| after > 0) else {
            let page = self.history(room, Page::After(after), MOST_MISSED).await?;
            return Ok(Missed { more: page.newer, reset: after > page.last_seq, messages: page.messages });
        };
        // The message that the client names is read along with those after it.
        let page = self.history(room, Page::After(after - 1), MOST_MISSED + 1).await?;
        let mut messages = page.messages.into_iter();
        let same = messages.next().is_some_and(|first| first.seq == after && first.id == id);
        if same {
            Ok(Missed { messages: messages.collect(), more: page.newer, reset: false })
        } else {
            Ok(Missed { messages: Vec::new(), more: false, reset: true })
        }
    }

    /// Subscribes a socket and tells the others where it is the user's first; whether it was not there before.
    fn enter(self: &Arc<Self>, who: &Origin, room: RoomId) -> bool {
        let mut presence = self.presence();
        let Some(first) = presence.subscribe(who.socket, room) else { return false };
        if first {
            let event = Event::UserJoined {
                room_id: room,
                user_id: who.user.id,
                username: who.user.username.clone(),
                socket_id: who.socket,
            };
            self.announce(&presence, &event.to(Audience::Room { room, except: Some(who.socket) }));
        }
        self.participants_changed(room);
        true
    }

    /// Unsubscribes a socket and tells the room where it was the user's last.
    fn exit(self: &Arc<Self>, who: &Origin, room: RoomId, reason: LeaveReason) {
        let mut presence = self.presence();
        let Some(departure) = presence.unsubscribe(who.socket, room) else { return };
        if departure.last {
            let event = user_left(who, room, reason);
            self.announce(&presence, &event.to(Audience::Room { room, except: None }));
        }
        self.participants_changed(room);
    }

    /// Unsubscribes the socket, or with `all` every socket of the user; with the last one participation ends.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn leave_room(self: &Arc<Self>, who: &Origin, room: RoomId, all: bool) -> Result<(), Error> {
        self.membership.in_turn(who.user.id, self.leave_in_turn(who, room, all)).await
    }

    async fn leave_in_turn(self: &Arc<Self>, who: &Origin, room: RoomId, all: bool) -> Result<(), Error> {
        let sockets = self.presence().sockets_in_room(who.user.id, room);
        if !all && sockets.iter().any(|other| *other != who.socket) {
            self.exit(who, room, LeaveReason::Left);
            return Ok(());
        }
        // Who has no socket there leaves without `user-left`; the list tells it, where the user was in it.
        let listed_alone =
            sockets.is_empty() && self.store.room(room).await?.is_some_and(|room| room.has_participant(who.user.id));
        let known = self.store.remove_participant(room, who.user.id).await?.is_some();
        self.exit_all(who, room);
        if listed_alone {
            self.participants_changed(room);
        }
        self.calls_left_room(who, room);
        if known { Ok(()) } else { Err(Error::RoomNotFound) }
    }

    /// Takes all sockets of a user out; the room and the user's other sockets are told once.
    fn exit_all(self: &Arc<Self>, who: &Origin, room: RoomId) {
        let mut presence = self.presence();
        let sockets: Vec<SocketId> = presence.sockets_in_room(who.user.id, room);
        if sockets.is_empty() {
            return;
        }
        let event = user_left(who, room, LeaveReason::Left);
        self.announce(&presence, &event.to(Audience::Room { room, except: Some(who.socket) }));
        for socket in sockets {
            presence.unsubscribe(socket, room);
        }
        self.participants_changed(room);
    }
}

fn user_left(who: &Origin, room: RoomId, reason: LeaveReason) -> Event {
    Event::UserLeft {
        room_id: room,
        user_id: who.user.id,
        username: who.user.username.clone(),
        socket_id: who.socket,
        reason,
    }
}
