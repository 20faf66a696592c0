//! How far the participants of rooms have read, in memory.
//!
//! What is unread follows from the number up to which somebody has read and the room's newest one, and costs nothing to
//! count: whoever sends a message has read up to it, so all behind that number are of others. Calls are kept by their
//! numbers.

use std::collections::HashMap;
use std::sync::Arc;

use super::lost::Lost;
use crate::model::{Message, Reading, RoomId, UserId};

/// How far one participant of a room has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reader {
    /// The number up to which it is read.
    pub read: u64,
    /// The numbers behind it of those messages that name the user, rising; of more than [`Reading::MOST`] the newest.
    pub calls: Arc<Vec<u64>>,
}

impl Reader {
    /// Who has read up to a number.
    pub(crate) fn up_to(read: u64) -> Self {
        Self { read, calls: Arc::default() }
    }

    /// The same, who has read up to this number too.
    pub(crate) fn having_read(&self, seq: u64) -> Self {
        if seq <= self.read {
            return self.clone();
        }
        let calls = self.calls.iter().copied().filter(|call| *call > seq).collect();
        Self { read: seq, calls: Arc::new(calls) }
    }

    /// The same, whom a message of this number names.
    pub(crate) fn called(&self, seq: u64) -> Self {
        if seq <= self.read || self.calls.last().is_some_and(|last| *last >= seq) {
            return self.clone();
        }
        let mut calls = self.calls.to_vec();
        calls.push(seq);
        let more = calls.len().saturating_sub(Reading::MOST as usize);
        calls.drain(..more);
        Self { read: self.read, calls: Arc::new(calls) }
    }

    /// As clients are told it, in a room whose newest number is `last`, where these numbers have no message and these
    /// messages call everybody.
    pub(crate) fn reading(&self, last: u64, lost: &Lost, calls_to_all: &[u64]) -> Reading {
        let to_all = calls_to_all.iter().filter(|seq| **seq > self.read).count();
        let unread = last.saturating_sub(self.read) - lost.count_between(self.read + 1, last);
        Reading::new(self.read, unread, (self.calls.len() + to_all) as u64)
    }
}

/// How far everybody has read in all rooms.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Readers(HashMap<RoomId, HashMap<UserId, Reader>>);

impl Readers {
    /// How far a user has read in a room; `None` where the user takes no part.
    pub(crate) fn get(&self, room: RoomId, user: UserId) -> Option<&Reader> {
        self.0.get(&room)?.get(&user)
    }

    /// Everybody in a room.
    pub(crate) fn in_room(&self, room: RoomId) -> impl Iterator<Item = (UserId, &Reader)> {
        self.0.get(&room).into_iter().flatten().map(|(user, reader)| (*user, reader))
    }

    /// Puts a reader there, or takes it away; answers with what was there.
    pub(crate) fn set(&mut self, room: RoomId, user: UserId, reader: Option<Reader>) -> Option<Reader> {
        match reader {
            Some(reader) => self.0.entry(room).or_default().insert(user, reader),
            None => {
                let readers = self.0.get_mut(&room)?;
                let before = readers.remove(&user);
                if readers.is_empty() {
                    self.0.remove(&room);
                }
                before
            }
        }
    }
}

/// The calls to everybody in a room, with those of newer messages.
pub(crate) fn with_calls_to_all(calls: &Arc<Vec<u64>>, messages: &[&Arc<Message>]) -> Arc<Vec<u64>> {
    let mut newer = messages.iter().filter(|message| message.mentions_all).map(|message| message.seq).peekable();
    if newer.peek().is_none() {
        return Arc::clone(calls);
    }
    let mut all: Vec<u64> = calls.iter().copied().chain(newer).collect();
    let more = all.len().saturating_sub(Reading::MOST as usize);
    all.drain(..more);
    Arc::new(all)
}
