//! What a bus does for those who publish.

use std::sync::{Arc, Weak};

use async_trait::async_trait;

use super::local::{Changing, Local};
use super::notice::Notice;
use super::server_info::ServerInfo;
use super::shelf::Shelf;
use super::subscriber::Subscriber;
use crate::model::ServerId;
use crate::wire::Delivery;

/// A place in what a server publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The server.
    pub server: ServerId,
    /// Its marks are numbered one after the other.
    pub number: u64,
}

/// What carries that which was published to all whom it concerns.
#[async_trait]
pub trait Bus: Send + Sync {
    /// This server's part of it, which delivers to the sockets that are connected here.
    fn local(&self) -> &Local;

    /// Who is connected, locked, to look at and to change. What is published meanwhile leaves when the lock is let go.
    fn presence(&self) -> Changing<'_> {
        self.local().presence()
    }

    /// Tells those who are meant, after all that was published before. A call queues, and never waits for a client.
    fn publish(&self, delivery: &Delivery) {
        self.local().publish(delivery);
    }

    /// As [`Bus::publish`], but only those who are connected to this server: each server does the same for its own.
    fn publish_here(&self, delivery: &Delivery) {
        self.local().publish_here(delivery);
    }

    /// Tells the other servers something that is not for clients.
    fn notify(&self, notice: Notice) {
        self.local().notify(notice);
    }

    /// Whether other servers may work on the same store.
    fn is_shared(&self) -> bool {
        self.local().is_shared()
    }

    /// How many other servers are known to live.
    fn others(&self) -> usize {
        0
    }

    /// What the servers of the database keep together; `None` where there is no such.
    fn shelf(&self) -> Option<Arc<dyn Shelf>> {
        None
    }

    /// This server.
    fn server(&self) -> ServerId {
        self.local().server()
    }

    /// The servers that work on the store, this one first.
    async fn servers(&self) -> Vec<ServerInfo> {
        let sockets = self.presence().actors_here().count();
        vec![ServerInfo::new(self.server(), env!("CARGO_PKG_VERSION"), sockets)]
    }

    /// Whether a server is neither this one nor one that lives, as far as that can be told by now.
    fn is_gone(&self, server: ServerId) -> bool {
        server != self.server()
    }

    /// Marks the place behind all that was published here: where this server, and what others hear of it, stand now.
    /// `None` on the bus of
    /// one process.
    fn mark(&self) -> Option<Mark> {
        None
    }

    /// Resolves when what another server published before its mark has been told here. Of a server that dies meanwhile
    /// it never may.
    async fn reached(&self, mark: Mark) {
        let _ = mark;
    }

    /// Tells the other servers what is left to be told, and that this one has gone.
    async fn close(&self) {}

    /// Adds one who is given all that is published from now on.
    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        self.local().subscribe(subscriber);
    }
}

impl Bus for Local {
    fn local(&self) -> &Local {
        self
    }
}
