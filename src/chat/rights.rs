//! Who may do what with a room. A verb takes the type that stands for the right which it needs, and only [`Rights`]
//! makes these: so none can forget to ask.
//!
//! Whoever may not see a room is told that there is none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::identity::Identity;
use crate::error::Error;
use crate::model::{Room, RoomId, RoomKind, UserId};
use crate::store::Store;

/// Of how many rooms the kind is remembered; forgotten all at once when there are more.
const MOST_KINDS: usize = 100_000;

/// The right to look into a room: it is open, or the user is in it.
#[derive(Clone, Debug)]
pub struct Seen(Arc<Room>);

/// The right of a participant.
#[derive(Clone, Debug)]
pub struct Member(Arc<Room>);

/// The right to change and to delete a room: that of who made it, and of an administrator who may see it.
#[derive(Clone, Debug)]
pub struct Owner(Arc<Room>);

macro_rules! of_a_room {
    ($($right:ident)+) => {
        $(impl $right {
            /// The room as it was when the right was looked up.
            pub const fn room(&self) -> &Arc<Room> {
                &self.0
            }
        })+
    };
}

of_a_room!(Seen Member Owner);

/// Looks rights up.
pub struct Rights {
    store: Arc<dyn Store>,
    /// A room's kind never changes.
    kinds: Mutex<HashMap<RoomId, RoomKind>>,
}

impl Rights {
    /// In the rooms of a store.
    pub fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: Arc::clone(store), kinds: Mutex::default() }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<RoomId, RoomKind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, room: &Room) {
        let mut kinds = self.kinds();
        if kinds.len() >= MOST_KINDS {
            kinds.clear();
        }
        kinds.insert(room.id, room.kind);
    }

    /// # Errors
    /// [`Error::RoomNotFound`] where there is no such room for this user, [`Error::Storage`].
    pub async fn seen(&self, user: UserId, room: RoomId) -> Result<Seen, Error> {
        let room = self.store.room(room).await?.ok_or(Error::RoomNotFound)?;
        self.remember(&room);
        if room.is_seen_by(user) { Ok(Seen(room)) } else { Err(Error::RoomNotFound) }
    }

    /// # Errors
    /// As [`Rights::seen`]; [`Error::NotAllowed`] where the user may see it and is not in it.
    pub async fn member(&self, user: UserId, room: RoomId) -> Result<Member, Error> {
        let Seen(room) = self.seen(user, room).await?;
        if room.has_participant(user) { Ok(Member(room)) } else { Err(Error::NotAllowed) }
    }

    /// # Errors
    /// As [`Rights::seen`]; [`Error::NotAllowed`] where the user may see it only, and of a direct room, which is
    /// nobody's.
    pub async fn owner(&self, who: &Identity, room: RoomId) -> Result<Owner, Error> {
        let Seen(room) = self.seen(who.user.id, room).await?;
        let may = room.created_by == who.user.id || who.user.is_administrator();
        if may && room.kind != RoomKind::Direct { Ok(Owner(room)) } else { Err(Error::NotAllowed) }
    }

    /// The kind of a room that somebody is in. One that is no more is as good as open: nothing can be done there.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn kind(&self, room: RoomId) -> Result<RoomKind, Error> {
        if let Some(kind) = self.kinds().get(&room) {
            return Ok(*kind);
        }
        let Some(found) = self.store.room(room).await? else { return Ok(RoomKind::Open) };
        self.remember(&found);
        Ok(found.kind)
    }

    /// The other one of a direct room, for who writes or rings there.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where that account was removed; [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn partner(&self, user: UserId, Seen(room): &Seen) -> Result<UserId, Error> {
        let other = room.other_than(user).ok_or(Error::RoomNotFound)?;
        match self.store.user(other).await? {
            Some(_) => Ok(other),
            None => Err(Error::NotAllowed),
        }
    }
}
