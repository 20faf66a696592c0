//! Choosing the bus.

use std::sync::Arc;

use super::carrying::Bus;
use super::local::Local;
use super::mongodb::{Another, Shared, Sole};
use crate::config::Config;
use crate::store::{self, StoreError};

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database does not answer, or not as it must.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another server works on this stand-alone MongoDB, on which only one can.
    #[error("another server works on this database, which is no replica set: only one can")]
    Another,
}

/// The bus for these settings: of several servers where the store is a MongoDB that replicates, else of this process
/// alone.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(config: &Config) -> Result<Arc<dyn Bus>, OpenError> {
    let unavailable = |error: &dyn std::fmt::Display| StoreError::Unavailable(error.to_string());
    let Some(url) = &config.mongo_url else { return Ok(Arc::new(Local::default())) };
    let (database, replicates) = store::mongodb::database(url).await.map_err(|error| unavailable(&error))?;
    if replicates {
        return Ok(Arc::new(Shared::open(&database).await.map_err(|error| unavailable(&error))?));
    }
    match Sole::open(&database).await.map_err(|error| unavailable(&error))? {
        Ok(sole) => Ok(Arc::new(sole)),
        Err(Another) => Err(OpenError::Another),
    }
}
