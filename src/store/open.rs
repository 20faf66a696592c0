//! Opens the store that the settings name, or says in one line why that cannot be and what to do.

use std::path::PathBuf;
use std::sync::Arc;

use super::Store;
use super::mongodb::{self, MongoStore};
use super::polodb::{self, Damage, PoloDb};
use crate::config::Config;

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
