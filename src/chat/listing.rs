//! Rooms as they are looked at: one, all, a page of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::rights::Rights;
use super::views::Views;
use crate::chat::Identity;
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Room, RoomId, Timestamp};
use crate::store::Store;
use crate::wire::RoomView;

/// How many lists of all rooms are made at once: each has all rooms in memory while it is made.
const MOST_LISTS: usize = 4;

/// How long a list of all rooms waits for its turn before it is refused.
const LONGEST_LIST_WAIT: Duration = Duration::from_secs(4);

/// The rooms that a user may see.
pub struct RoomList {
    store: Arc<dyn Store>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    views: Arc<Views>,
    /// For lists of all rooms that are being made.
    places: Semaphore,
    /// How many rooms were in the last list: what the next one costs is charged before it is made.
    rooms: AtomicUsize,
}

impl RoomList {
    /// Those of a store.
    pub fn new(store: &Arc<dyn Store>, limits: &Arc<Limits>, rights: &Arc<Rights>, views: &Arc<Views>) -> Self {
        Self {
            store: Arc::clone(store),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            views: Arc::clone(views),
            places: Semaphore::new(MOST_LISTS),
            rooms: AtomicUsize::new(0),
        }
    }

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

    /// All rooms that this user may see, newest first.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Overloaded`] where too many lists are being made, [`Error::Storage`].
    pub async fn all(&self, who: &Identity) -> Result<Vec<RoomView>, Error> {
        let rooms = self.listed(who).await?;
        self.views.of(rooms.iter().map(AsRef::as_ref), who.user.id).await
    }

    /// At most `limit` rooms, newest first, and whether there are more; with `before` those after its place in the
    /// list.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Overloaded`] where too many lists are being made, [`Error::Storage`].
    pub async fn page(
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
        Ok((self.views.of(page, who.user.id).await?, more))
    }

    /// The rooms as they are stored, for a list that this user asks for.
    async fn listed(&self, who: &Identity) -> Result<Vec<Arc<Room>>, Error> {
        self.limits.fan_out(who.user.id, self.rooms.load(Ordering::Relaxed))?;
        let _place = self.place().await?;
        let rooms = self.store.rooms_seen_by(who.user.id).await?;
        self.rooms.store(rooms.len(), Ordering::Relaxed);
        Ok(rooms)
    }

    /// One room with all its participants.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn one(&self, who: &Identity, room: RoomId) -> Result<RoomView, Error> {
        let seen = self.rights.seen(who.user.id, room).await?;
        self.views.one(seen.room(), Some(who.user.id), usize::MAX).await
    }
}

/// Whether a room comes after the place of an id in the list of rooms, newest first. A room's place is by `createdAt`,
/// then `_id`. Of
/// an id that is no room only the second is known that it carries: within that second the ids alone are compared, so
/// that a page
/// goes on where it ended although the room at its end has been deleted.
fn is_after(room: &Room, id: RoomId, created_at: Option<Timestamp>) -> bool {
    if let Some(created_at) = created_at {
        return (room.created_at, room.id) < (created_at, id);
    }
    let [a, b, c, d, ..] = id.bytes();
    let second = i64::from(u32::from_be_bytes([a, b, c, d]));
    (room.created_at.millis().div_euclid(1000), room.id) < (second, id)
}
