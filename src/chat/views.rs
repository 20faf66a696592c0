//! A room as its users see it: with names, who is online, and the call that goes on there.

use std::sync::Arc;

use super::calls::Calls;
use super::names::{Names, NamesById, named};
use crate::bus::Bus;
use crate::error::Error;
use crate::model::{Room, RoomKind, UserId};
use crate::store::Store;
use crate::wire::RoomView;

/// How many participants a Room names where it is not asked for whole.
pub(crate) const NAMED: usize = 50;

/// Makes views of rooms.
pub struct Views {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    names: Arc<Names>,
    calls: Arc<Calls>,
}

impl Views {
    /// With these names and calls.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>, names: &Arc<Names>, calls: &Arc<Calls>) -> Self {
        Self { store: Arc::clone(store), bus: Arc::clone(bus), names: Arc::clone(names), calls: Arc::clone(calls) }
    }

    /// A room as a user, or with `None` everyone, sees it, with at most `most` of its participants.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn one(&self, room: &Room, viewer: Option<UserId>, most: usize) -> Result<RoomView, Error> {
        let names = self.names.of(people(room, most)).await?;
        let view = self.with_names(room, viewer, most, &names);
        match viewer.filter(|_| view.joined == Some(true)) {
            None => Ok(view),
            Some(user) => {
                let reading = self.store.readings_in(room, &[user]).await?.remove(&user);
                Ok(view.read(reading.unwrap_or_default()))
            }
        }
    }

    /// Rooms as a user sees them.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn of<'a>(
        &self,
        rooms: impl IntoIterator<Item = &'a Room> + Clone,
        viewer: UserId,
    ) -> Result<Vec<RoomView>, Error> {
        let names = self.names.of(rooms.clone().into_iter().flat_map(|room| people(room, NAMED))).await?;
        let joined: Vec<&Room> = rooms.clone().into_iter().filter(|room| room.has_participant(viewer)).collect();
        let mut readings = self.store.readings_of(viewer, &joined).await?;
        let view = |room: &Room| {
            let view = self.with_names(room, Some(viewer), NAMED, &names);
            match readings.remove(&room.id) {
                Some(reading) => view.read(reading),
                None => view,
            }
        };
        Ok(rooms.into_iter().map(view).collect())
    }

    /// Who is named in a room as everyone sees it.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn names(&self, room: &Room) -> Result<NamesById, Error> {
        self.names.of(people(room, NAMED)).await
    }

    /// As [`Views::one`], where the names are known, and without how far the viewer has read.
    pub fn with_names(&self, room: &Room, viewer: Option<UserId>, most: usize, names: &NamesById) -> RoomView {
        let online_count = self.bus.presence().online_count(room.id);
        let partner = viewer.and_then(|viewer| room.other_than(viewer)).map(|other| named(names, other).username);
        // Who made an open room may be no more; a private one is handed on, and of a direct one the two stay.
        let has_creator = room.kind != RoomKind::Open || names.contains_key(&room.created_by);
        RoomView {
            object_id: room.id,
            id: room.id,
            kind: room.kind,
            name: partner.unwrap_or_else(|| room.name.clone()),
            description: room.description.clone(),
            created_by: has_creator.then(|| named(names, room.created_by)),
            created_at: room.created_at,
            participants: room.participants.iter().take(most).map(|id| named(names, *id)).collect(),
            participant_count: room.participants.len(),
            online_count,
            last_seq: room.last_seq(),
            last_message_at: room.last_message.as_ref().map(|message| message.timestamp),
            last_message: room.last_message.clone(),
            call: self.calls.in_room(room.id),
            joined: viewer.map(|user| room.has_participant(user)),
            read_seq: None,
            unread: None,
            mentions: None,
        }
    }
}

/// Whose names a view of a room needs.
fn people(room: &Room, most: usize) -> impl Iterator<Item = UserId> + '_ {
    room.participants.iter().take(most).copied().chain([room.created_by])
}
