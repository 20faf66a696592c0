//! The verbs: what users can do. REST and sockets both call these, and only these announce.
//!
//! A verb checks that the user may, changes the store and the live state, and then tells those whom it concerns. All that reaches a
//! socket leaves through [`Chat::announce`].

mod accounts;
mod call_records;
mod calls;
mod connections;
mod directory;
mod joining;
mod listing;
mod messages;
mod names;
mod participants;
mod rooms;
mod signalling;
mod turns;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

pub use accounts::{Identity, Session};
pub use directory::{Directory, DirectoryPage};
pub use joining::{Joined, Missed, Seen};
pub use signalling::{Receiver, Signal};

use crate::auth::{Passwords, Tokens};
use crate::config::Config;
use crate::error::Error;
use crate::live::{Limits, Presence};
use crate::model::{Delivery, Event, SocketId};
use crate::seldom::Seldom;
use crate::store::{Store, StoreError, Taken};

/// What carries events to sockets: the live side of connections, as the verbs see it.
///
/// A call queues and never waits. What is told to one socket arrives in the order told; a socket too slow to take it is cut off.
pub trait Transport: Send + Sync {
    /// Sends an event to these sockets; those that are gone are passed over.
    fn deliver(&self, sockets: &[SocketId], event: &Event);
    /// Ends a connection by a DISCONNECT packet, after what was sent before.
    fn disconnect(&self, socket: SocketId);
}

/// The server's verbs over one store.
pub struct Chat {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    passwords: Passwords,
    tokens: Tokens,
    limits: Limits,
    names: names::Names,
    presence: Mutex<Presence>,
    sessions: connections::Sessions,
    /// Joining and leaving of one user, whichever sockets they come from: participation depends on all of them.
    membership: turns::Turns,
    /// Changes of one room: what is told of them comes in the order in which they were stored.
    room_changes: turns::Turns,
    listing: listing::Listing,
    messages: messages::Lanes,
    participants: participants::Coalescer,
    calls: calls::CallDesk,
    transport: OnceLock<Weak<dyn Transport>>,
    closing: AtomicBool,
}

impl Chat {
    /// The verbs over a store, with nobody connected yet.
    pub fn new(config: Arc<Config>, store: Arc<dyn Store>) -> Self {
        Self {
            passwords: Passwords::new(config.bcrypt_cost),
            tokens: Tokens::new(&config.jwt_secret, config.token_ttl),
            limits: Limits::new(config.rate_limit),
            names: names::Names::default(),
            presence: Mutex::default(),
            sessions: connections::Sessions::default(),
            membership: turns::Turns::default(),
            room_changes: turns::Turns::default(),
            listing: listing::Listing::default(),
            messages: messages::Lanes::default(),
            participants: participants::Coalescer::default(),
            calls: calls::CallDesk::new(&config),
            transport: OnceLock::new(),
            closing: AtomicBool::new(false),
            config,
            store,
        }
    }

    /// Says what carries events to sockets. Until then there are none; a second one is ignored.
    pub fn attach(&self, transport: Weak<dyn Transport>) {
        if self.transport.set(transport).is_err() {
            tracing::error!("a second transport was attached and is ignored");
        }
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The limits of rate, for the layers that meter requests and events.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The store, for `/health` and the shutdown.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The server is shutting down: `/health` says so, and nobody connects any more.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Begins the shutdown and tells everyone.
    pub fn announce_shutdown(&self, reconnect_in: std::time::Duration) {
        self.closing.store(true, Ordering::Relaxed);
        let sockets: Vec<SocketId> = self.presence().sockets().collect();
        self.deliver(&sockets, &Event::ServerShutdown { reconnect_in_ms: reconnect_in.as_millis() as u64 });
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        // A panic while it was held cannot have left it half-changed in a way worse than losing every connection.
        self.presence.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The one way out to sockets: finds who is meant and hands over.
    fn announce(&self, presence: &Presence, delivery: &Delivery) {
        self.deliver(&presence.audience(delivery.to), &delivery.event);
    }

    fn deliver(&self, sockets: &[SocketId], event: &Event) {
        if let Some(transport) = self.transport.get().and_then(Weak::upgrade).filter(|_| !sockets.is_empty()) {
            transport.deliver(sockets, event);
        }
    }

    fn disconnect_socket(&self, socket: SocketId) {
        if let Some(transport) = self.transport.get().and_then(Weak::upgrade) {
            transport.disconnect(socket);
        }
    }
}

/// Absence was decided before; what is left is a name that is taken, or the store's own trouble, which is logged here.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Taken::Username) => Self::UsernameTaken,
            StoreError::Conflict(Taken::Email) => Self::EmailTaken,
            StoreError::Conflict(Taken::RoomName) => Self::RoomNameTaken,
            StoreError::Unavailable(_) => {
                static REFUSED: Seldom = Seldom::new();
                REFUSED.say(|count| tracing::warn!(%error, count, "a request was refused"));
                Self::Storage
            }
            StoreError::Corrupt(_) | StoreError::Bug(_) => {
                tracing::error!(%error, "a request failed");
                Self::Internal
            }
        }
    }
}
