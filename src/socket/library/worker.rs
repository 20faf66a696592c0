//! Runs what connections have queued: their connecting, their events, their end.

use std::sync::Arc;

use socketioxide::extract::SocketRef;
use socketioxide::handler::Value;

use super::ack::Ack;
use super::carried::Carried;
use super::door::Door;
use super::laned::{Job, Laned, RunJobs};
use crate::socket::hub::Hub;
use crate::socket::ledger::TAKES_WITHIN;
use crate::socket::way::Way;
use crate::socket::{admission, seam};

/// Runs the jobs of all connections of a hub.
pub(crate) struct Worker {
    hub: Arc<Hub>,
    door: Arc<Door>,
}

impl RunJobs for Worker {
    fn start(&self, laned: Arc<Laned>) {
        let (hub, door) = (Arc::clone(&self.hub), Arc::clone(&self.door));
        tokio::spawn(async move {
            while let Some((job, bytes)) = laned.lane.next() {
                laned.connection.seat.event_begins(bytes as u64);
                match job {
                    Job::Connect(socket) => connect(&hub, &door, &laned, socket).await,
                    Job::Event { packet, ack } => run(&hub, &laned, &packet, ack).await,
                    Job::Disconnect => disconnect(&hub, &door, &laned),
                }
            }
        });
    }
}

impl Worker {
    /// For the connections of a hub, whose sessions are ended by this door.
    pub(crate) fn new(hub: &Arc<Hub>, door: &Arc<Door>) -> Self {
        Self { hub: Arc::clone(hub), door: Arc::clone(door) }
    }
}

async fn connect(hub: &Arc<Hub>, door: &Arc<Door>, laned: &Arc<Laned>, socket: SocketRef) {
    let Some(identity) = laned.take_identity() else { return };
    let carried =
        Carried { laned: Arc::clone(laned), socket: socket.clone(), hub: Arc::downgrade(hub), door: Arc::clone(door) };
    let way: Arc<dyn Way> = Arc::new(carried);
    if admission::connect(hub, &laned.connection, &identity, &way).await && !socket.connected() {
        // Its end may have come before anybody listened for it.
        laned.end();
    }
}

async fn run(hub: &Arc<Hub>, laned: &Arc<Laned>, packet: &Value, ack: Option<Ack>) {
    let connection = &laned.connection;
    // Its answer may be large, and so may that of the next event: each waits until the socket has taken the one before.
    let light = connection.tally.light(|| laned.is_ending());
    if tokio::time::timeout(TAKES_WITHIN, light).await.is_err() {
        hub.cut(connection.id);
    }
    if connection.is_known() {
        let text = packet.as_str().map_or("", |text| text.as_str());
        seam::run(hub, connection, text, ack.map(|ack| ack.on(hub, connection))).await;
    }
}

fn disconnect(hub: &Arc<Hub>, door: &Arc<Door>, laned: &Arc<Laned>) {
    admission::disconnect(hub, &laned.connection);
    laned.session.left();
    door.part(&laned.session);
}
