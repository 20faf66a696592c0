//! A connection: whose it is, what waits for it, and what it may do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ledger::{Seat, Tally};
use crate::live::SocketLimits;
use crate::model::{Actor, SocketId, UserRef};

/// One authenticated Socket.IO connection.
pub struct Connection {
    /// The id that other people see.
    pub id: SocketId,
    /// Whose it is.
    pub user: UserRef,
    /// What waits to be sent to it.
    pub tally: Arc<Tally>,
    /// Its place among the sockets of its user.
    pub seat: Seat,
    /// How often it may send what.
    pub limits: SocketLimits,
    /// The verbs know it, from its connecting until it has gone.
    known: AtomicBool,
}

impl Connection {
    /// One that is let in and not open yet.
    pub fn new(user: UserRef, seat: Seat, tally: Arc<Tally>, limits: SocketLimits) -> Self {
        Self { id: SocketId::new(), user, tally, seat, limits, known: AtomicBool::new(false) }
    }

    /// Says whether the verbs know it, and answers whether they did.
    pub fn set_known(&self, known: bool) -> bool {
        self.known.swap(known, Ordering::AcqRel)
    }

    /// Whether the verbs know it.
    pub fn is_known(&self) -> bool {
        self.known.load(Ordering::Acquire)
    }

    /// What the server stamps on what this connection sends.
    pub fn actor(&self) -> Actor {
        Actor { socket: self.id, user: self.user.clone() }
    }
}
