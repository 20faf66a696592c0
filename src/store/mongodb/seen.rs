//! How far each room has been seen. A primary that was just elected may for a moment tell of an older state than the
//! one before it told; whoever saw the newer one must not be told that it never was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::RoomId;

/// The greatest number of each room that anybody here was told of. A clone is another handle of the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Mutex<HashMap<RoomId, u64>>>);

impl Seen {
    fn ends(&self) -> MutexGuard<'_, HashMap<RoomId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a room that ends so is as far as it was seen; if so, that is remembered.
    pub(crate) fn reaches(&self, room: RoomId, end: u64) -> bool {
        let mut ends = self.ends();
        let known = ends.entry(room).or_default();
        *known = end.max(*known);
        *known == end
    }

    /// Takes the room as it is told now: it was put back to an older state, or is gone.
    pub(crate) fn believe(&self, room: RoomId, end: u64) {
        self.ends().insert(room, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_end_than_was_seen_is_noticed_until_it_is_believed() {
        let (seen, room) = (Seen::default(), RoomId::new());
        assert!(seen.reaches(room, 3));
        assert!(seen.reaches(room, 5));
        assert!(!seen.reaches(room, 4));
        seen.believe(room, 4);
        assert!(seen.reaches(room, 4));
    }
}
