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
    /// The newest message that is there.
    pub last_message: Option<Arc<Message>>,
    /// The highest number that was given to a message, where the store knows of a higher one than that of the newest message: those
    /// above it were removed from the database by other hands. 0 says nothing. Read it with [`Room::last_seq`].
    pub last_seq: u64,
    /// The next message gets a number greater than this one, where that is more than `last_seq`: accepted damage may have taken
    /// messages whose numbers somebody has seen. 0 says nothing. Read it with [`Room::numbered`].
    pub numbered: u64,
}

impl Room {
    /// The highest number that was given, as clients are told it (`lastSeq`); 0 where none was. It never goes back, also where the
    /// newest messages were removed from the database.
    pub fn last_seq(&self) -> u64 {
        self.last_message.as_ref().map_or(0, |message| message.seq).max(self.last_seq)
    }

    /// The number after which the next message's comes: [`Room::last_seq`], or more.
    pub fn numbered(&self) -> u64 {
        self.numbered.max(self.last_seq())
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
