//! Socket.IO: connections, and the seam between their packets and the verbs.
//!
//! What begins as a websocket is a session of our own ([`direct`]); the rest the library carries ([`library`]). Both
//! let clients in by [`admission`] and hand packets to [`seam`] (decode, run, time, acknowledge) → the table of
//! [`events`] → a verb of `chat`. What goes out comes from the bus through [`hub`], by the [`way`] that each connection
//! has; how much of it may wait is the [`ledger`]'s, and when it is written the [`cork`]'s.

mod admission;
mod bounds;
mod calls;
mod connection;
mod cork;
pub mod direct;
mod entrance;
mod events;
mod front;
mod hub;
mod intake;
mod ledger;
mod library;
mod messages;
mod name;
mod payload;
mod query;
mod reply;
mod rooms;
mod seam;
mod signalling;
mod way;

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use serde_json::{Map, Value};

use self::direct::Direct;
use self::front::Front;
use self::hub::Hub;
use self::library::Library;
use crate::bus::{Bus, Subscriber};
use crate::wire::SignalKind;
pub use bounds::Times;
pub use cork::woke;
pub use entrance::{Entrance, Verbs};
pub use library::configured;

/// How long connections may take to take what was sent to them, at the end.
const CLOSING: Duration = Duration::from_secs(3);

/// How long those that poll may take to ask once more, at the end: what they were told waits for that.
const LAST_POLL: Duration = Duration::from_secs(1);

/// Whether this is the payload of a signal: for the fuzzers, which see only what is public.
#[doc(hidden)]
pub fn is_signal(kind: SignalKind, payload: Map<String, Value>) -> bool {
    signalling::read(kind, payload).is_ok()
}

/// The Socket.IO side of the server.
pub struct Sockets {
    front: Front,
}

impl Sockets {
    /// Puts Socket.IO in front of `routes`, and subscribes to the bus.
    pub fn mount(entrance: Entrance, verbs: Verbs, bus: &Arc<dyn Bus>, routes: Router) -> (Self, Router) {
        let hub = Hub::new(entrance, verbs);
        let subscriber: Weak<dyn Subscriber> = Arc::<Hub>::downgrade(&hub);
        bus.subscribe(subscriber);
        let (library, routes) = Library::mount(&hub, routes);
        let front = Front { direct: Direct::new(&hub), hub, library };
        let guard = axum::middleware::from_fn_with_state(front.clone(), front::guard);
        (Self { front }, routes.layer(guard))
    }

    /// Closes every connection's transport, after which clients come back by themselves. Those that do not take their
    /// packets are cut.
    pub async fn close(&self) {
        let Front { hub, direct, library } = &self.front;
        if hub.has_polling() {
            tokio::time::sleep(LAST_POLL).await;
        }
        let closing = async { tokio::join!(library.close(), direct.close()) };
        if tokio::time::timeout(CLOSING, closing).await.is_err() {
            hub.cut_all();
            direct.cut_all();
        }
    }

    /// Tells the verbs of connections whose end the library did not tell. To be called now and then.
    pub fn sweep(&self) {
        self.front.hub.sweep();
    }
}
