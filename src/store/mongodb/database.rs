//! The collections, with what every command of ours insists on: majority, journal, the primary, and an answer in time.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use bson::Document;
use mongodb::options::{Acknowledgment, CollectionOptions, DatabaseOptions, ReadConcern, WriteConcern};
use mongodb::options::{ReadPreference, SelectionCriteria};
use mongodb::{Client, Collection, Database};
use tokio::time::timeout;

use super::failure::Failure;
use super::seen::Seen;
use crate::store::StoreError;

/// How long one intent may take before it is answered [`StoreError::Unavailable`]; the contract allows 5 s.
pub(super) const PATIENCE: Duration = Duration::from_millis(4500);

/// One database of a MongoDB. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub(super) struct Db {
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
    /// How far rooms were seen.
    pub seen: Seen,
    /// It has transactions: a replica set or a sharded cluster.
    pub transactions: bool,
}

/// Acknowledged means written by a majority, each to its journal. Bounded, so that the server does not wait for ever behind us.
pub(super) fn durable() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(Duration::from_secs(4)).build()
}

/// Reads are asked of the server that writes, so that whoever wrote reads what was written.
pub(super) fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

impl Db {
    /// Handles for the database of that name. Whatever the connection string says of concerns and preferences, these hold.
    pub fn new(client: Client, name: &str, transactions: bool) -> Self {
        let options = DatabaseOptions::builder()
            .read_concern(ReadConcern::majority())
            .write_concern(durable())
            .selection_criteria(primary())
            .build();
        let database = client.database_with_options(name, options);
        let collection = |name: &str| {
            let options = CollectionOptions::builder()
                .read_concern(ReadConcern::majority())
                .write_concern(durable())
                .selection_criteria(primary())
                .build();
            database.collection_with_options(name, options)
        };
        Self {
            users: collection("users"),
            rooms: collection("rooms"),
            messages: collection("messages"),
            calls: collection("calls"),
            meta: collection("tincan_meta"),
            pending: collection("tincan_pending"),
            seen: Seen::default(),
            database,
            client,
            transactions,
        }
    }
}

/// One command's answer, or the news that none came in time.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Future + Send>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(answer) => answer.map_err(Failure::from),
        Err(_) => Err(Failure::Other(StoreError::Unavailable(format!("no answer within {limit:?}")))),
    }
}

/// [`within`] the time that the contract allows.
pub(super) async fn soon<T>(
    work: impl IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Future + Send>,
) -> Result<T, Failure> {
    within(PATIENCE, work).await
}
