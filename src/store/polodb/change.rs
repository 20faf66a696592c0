//! What the catalog is made of besides the model's own things, and the changes that can be made to it.

use std::sync::Arc;

use super::lost::Lost;
use super::readers::Reader;
use crate::model::{Call, CallId, Invite, InviteId, Room, RoomId, User, UserId};

/// A room with what only the store knows of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoomEntry {
    /// What the other layers get of it.
    pub room: Arc<Room>,
    /// The numbers that have no message and need none.
    pub lost: Lost,
    /// The numbers of the messages that call everybody, rising; of more than 999 the newest.
    pub calls_to_all: Arc<Vec<u64>>,
    /// Who has read further than is stored of each, by having sent a message: stored with the room's head, so that a
    /// message costs no record of its sender.
    pub senders: Arc<Vec<UserId>>,
}

impl RoomEntry {
    /// A room without more.
    pub(crate) fn new(room: Arc<Room>, lost: Lost) -> Self {
        Self { room, lost, calls_to_all: Arc::default(), senders: Arc::default() }
    }

    /// The highest number that was given, or that may have been.
    pub(crate) fn numbered(&self) -> u64 {
        self.room.numbered()
    }

    /// How many messages it has.
    pub(crate) fn messages(&self) -> u64 {
        let lost = self.lost.ranges().iter().map(|(first, last)| last - first + 1);
        self.numbered().saturating_sub(lost.sum())
    }
}

/// A deleted room of which messages are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doomed {
    /// The first number that may be there still.
    pub next: u64,
    /// The last one.
    pub last: u64,
    /// Those between that have no message.
    pub lost: Lost,
}

/// The piece of the calls' history that is still written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogPiece {
    /// Its running number, from 0.
    pub number: i64,
    /// Its entries, as `pack_log_entry` packs them.
    pub entries: Vec<u8>,
}

/// One change; `None` takes the thing away.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    User(UserId, Option<Arc<User>>),
    Room(RoomId, Option<RoomEntry>),
    /// How far somebody who takes part in a room has read.
    Reader(RoomId, UserId, Option<Reader>),
    OpenCall(CallId, Option<Arc<Call>>),
    /// The user has the call in the history, or has it no more.
    History(UserId, CallId, bool),
    Log(Arc<LogPiece>),
    Doomed(RoomId, Option<Doomed>),
    Invite(InviteId, Option<Arc<Invite>>),
}
