//! Invitations: a code by which people get an account, or into a room.

use super::{InviteId, RoomId, Timestamp, UserId};

/// An invitation as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// Opens it to whoever has it.
    pub code: String,
    /// Who made it; `None` for the one to the first account of an empty server.
    pub created_by: Option<UserId>,
    /// The room that it leads into.
    pub room: Option<RoomId>,
    /// How often it can be used.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// Who has just used it, where it is not settled yet what came of that. These uses count in `used`.
    pub pending: Vec<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

impl Invite {
    /// How often an invitation can be used at most.
    pub const MOST_USES: u32 = 1000;

    /// Neither used up nor over. Whether its maker and its room are still there is for others to say.
    pub fn is_left(&self, now: Timestamp) -> bool {
        self.used < self.uses && self.expires_at > now
    }
}

impl std::fmt::Debug for Invite {
    /// Without the code.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, created_by, room, uses, used, .. } = self;
        write!(out, "Invite({id}, by {created_by:?} to {room:?}, {used} of {uses})")
    }
}
