//! What a connection sends: each packet is metered and queued, or refused, synchronously where the library hands it
//! over.

use std::sync::Arc;

use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{MessageHandler, Value};
use socketioxide::socket::Socket;

use super::ack::Ack;
use super::lane::Queued;
use super::laned::{Job, Laned};
use crate::socket::hub::Hub;
use crate::socket::seam;

/// What is kept of a packet that waits, besides its text, in bytes.
const KEPT: usize = 256;

/// Takes a connection's packets, synchronously and in order.
pub(crate) struct Inbox {
    /// Whose they are.
    pub laned: Arc<Laned>,
    /// All connections.
    pub hub: Arc<Hub>,
}

impl MessageHandler<LocalAdapter, ()> for Inbox {
    fn call(&self, socket: Arc<Socket>, mut packet: Value, ack: Option<i64>) {
        let (laned, hub) = (&self.laned, &self.hub);
        let connection = &laned.connection;
        let ack = ack.map(|number| Ack::of(&socket, &mut packet, number));
        let text = packet.as_str().map_or("", |text| text.as_str());
        if let Err(error) = seam::meter(connection, text) {
            seam::refuse(hub, connection, text, ack.map(|ack| ack.on(hub, connection)), &error);
            if !laned.session.refused() {
                hub.cut(connection.id);
            }
            return;
        }
        laned.session.intake().took(packet.len());
        let size = packet.len() + KEPT;
        let queued = if connection.seat.event_waits(size as u64) {
            laned.lane.push(Job::Event { packet, ack }, size)
        } else {
            metrics::counter!("tincan_events_over_total").increment(1);
            return hub.cut(connection.id);
        };
        match queued {
            Queued::StartWorker => laned.start_worker(),
            Queued::Waits => {}
            // More waits than any limit lets through: it does not wait for answers. It comes back and repeats what was
            // not acknowledged.
            Queued::Full => {
                connection.seat.event_begins(size as u64);
                metrics::counter!("tincan_events_over_total").increment(1);
                hub.cut(connection.id);
            }
        }
    }
}
