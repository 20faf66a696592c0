//! Socket.IO: connections, and the seam between their packets and the verbs.
//!
//! A packet's way: the library hands it over synchronously and in order → [`lane`] (one bounded queue and one worker a connection) →
//! [`seam`] (decode, run, time, acknowledge) → the table of [`events`] → a verb of `chat`. What goes out comes from `chat` through
//! [`hub`]; how much of it may wait is the [`ledger`]'s. Every other name of the library stays in here.

mod calls;
mod closing;
mod connection;
mod cut;
mod events;
mod front;
mod hub;
mod inbox;
mod intake;
mod lane;
mod ledger;
mod messages;
mod payload;
mod rooms;
mod seam;
mod session;
mod signalling;
mod wire;

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, SocketIo, SocketIoBuilder, TransportType};
use tower::Layer;

use crate::chat::{Chat, Transport};
pub use connection::Gate;
pub use cut::{Cut, Line};
use hub::Hub;

/// The largest Socket.IO packet, in bytes; a larger one closes the connection.
const MOST_PACKET: usize = 128 * 1024;

/// How many packets may wait for a socket before it counts as too slow: more than a burst of joins to a room of thousands.
const MOST_WAITING: usize = 8192;

/// How long connections may take to take what was sent to them, at the end.
const CLOSING: Duration = Duration::from_secs(3);

/// How long those that poll may take to ask once more, at the end: what they were told waits for that.
const LAST_POLL: Duration = Duration::from_secs(1);

/// The Socket.IO side of the server.
pub struct Sockets {
    io: SocketIo,
    hub: Arc<Hub>,
    /// Kept for the hub, which enters the library by it.
    _door: Arc<SocketIoService<Router>>,
}

/// How a connection is kept and bounded. Apart from [`Sockets`], so that the protocol's conformance suites can run against just this.
pub fn configured(builder: SocketIoBuilder) -> SocketIoBuilder {
    builder
        .req_path("/socket.io")
        .transports([TransportType::Polling, TransportType::Websocket])
        .ping_interval(Duration::from_secs(25))
        .ping_timeout(Duration::from_secs(20))
        .connect_timeout(Duration::from_secs(10))
        .max_buffer_size(MOST_WAITING)
        .max_payload(MOST_PACKET as u64)
        .ws_max_message_size(MOST_PACKET)
        .ws_max_frame_size(MOST_PACKET)
        .ws_read_buffer_size(2048)
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(16)
                .max_incoming_binary_buf_size(MOST_PACKET)
                .packet_completion_timeout(Duration::from_secs(10)),
        )
}

impl Sockets {
    /// Puts Socket.IO in front of `routes` and becomes what `chat` announces through.
    pub fn mount(chat: &Arc<Chat>, routes: Router) -> (Self, Router) {
        let (layer, io) = configured(SocketIo::builder()).build_layer();
        let hub = Hub::new(Arc::clone(chat));
        let transport: Weak<dyn Transport> = Arc::<Hub>::downgrade(&hub);
        chat.attach(transport);
        io.ns("/", Gate::new(Arc::clone(&hub)));
        let door = layer.layer(routes);
        let kept = Arc::new(door.clone());
        hub.attach(&kept);
        let guard = axum::middleware::from_fn_with_state(Arc::clone(&hub), front::guard);
        let routes = Router::new().fallback_service(door).layer(guard);
        (Self { io, hub, _door: kept }, routes)
    }

    /// Closes every connection's transport, after which clients come back by themselves. Those that do not take their packets are cut.
    pub async fn close(&self) {
        if self.hub.has_polling() {
            tokio::time::sleep(LAST_POLL).await;
        }
        if tokio::time::timeout(CLOSING, self.io.close()).await.is_err() {
            self.hub.cut_all();
        }
    }

    /// Tells the verbs of connections whose end the library did not tell. To be called now and then.
    pub fn sweep(&self) {
        self.hub.sweep();
    }
}
