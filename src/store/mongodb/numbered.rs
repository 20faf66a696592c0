//! Rooms in which messages of another program have got their numbers here, for those who tell of new messages.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::model::RoomId;

/// Of how many rooms it is kept; who has not asked by then reads what is new another way.
const MOST: usize = 10_000;

/// Rooms that nobody has asked for yet.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    rooms: Mutex<BTreeSet<RoomId>>,
    added: Notify,
}

impl Numbered {
    /// Messages of a room have got their numbers.
    pub(crate) fn add(&self, room: RoomId) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() < MOST {
            rooms.insert(room);
        }
        drop(rooms);
        self.added.notify_one();
    }

    /// Waits until there are some, and takes them out.
    pub(crate) async fn next(&self) -> Vec<RoomId> {
        loop {
            let rooms = std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner));
            if !rooms.is_empty() {
                return rooms.into_iter().collect();
            }
            self.added.notified().await;
        }
    }
}
