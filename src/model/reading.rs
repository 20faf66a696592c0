//! How far somebody has read in a room.

/// What of a room its participant has read, and what waits. As clients are told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The number up to which the user has read.
    pub read_seq: u64,
    /// How many messages of others come after it, at most [`Reading::MOST`].
    pub unread: u64,
    /// How many of those call the user, at most [`Reading::MOST`].
    pub mentions: u64,
}

impl Reading {
    /// More than this are not counted.
    pub const MOST: u64 = 999;

    /// Of who has read up to `read_seq`, where so many messages of others, and calls among them, come after it.
    pub fn new(read_seq: u64, unread: u64, mentions: u64) -> Self {
        Self { read_seq, unread: unread.min(Self::MOST), mentions: mentions.min(Self::MOST) }
    }
}

/// What became of `mark-read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedRead {
    /// How far the user has read now.
    pub reading: Reading,
    /// It is further than before.
    pub moved: bool,
}
