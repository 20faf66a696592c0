//! The highest numbers of rooms that the primary alone is known to have written down.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::RoomId;

/// What was written to the primary and is still to be written by a majority.
#[derive(Debug, Default)]
pub(super) struct Raised(Mutex<HashMap<RoomId, u64>>);

impl Raised {
    fn ends(&self) -> MutexGuard<'_, HashMap<RoomId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the highest numbers of rooms.
    pub(crate) fn add(&self, ends: &[(RoomId, u64)]) {
        let mut kept = self.ends();
        for (room, end) in ends {
            let known = kept.entry(*room).or_default();
            *known = (*known).max(*end);
        }
    }

    /// All of it, which leaves nothing.
    pub(crate) fn take(&self) -> Vec<(RoomId, u64)> {
        std::mem::take(&mut *self.ends()).into_iter().collect()
    }

    /// Nothing is to be written of this room any more.
    pub(crate) fn forget(&self, room: RoomId) {
        self.ends().remove(&room);
    }
}
