//! How an event is acknowledged by the library.

use std::sync::Arc;

use serde_json::value::RawValue;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, Value};
use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};

use super::lengths;
use crate::socket::connection::Connection;
use crate::socket::hub::Hub;
use crate::socket::ledger::Over;
use crate::socket::seam::Acknowledge;

/// The acknowledgement that a client waits for.
pub(crate) struct Ack {
    sender: AckSender,
    number: i64,
    socket: Arc<Socket>,
}

impl Ack {
    /// That of a packet with this number.
    pub(crate) fn of(socket: &Arc<Socket>, packet: &mut Value, number: i64) -> Self {
        match AckSender::from_message_parts(socket, packet, &Some(number)) {
            Ok(sender) => Self { sender, number, socket: Arc::clone(socket) },
            Err(never) => match never {},
        }
    }

    /// As one of this connection.
    pub(crate) fn on<'a>(self, hub: &'a Hub, connection: &'a Connection) -> impl Acknowledge + 'a {
        Counted { ack: self, hub, connection }
    }
}

/// An acknowledgement that counts as something that waits for its connection.
struct Counted<'a> {
    ack: Ack,
    hub: &'a Hub,
    connection: &'a Connection,
}

impl Acknowledge for Counted<'_> {
    fn send(self, payload: &RawValue) {
        let Self { ack: Ack { sender, number, socket }, hub, connection } = self;
        let bytes = lengths::on_line(&socket, lengths::acknowledgement(number, payload));
        let mut over = connection.tally.add_answer(bytes);
        if let Err(error) = sender.send(payload) {
            connection.tally.sent(bytes);
            over = over_after(&error);
        }
        hub.make_room(connection.id, connection.user.id, &connection.tally, over);
    }
}

/// What must be done after a packet was not queued.
pub(crate) fn over_after(error: &SendError) -> Over {
    let full = matches!(error, SendError::Socket(SocketError::InternalChannelFull));
    if full { Over::Socket } else { Over::Nothing }
}
