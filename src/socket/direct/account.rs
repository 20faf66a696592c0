//! For whom what waits in a pipe is counted, and who is to make room.

use std::sync::{Arc, Weak};

use crate::model::{SocketId, UserId};
use crate::socket::connection::Connection;
use crate::socket::hub::Hub;
use crate::socket::ledger::{Over, Tally};

/// The account of a connection.
#[derive(Clone)]
pub struct Account {
    socket: SocketId,
    user: UserId,
    tally: Arc<Tally>,
    hub: Weak<Hub>,
    /// How much is counted by now, in bytes.
    counted: u64,
}

impl Account {
    /// That of a connection to this hub.
    pub fn of(connection: &Connection, hub: &Arc<Hub>) -> Self {
        let tally = Arc::clone(&connection.tally);
        Self { socket: connection.id, user: connection.user.id, tally, hub: Arc::downgrade(hub), counted: 0 }
    }

    /// So much waits now: counts what is more by `count`.
    pub fn settle(&mut self, waiting: u64, count: impl Fn(&mut Self, u64) -> Over) -> Over {
        let more = waiting.saturating_sub(self.counted);
        if more == 0 {
            self.left(waiting);
            return Over::Nothing;
        }
        let over = count(self, more);
        self.counted = waiting;
        over
    }

    /// So much is left of what was counted.
    pub fn left(&mut self, waiting: u64) {
        if waiting < self.counted {
            self.tally.sent(self.counted - waiting);
            self.counted = waiting;
        }
    }

    /// Counts more.
    pub fn add(&mut self, bytes: u64) -> Over {
        self.tally.add(bytes)
    }

    /// Counts the answer to an event.
    pub fn add_answer(&mut self, bytes: u64) -> Over {
        self.tally.add_answer(bytes)
    }

    /// Has room made where too much waits.
    pub fn make_room(&self, over: Over) {
        if let Some(hub) = self.hub.upgrade() {
            hub.make_room(self.socket, self.user, &self.tally, over);
        }
    }
}
