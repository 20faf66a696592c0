//! The bus of several servers on one MongoDB: what one tells the others is a document that expires, which they read by
//! a change stream.
//!
//! What concerns sockets of this server never waits for the database: it is done before ([`Local`]). Each server has
//! presence whole, as facts that are numbered by the server of the socket; who misses one asks for all. A server whose
//! lease ran out is dead.

mod inbox;
mod items;
mod leases;
mod outbox;
mod process;
mod shelf;
mod sole;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bson::{Document, doc};
use mongodb::options::{Acknowledgment, CollectionOptions, IndexOptions, WriteConcern};
use mongodb::{Collection, Database, IndexModel};
use tokio::task::JoinHandle;

use self::inbox::Inbox;
use self::outbox::Outbox;
use self::shelf::Documents;
pub(crate) use self::sole::{Another, Sole};
use super::carrying::{Bus, Mark};
use super::local::Local;
use super::server_info::ServerInfo;
use super::shelf::Shelf;
use super::subscriber::Beyond;
use crate::model::ServerId;

/// How long what servers say is kept: longer than any of them needs to read it.
const KEPT: Duration = Duration::from_secs(120);

/// The collection of the leases.
const LEASES: &str = "tincan_servers";

/// The collection of what they keep together.
const SHARED: &str = "tincan_shared";

fn collection(database: &Database, name: &str) -> Collection<Document> {
    let majority = WriteConcern::builder().w(Acknowledgment::Majority).build();
    database.collection_with_options(name, CollectionOptions::builder().write_concern(majority).build())
}

/// How many servers live on a database.
///
/// # Errors
/// Those of the driver.
pub(crate) async fn living(database: &Database) -> Result<usize, mongodb::error::Error> {
    // An id that none of them has.
    leases::others(&collection(database, LEASES), ServerId::new()).await.map(|servers| servers.len())
}

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The bus of several servers.
pub(crate) struct Shared {
    local: Arc<Local>,
    outbox: Arc<Outbox>,
    bus: Collection<Document>,
    leases: Collection<Document>,
    inbox: Arc<Inbox>,
    shelf: Arc<Documents>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    /// The bus over a database of a replica set.
    ///
    /// # Errors
    /// Those of the driver: where the database does not answer, or has no change streams.
    pub(crate) async fn open(database: &Database) -> Result<Self, mongodb::error::Error> {
        let (bus, leases) = (collection(database, "tincan_bus"), collection(database, LEASES));
        let expires = IndexOptions::builder().expire_after(KEPT).build();
        bus.create_index(IndexModel::builder().keys(doc! { "at": 1 }).options(expires).build()).await?;
        let local = Arc::new(Local::default());
        let me = local.server();
        let outbox = Arc::new(Outbox::new(me));
        local.reach_beyond(Arc::clone(&outbox) as Arc<dyn Beyond>);
        let inbox = Arc::new(Inbox::new(me, Arc::clone(&local), Arc::clone(&outbox)));
        // Watched before others are asked anything, and before they know of this server.
        let stream = stream::watch(&bus, me, None).await?;
        leases::begin(&leases, me, &inbox).await?;
        let tasks = vec![
            tokio::spawn(Arc::clone(&outbox).write(bus.clone())),
            tokio::spawn(stream::read(bus.clone(), me, Arc::clone(&inbox), stream)),
            tokio::spawn(leases::keep(leases.clone(), me, Arc::clone(&inbox))),
        ];
        let shelf = Arc::new(Documents::of(collection(database, SHARED), me));
        Ok(Self { local, outbox, bus, leases, inbox, shelf, tasks })
    }
}

#[async_trait]
impl Bus for Shared {
    fn local(&self) -> &Local {
        &self.local
    }

    fn others(&self) -> usize {
        self.inbox.others()
    }

    async fn servers(&self) -> Vec<ServerInfo> {
        let this = ServerInfo::new(self.server(), env!("CARGO_PKG_VERSION"), self.presence().actors_here().count());
        let others = leases::versions(&self.leases, self.server()).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "the other servers could not be asked for");
            Vec::new()
        });
        let presence = self.presence();
        let others =
            others.into_iter().map(|(id, version)| ServerInfo::new(id, &version, presence.actors_at(id).len()));
        std::iter::once(this).chain(others).collect()
    }

    fn shelf(&self) -> Option<Arc<dyn Shelf>> {
        Some(Arc::clone(&self.shelf) as Arc<dyn Shelf>)
    }

    fn is_gone(&self, server: ServerId) -> bool {
        self.inbox.is_gone(server)
    }

    fn mark(&self) -> Option<Mark> {
        Some(Mark { server: self.server(), number: self.outbox.mark() })
    }

    async fn reached(&self, mark: Mark) {
        if mark.server != self.server() {
            self.inbox.reached(mark).await;
        }
    }

    async fn close(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        if tokio::time::timeout(LAST_WORDS, self.outbox.write_rest(&self.bus)).await.is_err() {
            tracing::debug!("the other servers were not told everything at the end");
        }
        leases::leave(&self.leases, self.server()).await;
    }
}
