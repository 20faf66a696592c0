//! A room as it is stored.

use std::sync::Arc;

use super::{Description, Message, RoomId, RoomName, Timestamp, UserId};

/// A room with what the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Unique without regard to case.
    pub name: String,
    /// Empty when none was given.
    pub description: String,
    /// Who may rename and delete it.
    pub created_by: UserId,
    /// Who has joined, in the order of joining. Shared, so that a copy of the room costs no copy of the list.
    pub participants: Arc<Vec<UserId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The newest message; its `seq` is the room's `lastSeq`.
    pub last_message: Option<Arc<Message>>,
}

impl Room {
    /// The number of the newest message, 0 where there is none.
    pub fn last_seq(&self) -> u64 {
        self.last_message.as_ref().map_or(0, |message| message.seq)
    }

    /// Whether `user` has joined.
    pub fn has_participant(&self, user: UserId) -> bool {
        self.participants.contains(&user)
    }
}

/// What of a room is to be changed; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RoomPatch {
    /// The new name.
    pub name: Option<RoomName>,
    /// The new description; empty takes it away.
    pub description: Option<Description>,
}

impl RoomPatch {
    /// Nothing is to be changed.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.description.is_none()
    }
}
