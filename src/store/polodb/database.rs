//! The database itself: opened, asked for transactions, and closed in order or left as it is.

use std::fmt::Debug;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::faults::Faults;
use super::space;
use super::txn::{Txn, unavailable};
use crate::store::Result;

/// An open database. It closes when the last owner drops it; each transaction lives shorter than an owner.
pub(crate) struct Database {
    inner: polodb_core::Database,
    path: PathBuf,
    /// Which directory was opened: another one may stand in its place later.
    directory: Option<(u64, u64)>,
    given_up: AtomicBool,
    faults: Option<Arc<dyn Faults>>,
}

impl Debug for Database {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Database")
    }
}

impl Database {
    /// Opens the database in a directory, or makes one there.
    ///
    /// # Errors
    /// RocksDB's own words.
    pub(crate) fn open(path: &Path, faults: Option<Arc<dyn Faults>>) -> std::result::Result<Self, String> {
        let inner = polodb_core::Database::open_path(path).map_err(|error| error.to_string())?;
        let (path, directory) = (path.to_owned(), identity(path));
        Ok(Self { inner, path, directory, given_up: AtomicBool::new(false), faults })
    }

    /// Whether the directory that was opened is where it was.
    pub(crate) fn is_in_place(&self) -> bool {
        self.directory.is_some() && identity(&self.path) == self.directory
    }

    /// Says that it cannot write, so that nothing is to be written at the close either.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Begins a transaction, for writes and for reads: one that is dropped costs no fsync.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(crate) fn begin(&self) -> Result<Txn<'_>> {
        let inner = self.inner.start_transaction().map_err(unavailable)?;
        Txn::new(inner, self.faults.as_deref())
    }
}

impl Drop for Database {
    /// Closing makes RocksDB write out its memory, and where that fails `polodb_core` prints to standard error. The log
    /// holds all that was committed, so a database that cannot write is left as a power cut would leave it, until the
    /// process ends.
    fn drop(&mut self) {
        if self.given_up.load(Ordering::Relaxed) || !self.is_in_place() || !space::is_left(&self.path) {
            tracing::warn!(path = %self.path.display(), "the database cannot write and is left as it is");
            std::mem::forget(self.inner.clone());
        }
    }
}

/// Which directory lies at a path; `None` where there is none.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}
