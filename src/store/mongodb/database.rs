//! The collections, with what every command of ours insists on: majority, journal, the primary, an answer in time, and a task of its own.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bson::{Document, RawDocumentBuf};
use futures_util::TryStreamExt;
use mongodb::options::{
    Acknowledgment, CollectionOptions, DatabaseOptions, FindOptions, ReadConcern, ReadPreference, SelectionCriteria,
    WriteConcern,
};
use mongodb::{Client, Collection, Database};
use tokio::time::{Instant, timeout, timeout_at};

use super::ends::Raised;
use super::failure::Failure;
use super::gate::{Gate, Refused};
use super::names::Names;
use super::odd::{Odd, Oddity, UNDECODABLE};
use super::seen::Seen;
use crate::store::StoreError;

/// How long one command may take before its intent is answered [`StoreError::Unavailable`].
pub(super) const PATIENCE: Duration = Duration::from_millis(4500);
/// How much longer a command that nobody waits for any more may keep its connection. One that is silent for so long is broken.
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
    /// The highest number given in each room; see [`super::ends`].
    pub ends: Collection<Document>,
    /// Which servers live; see [`super::servers`].
    pub servers: Collection<Document>,
    /// What our fields are called in this database.
    pub names: Names,
    /// How far rooms were seen.
    pub seen: Seen,
    /// Numbers that are written down, but not yet by a majority.
    pub raised: Raised,
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

