//! Messages of which the store did not say whether it stored them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::{MessageId, RoomId};

/// Of how many in one room, the newest, it is found out; while the store is away there may be any number.
const MOST: usize = 256;

/// Their ids, room by room.
#[derive(Debug, Default)]
pub(crate) struct Unanswered(Mutex<HashMap<RoomId, Vec<MessageId>>>);

impl Unanswered {
    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Vec<MessageId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds some of a room; whether there were none before, so that somebody must begin to find out.
    pub(crate) fn add(&self, room: RoomId, ids: Vec<MessageId>) -> bool {
        let mut rooms = self.rooms();
        let begins = !rooms.contains_key(&room);
        let all = rooms.entry(room).or_default();
        all.extend(ids);
        all.drain(..all.len().saturating_sub(MOST));
        begins
    }

    /// Those of a room, which are not kept any longer.
    pub(crate) fn forget(&self, room: RoomId) -> Vec<MessageId> {
        self.rooms().remove(&room).unwrap_or_default()
    }
}
