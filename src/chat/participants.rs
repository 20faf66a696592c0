//! `room-participants`: whole lists, fresh within a second of a change, however many changes came together.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::names::{Names, NamesById, name_of};
use crate::bus::{Bus, Notice, Subscriber};
use crate::error::Error;
use crate::live::Presence;
use crate::model::{Room, RoomId, SocketId, UserId, UserRef};
use crate::store::Store;
use crate::wire::{Audience, Event, Participant, ParticipantList};

/// How long changes are gathered before the list is told.
const GATHER: Duration = Duration::from_millis(300);

/// The same where many sockets are in the room: each list names all of them, and each of them gets it.
const GATHER_FOR_MANY: Duration = Duration::from_millis(900);

/// How many sockets are many.
const MANY_SOCKETS: usize = 300;

/// From this many participants on, `user-joined` and `user-left` say it all: whole lists to everyone would be
/// quadratic.
const LARGE_ROOM: usize = 100;

/// Who takes part in rooms, and the telling of it.
pub struct Participants {
    me: Weak<Self>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    names: Arc<Names>,
    /// The rooms whose list is due.
    due: Mutex<HashSet<RoomId>>,
}

impl Participants {
    /// Nobody has been told anything yet.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>, names: &Arc<Names>) -> Arc<Self> {
        let participants = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            names: Arc::clone(names),
            due: Mutex::default(),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&participants);
        bus.subscribe(subscriber);
        participants
    }

    fn due(&self) -> MutexGuard<'_, HashSet<RoomId>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells one socket who takes part in a room, where `tell` says so, and answers with the same: in the order of
    /// joining; who is there with a socket but was not stored yet comes last. What follows from later changes of
    /// presence is told after it.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn tell_one(&self, socket: SocketId, room: &Room, tell: bool) -> Result<ParticipantList, Error> {
        let names = self.names.of(room.participants.iter().copied()).await?;
        let mut presence = self.bus.presence();
        let participants = list(&presence, room, &names)?;
        if tell {
            let event = Event::RoomParticipants { room_id: room.id, participants: participants.clone() };
            presence.publish_here(event.to(Audience::Socket(socket)));
        }
        Ok(participants)
    }

    /// An account is no more, and nobody has its name.
    pub fn account_removed(&self, user: UserId) {
        self.names.forget(user);
    }

    /// What is stored of who takes part has changed, and presence does not tell it: has the room's sockets told a fresh
    /// list soon.
    pub fn changed(&self, room: RoomId) {
        self.tell_soon(room);
        self.bus.notify(Notice::ParticipantsChanged(room));
    }

    /// Has the sockets of this server that are in a room told a fresh list soon.
    fn tell_soon(&self, room: RoomId) {
        let Some(participants) = self.me.upgrade() else { return };
        if !self.due().insert(room) {
            return;
        }
        tokio::spawn(async move {
            let many = participants.bus.presence().room_size(room) > MANY_SOCKETS;
            tokio::time::sleep(if many { GATHER_FOR_MANY } else { GATHER }).await;
            participants.due().remove(&room);
            if let Err(error) = participants.tell(room).await {
                error.log("the list of participants of a room was not told");
            }
        });
    }

    async fn tell(&self, room: RoomId) -> Result<(), Error> {
        let Some(room) = self.store.room(room).await? else { return Ok(()) };
        if room.participants.len() > LARGE_ROOM {
            return Ok(());
        }
        let names = self.names.of(room.participants.iter().copied()).await?;
        let mut presence = self.bus.presence();
        let event = Event::RoomParticipants { room_id: room.id, participants: list(&presence, &room, &names)? };
        presence.publish_here(event.to(Audience::Room { room: room.id, except: None }));
        Ok(())
    }
}

/// Who takes part in a room as presence is now. A room of thousands is listed while everybody waits for presence, so
/// it copies no names.
fn list(presence: &Presence, room: &Room, names: &NamesById) -> Result<ParticipantList, Error> {
    let one = |user_id: UserId, username| {
        let socket_ids = presence.sockets_in_room(user_id, room.id);
        Participant { user_id, username, online: !socket_ids.is_empty(), socket_ids }
    };
    let mut participants: Vec<Participant<'_>> =
        room.participants.iter().map(|user| one(*user, name_of(names, *user))).collect();
    let online = participants.iter().filter(|one| one.online).count();
    if online < presence.online_count(room.id) {
        let stored: HashSet<UserId> = room.participants.iter().copied().collect();
        let mut late: Vec<&UserRef> =
            presence.users_in_room(room.id).filter(|user| !stored.contains(&user.id)).collect();
        late.sort_unstable_by_key(|user| user.id);
        participants.extend(late.into_iter().map(|user| one(user.id, &user.username)));
    }
    ParticipantList::of(&participants).map_err(|error| {
        tracing::error!(room = %room.id, %error, "the list of participants of a room could not be encoded");
        Error::Internal
    })
}

impl Subscriber for Participants {
    fn occupants_changed(&self, room: RoomId) {
        self.tell_soon(room);
    }

    fn noticed(&self, notice: &Notice) {
        match notice {
            Notice::ParticipantsChanged(room) => self.tell_soon(*room),
            // The account may be gone, and with it the name.
            Notice::Revoked(user, ..) => self.names.forget(*user),
            _ => {}
        }
    }
}
