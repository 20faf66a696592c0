//! What servers tell each other that is not for clients as it is.

use std::sync::Arc;

use crate::model::{Call, Message, RoomId, ServerId, Timestamp, UserId};

/// Why tokens are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// The user has a new password, has logged out everywhere, or is no more.
    Ended,
    /// The account was disabled.
    Disabled,
}

/// What a server has done that others act upon.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// It has stored messages of a room, in the order of their numbers: each server tells its own sockets, in the order
    /// of the room.
    Stored(RoomId, Vec<Arc<Message>>),
    /// Somebody has come into a room there, which had nobody before: it may have missed what others stored until they
    /// heard of it.
    Opened(RoomId),
    /// Messages of a room up to this number have been told there.
    Told(RoomId, u64),
    /// It has changed who takes part in a room, where presence does not tell it.
    ParticipantsChanged(RoomId),
    /// It has stored messages of a room: those who take part in it and have not joined are to be told what waits.
    Unread(RoomId),
    /// Somebody has begun to take part in a room.
    ParticipantCame(RoomId),
    /// What others said may have been missed: what is known by hearsay is to be asked for anew. Told by a server to
    /// itself.
    Missed,
    /// Tokens of a user that are older than this version are void.
    Revoked(UserId, u32, Revocation),
    /// It has stored a change of a call, which stands so at this time of its clock.
    CallChanged(Box<Call>, Timestamp),
    /// Another server is gone, and its sockets with it. Told by a server to itself.
    ServerGone(ServerId),
}

impl Notice {
    /// The room whose sockets alone it concerns.
    pub const fn room(&self) -> Option<RoomId> {
        match self {
            Self::Stored(room, _) | Self::Told(room, _) | Self::ParticipantsChanged(room) => Some(*room),
            // Who has been in the room before need not be known where it is new.
            Self::Opened(_) | Self::Unread(_) | Self::ParticipantCame(_) => None,
            Self::Missed | Self::Revoked(..) | Self::CallChanged(..) | Self::ServerGone(_) => None,
        }
    }
}
