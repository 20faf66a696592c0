//! Opens the store that the settings name, or says in one line why that cannot be and what to do.

use std::path::PathBuf;
use std::sync::Arc;

use super::Store;
use super::mongodb::{self, MongoStore};
use super::polodb::{self, Damage, PoloDb};
use crate::config::{Config, Secret};

/// Why a store was not opened. Each shows as one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is something else in the place of the data directory.
    #[error("{} is not a directory; choose another with --data-dir", .0.display())]
    NotADirectory(PathBuf),
    /// Another process has it open.
    #[error("{} is in use by another process; stop that one, or choose another directory with --data-dir", .0.display())]
    InUse(PathBuf),
    /// It cannot be written to.
    #[error("{} cannot be written to ({reason}); give this user the right to, or choose another directory with --data-dir", path.display())]
    ReadOnly {
        /// The data directory.
        path: PathBuf,
        /// In the words of the system.
        reason: String,
    },
    /// No space is left.
    #[error("there is no space left for {}; free some and start again", .0.display())]
    Full(PathBuf),
    /// A newer program wrote it.
    #[error("{} was written by a newer version (its data version is {found}, this program knows {known}); start that version", path.display())]
    Newer {
        /// The data directory.
        path: PathBuf,
        /// The store's data version.
        found: i32,
        /// The newest that this program knows.
        known: i32,
    },
    /// Something is missing from it.
    #[error("the store in {} is damaged: {}; restore a backup, or go on without what is missing with --accept-damage", path.display(), list(damage))]
    Damaged {
        /// The data directory.
        path: PathBuf,
        /// What is wrong, as far as it is known.
        damage: Vec<Damage>,
    },
    /// Filling it was begun and not ended.
    #[error("{} is only half filled from {origin}; let tincan migrate or import finish, or remove the directory", path.display())]
    Unfinished {
        /// The data directory.
        path: PathBuf,
        /// What it is filled from.
        origin: String,
    },
    /// Anything else, in the words of the database.
    #[error("the store in {} does not open: {reason}; see to that, or restore a backup", path.display())]
    Failed {
        /// The data directory.
        path: PathBuf,
        /// In the words of the database or the system.
        reason: String,
    },
    /// The MongoDB cannot be had.
    #[error(transparent)]
    Mongo(#[from] mongodb::OpenError),
}

/// The first few of them, and how many more there are.
fn list(damage: &[Damage]) -> String {
    const SHOWN: usize = 8;
    let mut parts: Vec<String> = damage.iter().take(SHOWN).map(ToString::to_string).collect();
    if damage.len() > SHOWN {
        parts.push(format!("and {} more", damage.len() - SHOWN));
    }
    parts.join("; ")
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

    /// Its name for people, without credentials; also by which an interrupted copy knows that it goes on from the same place.
    pub fn name(&self) -> String {
        match self {
            Self::Directory(path) => std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()).display().to_string(),
            Self::MongoDb(url) => mongodb::place_name(url),
        }
    }
}
