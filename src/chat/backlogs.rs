//! Messages that wait for the store, room by room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::Error;
use crate::live::Backlog;
use crate::model::{Message, NewMessage, RoomId};

/// A message that waits, and who waits for it.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The message.
    pub message: NewMessage,
    /// Is told what became of it.
    pub done: oneshot::Sender<Result<Arc<Message>, Error>>,
}

/// The rooms that have messages waiting; each has one task that empties its queue.
#[derive(Debug, Default)]
pub(crate) struct Backlogs(Mutex<HashMap<RoomId, Backlog<Waiting>>>);

impl Backlogs {
    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Backlog<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message; whether the room's task must be started.
    pub(crate) fn push(&self, room: RoomId, waiting: Waiting) -> bool {
        self.rooms().entry(room).or_default().push(waiting)
    }

    /// The next ones, at most so many; `None`, and the room is idle, where nothing waits.
    pub(crate) fn next_batch(&self, room: RoomId, most: usize) -> Option<Vec<Waiting>> {
        let mut rooms = self.rooms();
        let batch = rooms.get_mut(&room)?.next(most).map(Iterator::collect);
        if batch.is_none() {
            rooms.remove(&room);
        }
        batch
    }
}
