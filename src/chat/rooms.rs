//! Rooms: making, changing, deleting, joining, leaving.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::names::named;
use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{
    Audience, Description, Event, LeaveReason, Message, MessageId, Origin, Page, Participant, Room, RoomId, RoomName,
    RoomPatch, RoomView, SocketId, Timestamp, UserId,
};

/// How many participants a Room names where it is not asked for whole.
const NAMED: usize = 50;

/// How many rooms a socket may be in.
const MOST_ROOMS: usize = 100;

/// How many missed messages the answer to a join holds.
const MOST_MISSED: usize = 200;

/// How many lists of all rooms are made at once: each has all rooms in memory while it is made.
const MOST_LISTS: usize = 4;

/// How long a list of all rooms waits for its turn before it is refused.
const LONGEST_LIST_WAIT: Duration = Duration::from_secs(4);

/// How often, and how long apart, the participation that a refused join had begun is tried to be ended.
const UNDO_TRIES: usize = 30;
const UNDO_PAUSE: Duration = Duration::from_secs(1);

/// The places for lists of all rooms that are being made.
#[derive(Debug)]
pub struct Listing(Semaphore);

impl Default for Listing {
    fn default() -> Self {
        Self(Semaphore::new(MOST_LISTS))
    }
}

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
    /// All rooms, newest first, with `joined` for this user.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Overloaded`] where too many lists are being made, [`Error::Storage`].
    pub async fn rooms(&self, who: &Identity) -> Result<Vec<RoomView>, Error> {
        let place = tokio::time::timeout(LONGEST_LIST_WAIT, self.listing.0.acquire()).await;
        let _place = place.map_err(|_| Error::Overloaded)?;
        let rooms = self.store.rooms().await?;
        self.limits.fan_out(who.user.id, rooms.len())?;
        let names = self.names_of(&rooms.iter().flat_map(|room| people(room, NAMED)).collect::<Vec<_>>()).await?;
        Ok(rooms.iter().map(|room| self.view(room, Some(who.user.id), NAMED, &names)).collect())
    }

    /// At most `limit` rooms, newest first, and whether there are more; with `before` those after its place in the list.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn rooms_page(
        &self,
        who: &Identity,
        before: Option<RoomId>,
        limit: usize,
    ) -> Result<(Vec<RoomView>, bool), Error> {
        let rooms = self.store.rooms().await?;
        let place = before.map(|id| (id, rooms.iter().find(|room| room.id == id).map(|room| room.created_at)));
        let mut page: Vec<&Room> = rooms
            .iter()
            .map(AsRef::as_ref)
            .filter(|room| place.is_none_or(|(id, created_at)| is_after(room, id, created_at)))
            .take(limit.saturating_add(1))
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let names = self.names_of(&page.iter().flat_map(|room| people(room, NAMED)).collect::<Vec<_>>()).await?;
        let views = page.iter().map(|room| self.view(room, Some(who.user.id), NAMED, &names)).collect();
        Ok((views, more))
    }

    /// One room with all its participants.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn room(&self, who: &Identity, room: RoomId) -> Result<RoomView, Error> {
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        self.one_view(&room, Some(who.user.id), usize::MAX).await
    }

    /// Makes a room, whose creator does not take part before joining.
    ///
    /// # Errors
    /// [`Error::RoomNameTaken`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn create_room(
        &self,
        who: &Identity,
        name: RoomName,
        description: Description,
    ) -> Result<RoomView, Error> {
        self.limits.room_created(who.user.id)?;
        self.limits.fan_out(who.user.id, self.everyone())?;
        let room = Room {
            id: RoomId::new(),
            name: name.into_string(),
            description: description.into_string(),
            created_by: who.user.id,
            participants: Arc::default(),
            created_at: Timestamp::now(),
            last_message: None,
            last_seq: 0,
            numbered: 0,
        };
        self.store.insert_room(room.clone()).await?;
        let view = self.one_view(&room, None, NAMED).await?;
        self.announce(&self.presence(), &Event::RoomCreated(Box::new(view.clone())).to(Audience::Everyone));
        Ok(RoomView { joined: Some(false), ..view })
    }

    /// Changes a room; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::RoomNameTaken`], [`Error::Storage`].
    pub async fn update_room(&self, who: &Identity, room: RoomId, patch: RoomPatch) -> Result<RoomView, Error> {
        let own = self.own_room(who, room).await?;
        if patch.is_empty() {
            return self.one_view(&own, Some(who.user.id), NAMED).await;
        }
        self.limits.fan_out(who.user.id, self.everyone())?;
        // Stored and told in one turn: the last that is told of a room is what is stored.
        let change = async {
            let room = self.store.update_room(room, patch).await?.ok_or(Error::RoomNotFound)?;
            let view = self.one_view(&room, None, NAMED).await?;
            self.announce(&self.presence(), &Event::RoomUpdated(Box::new(view.clone())).to(Audience::Everyone));
            Ok(RoomView { joined: Some(room.has_participant(who.user.id)), ..view })
        };
        self.room_changes.in_turn(room, change).await
    }

    /// Deletes a room and its messages; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::Storage`].
    pub async fn delete_room(&self, who: &Identity, room: RoomId) -> Result<(), Error> {
        self.own_room(who, room).await?;
        self.limits.fan_out(who.user.id, self.everyone())?;
        let change = async {
            if !self.store.delete_room(room).await? {
                return Err(Error::RoomNotFound);
            }
            self.calls_room_deleted(room).await;
            {
                let mut presence = self.presence();
                presence.clear_room(room);
                self.announce(&presence, &Event::RoomDeleted { room_id: room }.to(Audience::Everyone));
            }
            // One that was begun while the room was on its way out.
            self.calls_room_deleted(room).await;
            Ok(())
        };
        self.room_changes.in_turn(room, change).await
    }

    /// How many sockets an event to everyone is sent to.
    fn everyone(&self) -> usize {
        self.presence().sockets().count()
    }

    async fn own_room(&self, who: &Identity, room: RoomId) -> Result<Arc<Room>, Error> {
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        if room.created_by == who.user.id { Ok(room) } else { Err(Error::NotAllowed) }
    }

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
            for _ in 0..UNDO_TRIES {
                let undo = async {
                    if !chat.presence().user_in_room(user, room) {
                        chat.store.remove_participant(room, user).await?;
                    }
                    Ok(())
                };
                match chat.membership.in_turn(user, undo).await {
                    Ok(()) => return chat.participants_changed(room),
                    Err(error) => tracing::debug!(%error, %room, %user, "a refused join is not undone yet"),
                }
                tokio::time::sleep(UNDO_PAUSE).await;
            }
            tracing::warn!(%room, %user, "a user stays a participant of a room after a refused join: the store is away");
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
        let before = self.store.room(room).await?;
        self.store.remove_participant(room, who.user.id).await?;
        self.exit_all(who, room);
        // Who had no socket there leaves without `user-left`; the list tells it.
        if sockets.is_empty() && before.as_ref().is_some_and(|room| room.has_participant(who.user.id)) {
            self.participants_changed(room);
        }
        self.calls_left_room(who, room).await;
        if before.is_some() { Ok(()) } else { Err(Error::RoomNotFound) }
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

    /// A room as a user, or with `None` everyone, sees it.
    pub(super) async fn one_view(&self, room: &Room, viewer: Option<UserId>, most: usize) -> Result<RoomView, Error> {
        let names = self.names_of(&people(room, most).collect::<Vec<_>>()).await?;
        Ok(self.view(room, viewer, most, &names))
    }

    fn view(&self, room: &Room, viewer: Option<UserId>, most: usize, names: &HashMap<UserId, String>) -> RoomView {
        let online_count = self.presence().online_count(room.id);
        RoomView {
            object_id: room.id,
            id: room.id,
            name: room.name.clone(),
            description: room.description.clone(),
            created_by: named(names, room.created_by),
            created_at: room.created_at,
            participants: room.participants.iter().take(most).map(|id| named(names, *id)).collect(),
            participant_count: room.participants.len(),
            online_count,
            last_seq: room.last_seq(),
            last_message_at: room.last_message.as_ref().map(|message| message.timestamp),
            last_message: room.last_message.clone(),
            call: self.call_in(room.id),
            joined: viewer.map(|user| room.has_participant(user)),
        }
    }
}

/// Whether a room comes after the place of an id in the list of rooms, newest first. A room's place is by `createdAt`, then `_id`. Of
/// an id that is no room only the second is known that it carries: within that second the ids alone are compared, so that a page
/// goes on where it ended although the room at its end has been deleted.
fn is_after(room: &Room, id: RoomId, created_at: Option<Timestamp>) -> bool {
    if let Some(created_at) = created_at {
        return (room.created_at, room.id) < (created_at, id);
    }
    let [a, b, c, d, ..] = id.bytes();
    let second = i64::from(u32::from_be_bytes([a, b, c, d]));
    (room.created_at.millis().div_euclid(1000), room.id) < (second, id)
}

/// Whose names a view of a room needs.
fn people(room: &Room, most: usize) -> impl Iterator<Item = UserId> + '_ {
    room.participants.iter().take(most).copied().chain([room.created_by])
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
