//! The engine on a real MongoDB.
//!
//! Every test here needs a `mongod` and is ignored by a plain `cargo test`; `script/test` finds or fetches one and runs
//! them.

mod bursts;
mod failing;
mod moving;
mod numbers;
mod others;
mod outage;
mod people;
mod room_names;
mod rules;
mod second;
mod secured;
mod servers;
mod takeover;

use std::sync::Arc;

use tincan::store::Store;
use tincan::store::mongodb::MongoStore;

use crate::store::{Place, contract};
use crate::support::mongod::{Mongod, database_name, shared, shared_alone};

/// Opens a database of a deployment.
pub(crate) async fn open(deployment: &Mongod, database: &str) -> Arc<dyn Store> {
    Arc::new(MongoStore::open(&deployment.secret(database)).await.expect("the store opens"))
}

/// A database of a replica set of one.
struct Replicated(String);

/// A database of a stand-alone server.
struct Alone(String);

#[async_trait::async_trait]
impl Place for Replicated {
    async fn new() -> Option<Self> {
        Some(Self(database_name()))
    }

    async fn open(&self) -> Arc<dyn Store> {
        open(shared().await, &self.0).await
    }
}

#[async_trait::async_trait]
impl Place for Alone {
    async fn new() -> Option<Self> {
        Some(Self(database_name()))
    }

    async fn open(&self) -> Arc<dyn Store> {
        open(shared_alone().await, &self.0).await
    }
}

contract!(
    #[ignore = "needs a mongod; script/test has one"]
    replicated,
    Replicated
);
contract!(
    #[ignore = "needs a mongod; script/test has one"]
    alone,
    Alone
);
