//! The way to a client that the library carries.

use std::sync::{Arc, Weak};

use socketioxide::TransportType;
use socketioxide::extract::SocketRef;

use super::ack::over_after;
use super::door::Door;
use super::laned::Laned;
use super::lengths;
use crate::live::{Frame, Outlet};
use crate::socket::hub::Hub;
use crate::socket::ledger::Over;
use crate::socket::way::Way;

/// The library's way to a client.
pub(crate) struct Carried {
    /// The connection.
    pub laned: Arc<Laned>,
    /// What the library has of it.
    pub socket: SocketRef,
    /// All connections.
    pub hub: Weak<Hub>,
    /// By which its session is ended.
    pub door: Arc<Door>,
}

impl Outlet for Carried {
    fn send(&self, frame: &Frame) {
        let (name, payload) = (frame.name(), frame.payload());
        let connection = &self.laned.connection;
        let bytes = lengths::on_line(&self.socket, lengths::event(name, payload));
        let mut over = connection.tally.add(bytes);
        if let Err(error) = self.socket.emit(name, payload) {
            connection.tally.sent(bytes);
            over = over_after(&error);
        }
        // Room is made before the next one gets its copy: those of one event may be more than all that may wait.
        if over != Over::Nothing
            && let Some(hub) = self.hub.upgrade()
        {
            hub.make_room(connection.id, connection.user.id, &connection.tally, over);
        }
    }

    fn close(&self) {
        // It leaves the namespace, and what is left of its session is put out as for one that has left by itself.
        if self.socket.clone().disconnect().is_err()
            && let Some(hub) = self.hub.upgrade()
        {
            hub.cut(self.laned.connection.id);
        }
    }
}

impl Way for Carried {
    fn cut(&self) {
        self.door.end_session(&self.laned.session);
        self.laned.end();
    }

    fn polls(&self) -> bool {
        self.socket.transport_type() == TransportType::Polling
    }

    fn look(&self) {
        if !self.socket.connected() {
            self.laned.end();
        }
    }
}
