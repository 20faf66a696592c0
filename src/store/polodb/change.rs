//! What the catalog is made of besides the model's own things, and the changes that can be made to it.

use std::sync::Arc;

use super::lost::Lost;
use crate::model::{Call, CallId, Room, RoomId, User, UserId};

/// A room with what only the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomEntry {
    /// As it is told.
    pub room: Arc<Room>,
    /// The numbers that have no message and need none.
    pub lost: Lost,
}

impl RoomEntry {
    /// The highest number that was given, or that may have been.
    pub fn numbered(&self) -> u64 {
        self.room.numbered()
    }
}

/// A deleted room of which messages are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doomed {
    /// The first number that may be there still.
    pub next: u64,
    /// The last one.
    pub last: u64,
    /// Those between that have no message.
    pub lost: Lost,
}

/// The piece of the calls' history that is still written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPiece {
    /// Its running number, from 0.
    pub number: i64,
    /// Packed.
    pub entries: Vec<u8>,
}

/// One change; `None` takes the thing away.
#[derive(Clone, Debug)]
pub enum Change {
    User(UserId, Option<Arc<User>>),
    Room(RoomId, Option<RoomEntry>),
    OpenCall(CallId, Option<Arc<Call>>),
    /// The user has the call in the history, or has it no more.
    History(UserId, CallId, bool),
    Log(Arc<LogPiece>),
    Doomed(RoomId, Option<Doomed>),
}
