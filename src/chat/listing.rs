//! Rooms as they are looked at: one, all, a page of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::names::named;
use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{Room, RoomId, RoomView, Timestamp, UserId};

/// How many participants a Room names where it is not asked for whole.
pub(super) const NAMED: usize = 50;

/// How many lists of all rooms are made at once: each has all rooms in memory while it is made.
const MOST_LISTS: usize = 4;

/// How long a list of all rooms waits for its turn before it is refused.
const LONGEST_LIST_WAIT: Duration = Duration::from_secs(4);

/// The places for lists of all rooms that are being made.
#[derive(Debug)]
pub struct Listing {
    places: Semaphore,
    /// How many rooms were in the last list: what the next one costs is charged before it is made.
    rooms: AtomicUsize,
}

impl Default for Listing {
    fn default() -> Self {
        Self { places: Semaphore::new(MOST_LISTS), rooms: AtomicUsize::new(0) }
    }
}

impl Listing {
    /// Waits for a place.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        match tokio::time::timeout(LONGEST_LIST_WAIT, self.places.acquire()).await {
            Ok(place) => place.map_err(|_| Error::Internal),
            Err(_) => {
                metrics::counter!("tincan_lists_refused_total").increment(1);
                Err(Error::Overloaded)
            }
        }
    }
}

impl Chat {
    /// All rooms, newest first, with `joined` for this user.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Overloaded`] where too many lists are being made, [`Error::Storage`].
    pub async fn rooms(&self, who: &Identity) -> Result<Vec<RoomView>, Error> {
        let rooms = self.listed(who).await?;
        let names = self.names_of(&rooms.iter().flat_map(|room| people(room, NAMED)).collect::<Vec<_>>()).await?;
        Ok(rooms.iter().map(|room| self.view(room, Some(who.user.id), NAMED, &names)).collect())
    }

    /// At most `limit` rooms, newest first, and whether there are more; with `before` those after its place in the list.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Overloaded`] where too many lists are being made, [`Error::Storage`].
    pub async fn rooms_page(
        &self,
        who: &Identity,
        before: Option<RoomId>,
        limit: usize,
    ) -> Result<(Vec<RoomView>, bool), Error> {
        let rooms = self.listed(who).await?;
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

    /// All rooms as they are stored, for a list that this user asks for.
    async fn listed(&self, who: &Identity) -> Result<Vec<Arc<Room>>, Error> {
        self.limits.fan_out(who.user.id, self.listing.rooms.load(Ordering::Relaxed))?;
        let _place = self.listing.place().await?;
        let rooms = self.store.rooms().await?;
        self.listing.rooms.store(rooms.len(), Ordering::Relaxed);
        Ok(rooms)
    }

    /// One room with all its participants.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn room(&self, who: &Identity, room: RoomId) -> Result<RoomView, Error> {
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        self.one_view(&room, Some(who.user.id), usize::MAX).await
    }

    /// A room as a user, or with `None` everyone, sees it.
    pub(super) async fn one_view(&self, room: &Room, viewer: Option<UserId>, most: usize) -> Result<RoomView, Error> {
        let names = self.names_of(&people(room, most).collect::<Vec<_>>()).await?;
        Ok(self.view(room, viewer, most, &names))
    }

    pub(super) fn view(
        &self,
        room: &Room,
        viewer: Option<UserId>,
        most: usize,
        names: &HashMap<UserId, String>,
    ) -> RoomView {
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
pub(super) fn people(room: &Room, most: usize) -> impl Iterator<Item = UserId> + '_ {
    room.participants.iter().take(most).copied().chain([room.created_by])
}
