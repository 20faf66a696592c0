//! Opens the store that the settings name, or says in one line why that cannot be and what to do.

use std::path::PathBuf;
use std::sync::Arc;

use super::Store;
use super::mongodb::{self, MongoStore};
use super::polodb::{self, PoloDb};
use crate::config::{Config, Secret};

/// Why a store was not opened. Each shows as one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The embedded one.
    #[error(transparent)]
    PoloDb(#[from] polodb::OpenError),
    /// The one on a MongoDB.
    #[error(transparent)]
    Mongo(#[from] mongodb::OpenError),
}

/// Opens the store: a MongoDB where one is named, else the embedded one in the data directory.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(config: &Config) -> Result<Arc<dyn Store>, OpenError> {
    if let Some(url) = &config.mongo_url {
        return Ok(Arc::new(MongoStore::open(url).await?));
    }
    let options = polodb::Options { accept_damage: config.accept_damage, ..polodb::Options::default() };
    Ok(Arc::new(PoloDb::open(&config.data_dir, options).await?))
}

/// Opens a store that is to be filled: at a MongoDB's URL, or in a directory.
///
/// # Errors
/// See [`OpenError`].
pub async fn open_to_fill(place: &Place) -> Result<Arc<dyn Store>, OpenError> {
    match place {
        Place::MongoDb(url) => Ok(Arc::new(MongoStore::open_to_fill(url).await?)),
        Place::Directory(path) => {
            let options = polodb::Options { filling: true, ..polodb::Options::default() };
            Ok(Arc::new(PoloDb::open(path, options).await?))
        }
    }
}

/// Whether a store could be filled there. Nothing is changed.
///
/// # Errors
/// See [`OpenError`].
pub async fn is_free(place: &Place) -> Result<bool, OpenError> {
    match place {
        Place::MongoDb(url) => Ok(mongodb::is_free(url).await?),
        Place::Directory(path) => Ok(polodb::is_free(path)),
    }
}

/// Where a store is or is to be.
#[derive(Clone, Debug)]
pub enum Place {
    /// A database of a MongoDB.
    MongoDb(Secret),
    /// A data directory, for the embedded store.
    Directory(PathBuf),
}

impl Place {
    /// What an operator means by it: a URL of a MongoDB, else a directory.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("mongodb://") || text.starts_with("mongodb+srv://") {
            Self::MongoDb(Secret::new(text.to_owned()))
        } else {
            Self::Directory(PathBuf::from(text))
        }
    }

    /// The place where the settings have the store.
    pub fn of(config: &Config) -> Self {
        match &config.mongo_url {
            Some(url) => Self::MongoDb(url.clone()),
            None => Self::Directory(config.data_dir.clone()),
        }
    }

    /// Its name for people, without credentials; also by which an interrupted copy knows that it goes on from the same
    /// place.
    pub fn name(&self) -> String {
        match self {
            Self::Directory(path) => std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).display().to_string(),
            Self::MongoDb(url) => mongodb::place_name(url),
        }
    }
}
