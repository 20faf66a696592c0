//! What a connection sends: each packet is metered and queued, or refused, synchronously where the library hands it over.

use std::sync::Arc;

use socketioxide::SendError;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::AckSender;
use socketioxide::handler::{FromMessageParts, MessageHandler, Value};
use socketioxide::socket::Socket;

use serde_json::value::RawValue;

use super::closing::session_of;
use super::connection::{Connection, Job};
use super::hub::Hub;
use super::lane::Queued;
use super::{seam, wire};

/// What is kept of a packet that waits, besides its text, in bytes.
const KEPT: usize = 256;

/// How an event is acknowledged.
pub struct Ack {
    sender: AckSender,
    number: i64,
    socket: Arc<Socket>,
}

impl Ack {
    /// How many bytes the acknowledgement takes on the line.
    pub fn bytes(&self, payload: &RawValue) -> u64 {
        wire::bytes(&self.socket, wire::acknowledgement(self.number, payload))
    }

    /// Sends it.
    ///
    /// # Errors
    /// As of the library.
    pub fn send(self, payload: &RawValue) -> Result<(), SendError> {
        self.sender.send(payload)
    }
}

/// Takes a connection's packets, synchronously and in order.
pub struct Inbox {
    /// Whose they are.
    pub connection: Arc<Connection>,
    /// All connections.
    pub hub: Arc<Hub>,
}

impl MessageHandler<LocalAdapter, ()> for Inbox {
    fn call(&self, socket: Arc<Socket>, mut packet: Value, ack: Option<i64>) {
        let (connection, hub) = (&self.connection, &self.hub);
        let session = session_of(&socket).cloned();
        let ack = ack.map(|number| match AckSender::from_message_parts(&socket, &mut packet, &ack) {
            Ok(sender) => Ack { sender, number, socket: Arc::clone(&socket) },
            Err(never) => match never {},
        });
        if let Err(error) = seam::meter(connection, &packet) {
            seam::refuse(hub, connection, &packet, ack, &error);
            if session.is_some_and(|session| !session.refused()) {
                hub.cut(connection.id);
            }
            return;
        }
        if let Some(session) = session {
            session.intake().took(packet.len());
        }
        let size = packet.len() + KEPT;
        let queued = if connection.seat.event_waits(size as u64) {
            connection.lane.push(Job::Event { packet, ack }, size)
        } else {
            metrics::counter!("tincan_events_over_total").increment(1);
            return hub.cut(connection.id);
        };
        match queued {
            Queued::StartWorker => connection.start_worker(hub),
            Queued::Waits => {}
            // More waits than any limit lets through: it does not wait for answers. It comes back and repeats what was not acknowledged.
            Queued::Full => {
                connection.seat.event_begins(size as u64);
                metrics::counter!("tincan_events_over_total").increment(1);
                hub.cut(connection.id);
            }
        }
    }
}
