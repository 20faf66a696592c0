//! The verbs: what users can do. REST and sockets both call these, and only these announce.
//!
//! A verb checks that the user may, changes the store and the live state, and then tells those whom it concerns. All that reaches a
//! socket leaves through [`Chat::announce`].

mod accounts;
mod calls;
mod connections;
mod messages;
mod rooms;
mod signalling;

use std::sync::{Arc, Mutex, OnceLock};

pub use accounts::{Identity, Session};
pub use rooms::Joined;

use crate::auth::{Passwords, Tokens};
use crate::config::Config;
use crate::error::Error;
use crate::live::{Limits, Presence};
use crate::model::{Delivery, RoomId, SocketId};
use crate::store::{Store, StoreError};

/// What carries events to sockets. The live side of a connection, as the verbs see it.
pub trait Transport: Send + Sync {
    /// Sends an event to those whom it concerns; one who is too slow to take it is cut.
    fn deliver(&self, delivery: &Delivery);
    /// From now on the socket gets what goes to the room.
    fn enter(&self, socket: SocketId, room: RoomId);
    /// From now on it does not.
    fn leave(&self, socket: SocketId, room: RoomId);
    /// Ends the connection by a DISCONNECT packet, after what was sent before.
    fn disconnect(&self, socket: SocketId);
}

/// The server's verbs over one store.
pub struct Chat {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    passwords: Passwords,
    tokens: Tokens,
    presence: Mutex<Presence>,
    limits: Limits,
    transport: OnceLock<Arc<dyn Transport>>,
}

impl Chat {
    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The limits of rate, for the layers that meter requests and events.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The store, for `/health` and the shutdown.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

/// Absence was decided before; what is left is the store's own trouble.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        use crate::store::Taken;
        match error {
            StoreError::Conflict(Taken::Username) => Self::UsernameTaken,
            StoreError::Conflict(Taken::Email) => Self::EmailTaken,
            StoreError::Conflict(Taken::RoomName) => Self::RoomNameTaken,
            StoreError::Unavailable(_) => Self::Storage,
            StoreError::Corrupt(_) | StoreError::Bug(_) => Self::Internal,
        }
    }
}
