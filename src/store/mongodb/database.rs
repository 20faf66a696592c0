//! The collections, with what every command of ours insists on: majority, journal, the primary, an answer in time, and
//! to be carried to its end.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bson::Document;
use mongodb::options::{
    Acknowledgment, CollectionOptions, DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};
use mongodb::{Client, Collection, Database};
use tokio::time::{Instant, timeout, timeout_at};

use super::carried::ToItsEnd;
use super::failure::CommandError;
use super::gate::{Gate, Refused};
use super::names::Names;
use super::numbered::Numbered;
use super::odd::Odd;
use super::raised::Raised;
use super::seen::Seen;
use crate::store::StoreError;

/// How long one command may take before its intent is answered [`StoreError::Unavailable`].
pub(super) const PATIENCE: Duration = Duration::from_millis(4500);
/// How much longer a command that nobody waits for any more may keep its connection. One that is silent for so long is
/// broken.
const ABANDONED: Duration = Duration::from_secs(5);

/// One database of a MongoDB. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub(super) struct Db(Arc<Parts>);

/// What a [`Db`] is a handle of.
#[derive(Debug)]
pub(super) struct Parts {
    pub client: Client,
    pub database: Database,
    pub users: Collection<Document>,
    pub rooms: Collection<Document>,
    pub messages: Collection<Document>,
    pub calls: Collection<Document>,
    /// What is true of the whole database: the data's version, who is taking over, the last write of a health check.
    pub meta: Collection<Document>,
    /// What was promised and takes longer than its answer: removals that go on behind, also after a restart.
    pub pending: Collection<Document>,
    /// Invitations.
    pub invites: Collection<Document>,
    /// The highest number given in each room; see [`super::ends`].
    pub ends: Collection<Document>,
    /// How far participants of rooms have read; see [`super::readers`].
    pub readers: Collection<Document>,
    /// What our fields are called in this database.
    pub names: Names,
    /// How far rooms were seen.
    pub seen: Seen,
    /// Numbers that are written down, but not yet by a majority.
    pub raised: Raised,
    /// Rooms in which messages of another program have got their numbers.
    pub numbered: Numbered,
    /// What was left out, and told already.
    pub odd: Odd,
    gate: Arc<Gate>,
    /// It has transactions: a replica set or a sharded cluster.
    pub transactions: bool,
}

impl Deref for Db {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Acknowledged means written by a majority, each to its journal. Bounded, so that the server does not wait for ever
/// behind us.
pub(super) fn durable() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(Duration::from_secs(4)).build()
}

/// Reads are asked of the server that writes, so that whoever wrote reads what was written.
pub(super) fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

/// As many as a page, or a list, may have.
pub(super) fn at_most(limit: usize) -> i64 {
    limit.try_into().unwrap_or(i64::MAX)
}

impl Db {
    /// Handles for the database of that name, over so many connections. Whatever the connection string says of concerns
    /// and preferences, ours hold.
    pub(crate) fn new(client: Client, name: &str, transactions: bool, connections: usize) -> Self {
        Self::with(client, name, transactions, Arc::new(Gate::new(connections)), Names::OURS)
    }

    /// The same database, with other names for our fields.
    pub(crate) fn renamed(&self, names: Names) -> Self {
        Self::with(self.client.clone(), self.database.name(), self.transactions, Arc::clone(&self.gate), names)
    }

    fn with(client: Client, name: &str, transactions: bool, gate: Arc<Gate>, names: Names) -> Self {
        let options = DatabaseOptions::builder()
            .read_concern(ReadConcern::majority())
            .write_concern(durable())
            .selection_criteria(primary())
            .build();
        let database = client.database_with_options(name, options);
        let read_as = |name: &str, concern: ReadConcern| {
            let options = CollectionOptions::builder()
                .read_concern(concern)
                .write_concern(durable())
                .selection_criteria(primary())
                .build();
            database.collection_with_options(name, options)
        };
        let collection = |name: &str| read_as(name, ReadConcern::majority());
        Self(Arc::new(Parts {
            users: collection("users"),
            rooms: collection("rooms"),
            messages: collection("messages"),
            calls: collection(names.calls),
            meta: collection("tincan_meta"),
            pending: collection("tincan_pending"),
            invites: collection("tincan_invites"),
            // A number is told once the primary has it written down, so what the primary has is what counts.
            ends: read_as("tincan_ends", ReadConcern::local()),
            // As with `ends`: what the primary has is what counts.
            readers: read_as("tincan_readers", ReadConcern::local()),
            names,
            seen: Seen::default(),
            raised: Raised::default(),
            numbered: Numbered::default(),
            odd: Odd::default(),
            gate,
            database,
            client,
            transactions,
        }))
    }

    /// Runs a command, and answers in the time that the contract allows. `doing` says for the operator what failed:
    /// `reading users`.
    pub(crate) async fn run<T, F>(&self, doing: &str, work: impl FnOnce(Self) -> F + Send) -> Result<T, CommandError>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        self.run_within(PATIENCE, doing, work).await
    }

    /// Runs a command to its end, also when nobody waits for it any more, so that the driver never sees a future of its
    /// own dropped half-way. Answers with the news that no answer came in `limit`, where none did.
    pub(crate) async fn run_within<T, F>(
        &self,
        limit: Duration,
        doing: &str,
        work: impl FnOnce(Self) -> F + Send,
    ) -> Result<T, CommandError>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        let unavailable = |why: &str| CommandError::Other(StoreError::Unavailable(format!("{doing}: {why}")));
        let late = || unavailable(&format!("no answer within {limit:?}"));
        let until = Instant::now() + limit;
        let connection = match self.gate.enter(until).await {
            Ok(connection) => connection,
            Err(Refused::Full) => return Err(unavailable("too many wait for the database")),
            Err(Refused::Late) => return Err(late()),
        };
        let work = work(self.clone());
        let work = ToItsEnd::new(async move {
            let _connection = connection;
            timeout(limit + ABANDONED, work).await
        });
        match timeout_at(until, work).await {
            Ok(Ok(answer)) => answer.map_err(|error| CommandError::from(error).during(doing)),
            Ok(Err(_)) | Err(_) => Err(late()),
        }
    }
}
