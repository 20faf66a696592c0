//! Sessions that socketioxide carries: those that poll, and those that moved from polling to a websocket.
//!
//! A packet's way: the library hands it over synchronously and in order → [`lane`] (one bounded queue and one worker a
//! connection) → the seam. What goes out goes into the library's queue. Every name of the library stays in here.

mod ack;
mod carried;
mod door;
mod gate;
mod inbox;
mod lane;
mod laned;
mod lengths;
mod requests;
mod session;
mod worker;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, SocketIo, SocketIoBuilder, TransportType};
use tower::Layer;

use self::door::Door;
use self::gate::Gate;
use self::session::Sessions;
use super::bounds::{ATTACHED_WITHIN, MOST_ATTACHMENTS, MOST_PACKET, MOST_WAITING, TIMES};
use super::hub::Hub;
use crate::live::Handshake;

/// The library, with the sessions that it has.
pub(crate) struct Library {
    io: SocketIo,
    sessions: Arc<Sessions>,
    door: Arc<Door>,
    /// Kept for the door, which enters the library by it.
    _service: Arc<SocketIoService<Router>>,
}

/// How a connection is kept and bounded.
pub fn configured(builder: SocketIoBuilder) -> SocketIoBuilder {
    builder
        .req_path("/socket.io")
        .transports([TransportType::Polling, TransportType::Websocket])
        .ping_interval(TIMES.ping_interval)
        .ping_timeout(TIMES.ping_timeout)
        .connect_timeout(TIMES.connect_timeout)
        .max_buffer_size(MOST_WAITING)
        .max_payload(MOST_PACKET as u64)
        .ws_max_message_size(MOST_PACKET)
        .ws_max_frame_size(MOST_PACKET)
        .ws_read_buffer_size(2048)
        .with_parser(
            ParserConfig::common()
                .max_incoming_binaries(MOST_ATTACHMENTS)
                .max_incoming_binary_buf_size(MOST_PACKET)
                .packet_completion_timeout(ATTACHED_WITHIN),
        )
}

impl Library {
    /// Puts the library in front of `routes`.
    pub(crate) fn mount(hub: &Arc<Hub>, routes: Router) -> (Arc<Self>, Router) {
        let (layer, io) = configured(SocketIo::builder()).build_layer();
        let door = Arc::new(Door::default());
        io.ns("/", Gate::new(Arc::clone(hub), Arc::clone(&door)));
        let service = layer.layer(routes);
        let kept = Arc::new(service.clone());
        door.attach(&kept);
        let library = Self { io, sessions: Arc::default(), door, _service: kept };
        (Arc::new(library), Router::new().fallback_service(service))
    }

    /// A request of a session that there is.
    pub(crate) async fn go_on(&self, request: Request, next: Next) -> Response {
        requests::go_on(&self.sessions, &self.door, request, next).await
    }

    /// A session's first request.
    pub(crate) async fn begin(&self, request: Request, place: Handshake, next: Next) -> Response {
        requests::begin(&self.sessions, request, place, next).await
    }

    /// Closes the transport of every session, when its client has taken what waits.
    pub(crate) async fn close(&self) {
        self.io.close().await;
    }
}
