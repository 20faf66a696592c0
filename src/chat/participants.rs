//! `room-participants`: whole lists, fresh within a second of a change, however many changes came together.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::names::named;
use crate::chat::Chat;
use crate::error::Error;
use crate::model::{Audience, Event, Participant, Room, RoomId, UserId};

/// How long changes are gathered before the list is told.
const GATHER: Duration = Duration::from_millis(300);

/// The same where many sockets are in the room: each list names all of them, and each of them gets it.
const GATHER_FOR_MANY: Duration = Duration::from_millis(900);

/// How many sockets are many.
const MANY_SOCKETS: usize = 300;

/// From this many participants on, `user-joined` and `user-left` say it all: whole lists to everyone would be quadratic.
const LARGE_ROOM: usize = 100;

/// The rooms whose list is due.
#[derive(Debug, Default)]
pub struct Coalescer(Mutex<HashSet<RoomId>>);

impl Chat {
    /// Who takes part in a room, in the order of joining; who is there with a socket but was not stored yet comes last.
    pub(super) async fn participants(&self, room: &Room) -> Result<Arc<Vec<Participant>>, Error> {
        let names = self.names_of(&room.participants).await?;
        let presence = self.presence();
        let stored: BTreeSet<UserId> = room.participants.iter().copied().collect();
        let late = presence.users_in_room(room.id).into_iter().filter(|user| !stored.contains(&user.id));
        let users = room.participants.iter().map(|id| named(&names, *id)).chain(late);
        let list = users
            .map(|user| {
                let socket_ids = presence.sockets_in_room(user.id, room.id);
                Participant { user_id: user.id, username: user.username, online: !socket_ids.is_empty(), socket_ids }
            })
            .collect();
        Ok(Arc::new(list))
    }

    /// Has the room's sockets told a fresh list soon.
    pub(super) fn participants_changed(self: &Arc<Self>, room: RoomId) {
        let due = &self.participants.0;
        if !due.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(room) {
            return;
        }
        let chat = Arc::clone(self);
        tokio::spawn(async move {
            let many = chat.presence().room_size(room) > MANY_SOCKETS;
            tokio::time::sleep(if many { GATHER_FOR_MANY } else { GATHER }).await;
            chat.participants.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&room);
            if let Err(error) = chat.tell_participants(room).await {
                tracing::debug!(%room, %error, "the list of participants was not told");
            }
        });
    }

    async fn tell_participants(&self, room: RoomId) -> Result<(), Error> {
        let Some(room) = self.store.room(room).await? else { return Ok(()) };
        if room.participants.len() > LARGE_ROOM {
            return Ok(());
        }
        let participants = self.participants(&room).await?;
        let event = Event::RoomParticipants { room_id: room.id, participants };
        self.announce(&self.presence(), &event.to(Audience::Room { room: room.id, except: None }));
        Ok(())
    }
}
