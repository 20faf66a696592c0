//! The database itself, behind the few calls of it that can be trusted: by `_id` alone, inside explicit transactions.
//!
//! Every call passes [`Faults`], so that a test can make the n-th one fail.

use std::fmt::Debug;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bson::{Bson, Document, doc};
use polodb_core::{CollectionT, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::space;
use crate::store::{Result, StoreError};

/// A kind of call of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A transaction begins.
    Begin,
    /// A document is looked up, or a collection read through.
    Read,
    /// A document is inserted or deleted.
    Write,
    /// A transaction is about to be committed.
    Commit,
    /// A transaction was committed, but that is not known yet.
    Committed,
}

/// Lets a test stand between the engine and the database.
pub trait Faults: Send + Sync + Debug {
    /// Asked at every call; an error is taken as the database's own.
    ///
    /// # Errors
    /// Whatever the test wants to happen.
    fn at(&self, call: Call) -> std::result::Result<(), String>;
}

/// The name of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection(pub &'static str);

/// An open database. It closes when the last owner drops it; each transaction lives shorter than an owner.
pub struct Database {
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
    pub fn open(path: &Path, faults: Option<Arc<dyn Faults>>) -> std::result::Result<Self, String> {
        let inner = polodb_core::Database::open_path(path).map_err(|error| error.to_string())?;
        let (path, directory) = (path.to_owned(), identity(path));
        Ok(Self { inner, path, directory, given_up: AtomicBool::new(false), faults })
    }

    /// Whether the directory that was opened is where it was.
    pub fn is_in_place(&self) -> bool {
        self.directory.is_some() && identity(&self.path) == self.directory
    }

    /// Says that it cannot write, so that nothing is to be written at the close either.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Begins a transaction, for writes and for reads: one that is dropped costs no fsync.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn begin(&self) -> Result<Txn<'_>> {
        let txn = Txn { inner: self.start()?, faults: self.faults.as_deref(), touched: Vec::new() };
        txn.pass(Call::Begin)?;
        Ok(txn)
    }

    fn start(&self) -> Result<Transaction> {
        self.inner.start_transaction().map_err(unavailable)
    }
}

impl Drop for Database {
    /// Closing makes RocksDB write out its memory, and where that fails `polodb_core` prints to standard error. The log holds all that
    /// was committed, so a database that cannot write is left as a power cut would leave it, until the process ends.
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

/// A document that a transaction wrote, as it was before: `None` where there was none.
#[derive(Clone, Debug)]
pub struct Touched {
    pub collection: Collection,
    pub id: Bson,
    pub before: Option<Document>,
}

/// A commit that failed: the database may or may not have made it durable.
#[derive(Debug)]
pub struct CommitFailed {
    pub error: StoreError,
    /// What to put back, so that nothing of the commit can show later.
    pub touched: Vec<Touched>,
}

/// A transaction; dropped without a commit it leaves nothing.
pub struct Txn<'a> {
    inner: Transaction,
    faults: Option<&'a dyn Faults>,
    touched: Vec<Touched>,
}

impl Txn<'_> {
    fn pass(&self, call: Call) -> Result<()> {
        self.faults.map_or(Ok(()), |faults| faults.at(call)).map_err(StoreError::Unavailable)
    }

    /// The document of an id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is not of that shape, else [`StoreError::Unavailable`].
    pub fn get<T>(&self, from: Collection, id: impl Into<Bson>) -> Result<Option<T>>
    where
        T: DeserializeOwned + Serialize + Send + Sync,
    {
        self.pass(Call::Read)?;
        self.inner.collection::<T>(from.0).find_one(doc! { "_id": id.into() }).map_err(|error| failed(from, error))
    }

    /// Every document of a collection, in the order of the ids. One that is not of that shape is an error of its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the collection cannot be read to its end.
    pub fn scan<T>(&self, from: Collection, mut each: impl FnMut(Result<T>)) -> Result<()>
    where
        T: DeserializeOwned + Serialize + Send + Sync,
    {
        self.pass(Call::Read)?;
        let collection = self.inner.collection::<T>(from.0);
        let mut cursor = collection.find(doc! {}).run().map_err(|error| failed(from, error))?;
        while cursor.advance().map_err(|error| failed(from, error))? {
            each(cursor.deserialize_current().map_err(|error| failed(from, error)));
        }
        Ok(())
    }

    /// Inserts documents whose ids are certainly new: inserting one that exists would leak memory.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; the transaction is to be dropped then.
    pub fn insert<T: Serialize>(&mut self, into: Collection, records: &[(Bson, T)]) -> Result<()> {
        self.pass(Call::Write)?;
        let fresh = records.iter().map(|(id, _)| Touched { collection: into, id: id.clone(), before: None });
        self.touched.extend(fresh);
        let records = records.iter().map(|(_, record)| record);
        self.inner.collection::<T>(into.0).insert_many(records).map_err(unavailable).map(drop)
    }

    /// Stores a document under its id, in place of the one that may be there.
    ///
    /// # Errors
    /// As for [`Txn::insert`].
    pub fn put<T: Serialize>(&mut self, into: Collection, id: impl Into<Bson>, record: &T) -> Result<()> {
        self.take(into, id)?;
        self.pass(Call::Write)?;
        self.inner.collection::<T>(into.0).insert_one(record).map_err(unavailable).map(drop)
    }

    /// Removes a document and answers with it.
    ///
    /// # Errors
    /// As for [`Txn::insert`].
    pub fn take(&mut self, from: Collection, id: impl Into<Bson>) -> Result<Option<Document>> {
        let id = id.into();
        let before = self.get::<Document>(from, id.clone())?;
        self.touched.push(Touched { collection: from, id: id.clone(), before: before.clone() });
        if before.is_some() {
            self.pass(Call::Write)?;
            self.inner.collection::<Document>(from.0).delete_one(doc! { "_id": id }).map_err(unavailable)?;
        }
        Ok(before)
    }

    /// Puts back what a failed commit touched, so that it cannot show even if the log kept it.
    ///
    /// # Errors
    /// As for [`Txn::insert`].
    pub fn restore(&mut self, touched: &[Touched]) -> Result<()> {
        for Touched { collection, id, before } in touched {
            match before {
                Some(before) => self.put(*collection, id.clone(), before)?,
                // The log may hold what the database does not show: a deletion in its place, whether it shows or not.
                None => self.bury(*collection, id)?,
            }
        }
        Ok(())
    }

    fn bury(&mut self, from: Collection, id: &Bson) -> Result<()> {
        if self.take(from, id.clone())?.is_none() {
            self.pass(Call::Write)?;
            let collection = self.inner.collection::<Document>(from.0);
            collection.insert_one(doc! { "_id": id.clone() }).map_err(unavailable)?;
            collection.delete_one(doc! { "_id": id.clone() }).map_err(unavailable)?;
        }
        Ok(())
    }

    /// Makes it all durable: returns after the fsync.
    ///
    /// # Errors
    /// With what was touched.
    pub fn commit(self) -> std::result::Result<(), CommitFailed> {
        let committed = self
            .pass(Call::Commit)
            .and_then(|()| self.inner.commit().map_err(unavailable))
            .and_then(|()| self.pass(Call::Committed));
        committed.map_err(|error| CommitFailed { error, touched: self.touched })
    }
}

fn unavailable(error: polodb_core::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn failed(from: Collection, error: polodb_core::Error) -> StoreError {
    match error {
        polodb_core::Error::BsonDeErr(error) => StoreError::Corrupt(format!("a document of {}: {error}", from.0)),
        error => unavailable(error),
    }
}
