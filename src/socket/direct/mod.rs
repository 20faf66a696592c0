//! Sessions of our own, for those that begin as a WebSocket.
//!
//! A connection is taken back from http after the answer 101 ([`upgrade`]). From then on it is one task ([`session`]),
//! which reads frames ([`frames`]), takes packets of Socket.IO out of them ([`packets`]) and has each done before the
//! next one ([`visitor`]); and one way out ([`pipe`]), into which anybody may send. Times are the [`wheel`]'s.

mod account;
mod end;
pub mod frames;
mod guest;
mod packets;
mod pipe;
mod session;
mod sessions;
mod upgrade;
mod visitor;
mod wheel;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::response::Response;
use socketioxide_core::parser::ParseConfig;

pub use self::end::End;
pub use self::guest::Guest;
pub use self::packets::{Host, Packets, Welcome, encoded};
pub use self::pipe::Pipe;
pub use self::sessions::Sessions;
use self::visitor::Visitor;
use super::bounds::{ATTACHED_WITHIN, MOST_ATTACHMENTS, MOST_PACKET, TIMES};
use super::hub::Hub;
use crate::live::Handshake;

/// The sessions of our own.
pub struct Direct {
    hub: Arc<Hub>,
    sessions: Arc<Sessions>,
    attachments: Arc<ParseConfig>,
}

impl Direct {
    /// With none yet.
    pub fn new(hub: &Arc<Hub>) -> Arc<Self> {
        let attachments = ParseConfig {
            max_incoming_binary_buf_size: MOST_PACKET,
            max_incoming_binaries: MOST_ATTACHMENTS,
            packet_completion_timeout: ATTACHED_WITHIN,
        };
        Arc::new(Self { hub: Arc::clone(hub), sessions: Sessions::new(TIMES), attachments: Arc::new(attachments) })
    }

    /// Begins a session with this request, which asks for a websocket.
    pub fn begin(&self, request: Request, place: Handshake) -> Response {
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok()).map(str::to_owned);
        let (hub, attachments) = (Arc::clone(&self.hub), Arc::clone(&self.attachments));
        self.sessions.begin(request, |pipe| {
            let visitor = Visitor::new(hub, Arc::clone(pipe), place, header);
            Packets::new(visitor, Arc::clone(pipe), attachments)
        })
    }

    /// Closes every session, when its client has taken what waits.
    pub async fn close(&self) {
        self.sessions.close().await;
    }

    /// Cuts every session.
    pub fn cut_all(&self) {
        self.sessions.cut_all();
    }
}
