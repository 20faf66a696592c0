//! Rooms: making, changing, deleting, joining, leaving.

use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{Description, Message, Origin, Participant, RoomId, RoomName, RoomPatch, RoomView};

/// What a socket that joined is answered with.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The room as the user sees it.
    pub room: RoomView,
    /// Who takes part.
    pub participants: std::sync::Arc<Vec<Participant>>,
    /// The newest number.
    pub last_seq: u64,
    /// What was missed, where `after` was given.
    pub missed: Option<Missed>,
}

/// The messages since the last one that a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// At most 200, oldest first.
    pub messages: Vec<Message>,
    /// There are more.
    pub more: bool,
    /// The client has seen a number that is not there: what it has of the room is void.
    pub reset: bool,
}

impl Chat {
    /// All rooms, newest first, with `joined` for this user.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn rooms(&self, who: &Identity) -> Result<Vec<RoomView>, Error> {
        todo!()
    }

    /// One room with all its participants.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn room(&self, who: &Identity, room: RoomId) -> Result<RoomView, Error> {
        todo!()
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
        todo!()
    }

    /// Changes a room; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::RoomNameTaken`], [`Error::Storage`].
    pub async fn update_room(&self, who: &Identity, room: RoomId, patch: RoomPatch) -> Result<RoomView, Error> {
        todo!()
    }

    /// Deletes a room and its messages; only its creator may.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAllowed`], [`Error::Storage`].
    pub async fn delete_room(&self, who: &Identity, room: RoomId) -> Result<(), Error> {
        todo!()
    }
}
