//! What can be wrong with a store, in words for the operator.

use std::fmt;

use crate::model::RoomId;

/// One thing that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The newest commits are missing: the log was cut short.
    Cut {
        /// The first one that is missing.
        from: i64,
        /// The last one that is known to have been there.
        to: i64,
    },
    /// Messages of a room are missing.
    Messages {
        /// The room.
        room: RoomId,
        /// Its name.
        name: String,
        /// The first number that is missing.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// There are messages beyond a room's last number.
    Beyond {
        /// The room.
        room: RoomId,
        /// Its name.
        name: String,
        /// The number that should be free.
        seq: u64,
    },
    /// A room is missing.
    Room(RoomId),
    /// There are fewer, or more, of something than there must be.
    Count {
        /// What was counted: `users`, `rooms`.
        what: &'static str,
        /// How many the store's own record says that there are.
        expected: i64,
        /// How many there are.
        found: i64,
    },
    /// A document cannot be read.
    Unreadable(String),
    /// The mark of the last commit cannot be read, so nobody knows whether something is missing at the end.
    Mark(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { from, to } if from == to => write!(out, "the newest commit ({to}) is missing"),
            Self::Cut { from, to } => write!(out, "the newest commits ({from} to {to}) are missing"),
            Self::Messages { room, name, from, to } if from == to => {
                write!(out, "room {name:?} ({room}): message {to} is missing")
            }
            Self::Messages { room, name, from, to } => {
                write!(out, "room {name:?} ({room}): messages {from} to {to} are missing")
            }
            Self::Beyond { room, name, seq } => {
                write!(out, "room {name:?} ({room}): message {seq} lies beyond the last one")
            }
            Self::Room(room) => write!(out, "room {room} is missing"),
            Self::Count { what, expected, found } => write!(out, "{found} {what} instead of {expected}"),
            Self::Unreadable(what) => write!(out, "{what}"),
            Self::Mark(why) => write!(out, "the mark of the last commit cannot be read: {why}"),
        }
    }
}
