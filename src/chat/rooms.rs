//! Rooms: making, changing, deleting. What is told of a room comes in the order in which it was stored.

use std::collections::HashMap;
use std::sync::Arc;

use super::listing::{NAMED, people};
use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{Audience, Description, Event, Room, RoomId, RoomName, RoomPatch, RoomView, Timestamp, UserId};

/// What was asked of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Make,
    ChangeOrDelete,
}

impl Chat {
    /// Makes a room, whose creator does not take part before joining.
    ///
    /// # Errors
    /// [`Error::RoomNameTaken`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn create_room(
        self: &Arc<Self>,
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
        let stored = self.store.insert_room(room.clone()).await;
        self.known(stored, room.id, Asked::Make)?;
        let creator = HashMap::from([(who.user.id, who.user.username.clone())]);
        let view = self.view(&room, None, NAMED, &creator);
        self.announce(&self.presence(), &Event::RoomCreated(Box::new(view.clone())).to(Audience::Everyone));
        Ok(RoomView { joined: Some(false), ..view })
    }

    /// Changes a room; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::RoomNameTaken`], [`Error::Storage`].
    pub async fn update_room(
        self: &Arc<Self>,
        who: &Identity,
        room: RoomId,
        patch: RoomPatch,
    ) -> Result<RoomView, Error> {
        let own = self.own_room(who, room).await?;
        if patch.is_empty() {
            return self.one_view(&own, Some(who.user.id), NAMED).await;
        }
        self.limits.fan_out(who.user.id, self.everyone())?;
        // Asked for before, so that nothing but the change itself can fail.
        let names = self.names_of(&people(&own, NAMED).collect::<Vec<_>>()).await?;
        let change = async {
            let stored = self.store.update_room(room, patch).await;
            let room = self.known(stored, room, Asked::ChangeOrDelete)?.ok_or(Error::RoomNotFound)?;
            let view = self.tell_updated(&room, names).await;
            Ok(RoomView { joined: Some(room.has_participant(who.user.id)), ..view })
        };
        self.room_changes.in_turn(room, change).await
    }

    /// Tells everyone how a room is now. `names` are those that are known already.
    async fn tell_updated(&self, room: &Room, mut names: HashMap<UserId, String>) -> RoomView {
        names.extend(self.names_of(&people(room, NAMED).collect::<Vec<_>>()).await.unwrap_or_default());
        let view = self.view(room, None, NAMED, &names);
        self.announce(&self.presence(), &Event::RoomUpdated(Box::new(view.clone())).to(Audience::Everyone));
        view
    }

    /// Deletes a room and its messages; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::Storage`].
    pub async fn delete_room(self: &Arc<Self>, who: &Identity, room: RoomId) -> Result<(), Error> {
        self.own_room(who, room).await?;
        self.limits.fan_out(who.user.id, self.everyone())?;
        let change = async {
            let stored = self.store.delete_room(room).await;
            if !self.known(stored, room, Asked::ChangeOrDelete)? {
                return Err(Error::RoomNotFound);
            }
            self.tell_deleted(room);
            Ok(())
        };
        self.room_changes.in_turn(room, change).await
    }

    /// Ends what went on in a room that is no more, and tells everyone.
    fn tell_deleted(&self, room: RoomId) {
        self.calls_room_deleted(room);
        {
            let mut presence = self.presence();
            presence.clear_room(room);
            self.announce(&presence, &Event::RoomDeleted { room_id: room }.to(Audience::Everyone));
        }
        // One that was begun while the room was on its way out.
        self.calls_room_deleted(room);
    }

    /// The store's answer. Where there is none, the change may have been made all the same: then that is found out, and told, later.
    fn known<T>(self: &Arc<Self>, answer: crate::store::Result<T>, room: RoomId, asked: Asked) -> Result<T, Error> {
        let answer = answer.map_err(Error::from);
        if matches!(answer, Err(Error::Storage)) {
            tokio::spawn(Arc::clone(self).find_out(room, asked));
        }
        answer
    }

    /// Asks the store about a room until it answers, and tells what it says.
    async fn find_out(self: Arc<Self>, room: RoomId, asked: Asked) {
        let told = self.room_changes.in_the_end(room, || self.tell_what_became(room, asked)).await;
        if !told {
            tracing::warn!(%room, "what became of a change of this room is not known, and was told to nobody");
        }
    }

    async fn tell_what_became(&self, room: RoomId, asked: Asked) -> Result<(), Error> {
        match (self.store.room(room).await?, asked) {
            (Some(room), Asked::ChangeOrDelete) => drop(self.tell_updated(&room, HashMap::new()).await),
            (Some(room), Asked::Make) => {
                let view = self.one_view(&room, None, NAMED).await?;
                self.announce(&self.presence(), &Event::RoomCreated(Box::new(view)).to(Audience::Everyone));
            }
            (None, Asked::ChangeOrDelete) => self.tell_deleted(room),
            (None, Asked::Make) => {}
        }
        Ok(())
    }

    /// How many sockets an event to everyone is sent to.
    fn everyone(&self) -> usize {
        self.presence().sockets().count()
    }

    async fn own_room(&self, who: &Identity, room: RoomId) -> Result<Arc<Room>, Error> {
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        if room.created_by == who.user.id { Ok(room) } else { Err(Error::NotAllowed) }
    }
}