/// Acknowledged means written by a majority, each to its journal. Bounded, so that the server does not wait for ever behind us.
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
    /// Handles for the database of that name, over so many connections. Whatever the connection string says of concerns and
    /// preferences, ours hold.
    pub fn new(client: Client, name: &str, transactions: bool, connections: usize) -> Self {
        Self::with(client, name, transactions, Arc::new(Gate::new(connections)), Names::OURS)
    }

    /// The same database, with other names for our fields.
    pub fn renamed(&self, names: Names) -> Self {
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
            // A number is told once the primary has it written down, so what the primary has is what counts.
            ends: read_as("tincan_ends", ReadConcern::local()),
            servers: collection("tincan_servers"),
            names,
            seen: Seen::default(),
            raised: Raised::default(),
            odd: Odd::default(),
            gate,
            database,
            client,
            transactions,
        }))
    }

    /// Runs a command, and answers in the time that the contract allows. `doing` says for the operator what failed: `reading users`.
    pub async fn run<T, F>(&self, doing: &str, work: impl FnOnce(Self) -> F + Send) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        self.run_within(PATIENCE, doing, work).await
    }

    /// Runs a command in a task of its own, which goes on when nobody waits for it any more, so that the driver never sees a future of
    /// its own dropped half-way. Answers with the news that no answer came in `limit`, where none did.
    pub async fn run_within<T, F>(
        &self,
        limit: Duration,
        doing: &str,
        work: impl FnOnce(Self) -> F + Send,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = mongodb::error::Result<T>> + Send + 'static,
    {
        let unavailable = |why: &str| Failure::Other(StoreError::Unavailable(format!("{doing}: {why}")));
        let late = || unavailable(&format!("no answer within {limit:?}"));
        let until = Instant::now() + limit;
        let connection = match self.gate.enter(until).await {
            Ok(connection) => connection,
            Err(Refused::Full) => return Err(unavailable("too many wait for the database")),
            Err(Refused::Late) => return Err(late()),
        };
        let work = work(self.clone());
        let task = tokio::spawn(async move {
            let _connection = connection;
            timeout(limit + ABANDONED, work).await
        });
        match timeout_at(until, task).await {
            Ok(Ok(Ok(answer))) => answer.map_err(|error| Failure::from(error).during(doing)),
            Ok(Ok(Err(_))) | Err(_) => Err(late()),
            Ok(Err(panic)) => Err(Failure::Other(StoreError::Bug(format!("{doing}: {panic}")))),
        }
    }

    /// The documents that a question finds. One that does not decode is left out.
    pub async fn find(
        &self,
        of: &Collection<Document>,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<Document>, Failure> {
        self.find_within(PATIENCE, of, filter, options).await
    }

    /// As [`Db::find`], with another time.
    pub async fn find_within(
        &self,
        limit: Duration,
        of: &Collection<Document>,
        filter: Document,
        options: FindOptions,
    ) -> Result<Vec<Document>, Failure> {
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let asked = async move |_| raw.find(filter).with_options(options).await?.try_collect::<Vec<_>>().await;
        let found = self.run_within(limit, &reading(of), asked).await?;
        Ok(self.decode(of, &found))
    }

    /// The first document that a question finds.
    pub async fn find_one(
        &self,
        of: &Collection<Document>,
        filter: Document,
        mut options: FindOptions,
    ) -> Result<Option<Document>, Failure> {
        options.limit = Some(1);
        Ok(self.find(of, filter, options).await?.pop())
    }

    /// What a pipeline on a collection gives.
    pub async fn aggregate(
        &self,
        limit: Duration,
        of: &Collection<Document>,
        pipeline: Vec<Document>,
    ) -> Result<Vec<Document>, Failure> {
        let on = of.clone();
        let asked =
            async move |_| on.aggregate(pipeline).with_type::<RawDocumentBuf>().await?.try_collect::<Vec<_>>().await;
        let found = self.run_within(limit, &reading(of), asked).await?;
        Ok(self.decode(of, &found))
    }

    fn decode(&self, of: &Collection<Document>, found: &[RawDocumentBuf]) -> Vec<Document> {
        let decoded = found.iter().filter_map(|raw| match raw.to_document() {
            Ok(document) => Some(document),
            Err(_) => {
                let id = raw.get("_id").ok().flatten().map(|id| format!("{id:?}"));
                self.odd.left_out(of.name(), &Oddity { reason: UNDECODABLE, id: id.unwrap_or_default() });
                None
            }
        });
        decoded.collect()
    }

    /// The documents that a question finds, in its order, as far as `read` can read them: `wanted` of them where there are so many,
    /// however many others lie between.
    pub async fn readable<T: Send + 'static>(
        &self,
        of: &Collection<Document>,
        filter: Document,
        mut options: FindOptions,
        wanted: usize,
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Result<Vec<T>, Failure> {
        options.limit = Some(at_most(wanted));
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let (question, how) = (filter.clone(), options.clone());
        let asked = async move |_| raw.find(question).with_options(how).await?.try_collect::<Vec<_>>().await;
        let found = self.run(&reading(of), asked).await?;
        let kept = self.read_all(of, &self.decode(of, &found), read);
        if kept.len() == wanted || found.len() < wanted {
            return Ok(kept);
        }
        // Some could not be read, and there may be more behind them. Read on one by one, which is slow and rare.
        options.limit = None;
        let raw = of.clone_with_type::<RawDocumentBuf>();
        let asked = async move |db: Self| {
            let mut cursor = raw.find(filter).with_options(options).await?;
            let mut kept = Vec::new();
            while kept.len() < wanted {
                let Some(document) = cursor.try_next().await? else { break };
                kept.extend(db.read_all(&raw.clone_with_type(), &db.decode(&raw.clone_with_type(), &[document]), read));
            }
            Ok(kept)
        };
        self.run(&reading(of), asked).await
    }

    /// Those documents that can be read; the others are noted.
    pub fn read_all<T>(
        &self,
        of: &Collection<Document>,
        documents: &[Document],
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Vec<T> {
        documents.iter().filter_map(|document| self.read_one(of, document, read)).collect()
    }

    /// The document, where it can be read; else that is noted.
    pub fn read_one<T>(
        &self,
        of: &Collection<Document>,
        document: &Document,
        read: fn(&Names, &Document) -> Result<T, Oddity>,
    ) -> Option<T> {
        read(&self.names, document).map_err(|oddity| self.odd.left_out(of.name(), &oddity)).ok()
    }
}

fn reading(of: &Collection<Document>) -> String {
    format!("reading {}", of.name())
}
