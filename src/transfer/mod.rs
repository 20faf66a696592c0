//! Moving everything from one store to another, and to and from an archive file.
//!
//! A copy may be made while servers write. It has the rooms that were there when it began, each as a whole as of the
//! moment when its turn came: with the messages up to the newest one then. A room that is deleted meanwhile is whole or
//! not in it. Whatever a copy goes to must be empty; one that broke off is gone on with when it is run again.

mod archive;
mod digest;
mod export;
mod filling;
mod import;
mod lines;
mod migrate;
mod running;
mod walk;

pub use self::digest::{Omitted, Total, Totals};
pub use self::export::export;
pub use self::import::{check, import};
pub use self::migrate::{count, migrate};
pub use self::running::{answer_export, export_from_running};

use crate::store::StoreError;

/// Told how far it is. A stage begins with what it is and of how many; then how many more are done.
pub trait Watch: Send {
    /// A stage begins.
    fn begin(&mut self, what: &'static str, total: u64);
    /// So many more are done.
    fn advance(&mut self, by: u64);
}

/// Why nothing was moved, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A store failed.
    #[error("{}", store_in_words(.0))]
    Store(#[from] StoreError),
    /// The target has something in it.
    #[error("{0} is not empty; choose another, or empty it first")]
    NotEmpty(String),
    /// What was read back from the target is not what was copied.
    #[error(
        "the {0} in the target differ from those in the source; remove the target and run it again, with no server on \
         either"
    )]
    Differs(&'static str),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// In the words of the system.
        error: std::io::Error,
    },
    /// The archive is not whole.
    #[error("the archive {path} is damaged ({reason})")]
    Damaged {
        /// Which.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive was written by a newer Tincan.
    #[error(
        "{path} was written by a newer Tincan (its version is {found}, this one knows {known}); nothing was imported"
    )]
    Newer {
        /// Which.
        path: String,
        /// The archive's version.
        found: u64,
        /// The newest that this program reads.
        known: u64,
    },
    /// The other side of the copy ended before; its own error says why.
    #[error("the copy broke off")]
    BrokeOff,
}

/// What a store's error means for a copy.
fn store_in_words(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(_) => format!("{error}; run it again when the store works"),
        StoreError::Corrupt(_) => format!(
            "{error}; a copy would lack it: restore a backup, or, in the embedded store, start once with \
             --accept-damage to go on without it"
        ),
        StoreError::Conflict(_) | StoreError::LastAdministrator | StoreError::Bug(_) => error.to_string(),
    }
}
