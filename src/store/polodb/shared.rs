//! What the writer and the readers share: the readers' catalog, the open database, and how the store is.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::catalog::Catalog;
use super::change::Change;
use super::database::Database;
use crate::store::{Result, StoreError};

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Reads and writes.
    Working,
    /// Cannot write now, and tries again every second.
    Failing(String),
    /// Cannot write any more in this process.
    Lost(String),
    /// Closed on purpose.
    Closed,
}

/// What the writer and the readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    catalog: RwLock<Catalog>,
    /// Taken away at the close.
    database: RwLock<Option<Arc<Database>>>,
    condition: watch::Sender<Condition>,
    /// Since when the database has been at the current commit.
    busy_since: Mutex<Option<Instant>>,
}

impl Shared {
    pub(crate) fn new(catalog: Catalog, database: Arc<Database>) -> Self {
        Self {
            catalog: RwLock::new(catalog),
            database: RwLock::new(Some(database)),
            condition: watch::Sender::new(Condition::Working),
            busy_since: Mutex::new(None),
        }
    }

    /// Looks something up in the readers' catalog; short, for the writer waits for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] once it is closed.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Catalog) -> T) -> Result<T> {
        if *self.condition.borrow() == Condition::Closed {
            return Err(closed());
        }
        // Poisoned means that the writer broke off in the middle of a change, and the catalog is neither old nor new.
        let catalog = self.catalog.read();
        catalog.map(|catalog| look(&catalog)).map_err(|_| StoreError::Unavailable("the writer stopped".to_owned()))
    }

    /// Lets the readers see what was committed.
    pub(crate) fn publish(&self, changes: Vec<Change>) {
        let mut catalog = self.catalog.write().expect("only the writer writes, and stops where it panics");
        for change in changes {
            catalog.apply(change);
        }
    }

    /// The database, for as long as the caller holds it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] once it is closed.
    pub(crate) fn database(&self) -> Result<Arc<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    /// Takes the database away from later readers. It closes when the last one has let go.
    pub(crate) fn release_database(&self) {
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn set_condition(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }

    pub(crate) fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// Notes that the database is at work until the answer is dropped.
    pub(crate) fn busy(&self) -> Busy<'_> {
        self.set_busy(Some(Instant::now()));
        Busy(self)
    }

    fn set_busy(&self, since: Option<Instant>) {
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Whether it can write, as far as is known.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with the reason.
    pub(crate) fn health(&self) -> Result<()> {
        const SLOW: Duration = Duration::from_secs(2);
        let reason = match &*self.condition.borrow() {
            Condition::Working => None,
            Condition::Failing(reason) | Condition::Lost(reason) => Some(reason.clone()),
            Condition::Closed => return Err(closed()),
        };
        let busy_since = *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner);
        let slow = busy_since.filter(|since| since.elapsed() > SLOW);
        let reason = reason.or(slow.map(|since| format!("one write has taken {:.0?} so far", since.elapsed())));
        reason.map_or(Ok(()), |reason| Err(StoreError::Unavailable(reason)))
    }
}

/// See [`Shared::busy`].
pub(crate) struct Busy<'a>(&'a Shared);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set_busy(None);
    }
}

/// The answer of a store that was closed.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}
