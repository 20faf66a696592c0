//! Looking at a database from beside the servers, for whoever looks after them.

use std::time::{Duration, Instant};

use super::mongodb;
use crate::config::Secret;
use crate::store::{self, StoreError};

/// A database as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Inspected {
    /// Several servers can share it.
    pub replicates: bool,
    /// How long one question took.
    pub latency: Duration,
    /// How many servers live on it.
    pub servers: usize,
}

/// Looks at the database of a URL. Changes nothing.
///
/// # Errors
/// [`StoreError::Unavailable`] where it does not answer.
pub async fn inspect_database(url: &Secret) -> Result<Inspected, StoreError> {
    let unavailable = |error: &dyn std::fmt::Display| StoreError::Unavailable(error.to_string());
    let (database, replicates) = store::mongodb::database(url).await.map_err(|error| unavailable(&error))?;
    let began = Instant::now();
    let servers = mongodb::living(&database).await.map_err(|error| unavailable(&error))?;
    Ok(Inspected { replicates, latency: began.elapsed(), servers })
}
