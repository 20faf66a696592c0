//! Transactions, as the few calls of the database that can be trusted: by `_id` alone.
//!
//! Every call passes [`Faults`], so that a test can make the n-th one fail.

use bson::{Bson, Document, doc};
use polodb_core::{CollectionT, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::faults::{Call, Faults};
use crate::store::{Result, StoreError};

/// The name of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collection(pub &'static str);

/// A document that a transaction wrote, as it was before: `None` where there was none.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    pub collection: Collection,
    pub id: Bson,
    pub before: Option<Document>,
}

/// A commit that failed: the database may or may not have made it durable.
#[derive(Debug)]
pub(crate) struct CommitFailed {
    pub error: StoreError,
    /// What to put back, so that nothing of the commit can show later.
    pub touched: Vec<Touched>,
}

/// A transaction; dropped without a commit it leaves nothing.
pub(crate) struct Txn<'a> {
    inner: Transaction,
    faults: Option<&'a dyn Faults>,
    touched: Vec<Touched>,
}

impl<'a> Txn<'a> {
    /// # Errors
    /// What is made to fail.
    pub(crate) fn new(inner: Transaction, faults: Option<&'a dyn Faults>) -> Result<Self> {
        let this = Self { inner, faults, touched: Vec::new() };
        this.pass(Call::Begin)?;
        Ok(this)
    }

    fn pass(&self, call: Call) -> Result<()> {
        self.faults.map_or(Ok(()), |faults| faults.at(call)).map_err(StoreError::Unavailable)
    }

    /// The document of an id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is not of that shape, else [`StoreError::Unavailable`].
    pub(crate) fn get<T>(&self, from: Collection, id: impl Into<Bson>) -> Result<Option<T>>
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
    pub(crate) fn scan<T>(&self, from: Collection, mut each: impl FnMut(Result<T>)) -> Result<()>
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
    pub(crate) fn insert<T: Serialize>(&mut self, into: Collection, records: &[(Bson, T)]) -> Result<()> {
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
    pub(crate) fn put<T: Serialize>(&mut self, into: Collection, id: impl Into<Bson>, record: &T) -> Result<()> {
        self.take(into, id)?;
        self.pass(Call::Write)?;
        self.inner.collection::<T>(into.0).insert_one(record).map_err(unavailable).map(drop)
    }

    /// Removes a document and answers with it.
    ///
    /// # Errors
    /// As for [`Txn::insert`].
    pub(crate) fn take(&mut self, from: Collection, id: impl Into<Bson>) -> Result<Option<Document>> {
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
    pub(crate) fn restore(&mut self, touched: &[Touched]) -> Result<()> {
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
    pub(crate) fn commit(self) -> std::result::Result<(), CommitFailed> {
        let committed = self
            .pass(Call::Commit)
            .and_then(|()| self.inner.commit().map_err(unavailable))
            .and_then(|()| self.pass(Call::Committed));
        committed.map_err(|error| CommitFailed { error, touched: self.touched })
    }
}

/// The database failed, in its own words.
pub(crate) fn unavailable(error: polodb_core::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

fn failed(from: Collection, error: polodb_core::Error) -> StoreError {
    match error {
        polodb_core::Error::BsonDeErr(error) => StoreError::Corrupt(format!("a document of {}: {error}", from.0)),
        error => unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::database::Database;
    use super::*;

    const NUMBERS: Collection = Collection("numbers");

    fn numbers(txn: &Txn<'_>) -> Vec<i32> {
        let mut numbers = Vec::new();
        txn.scan(NUMBERS, |one: Result<Document>| numbers.push(one.unwrap().get_i32("_id").unwrap())).unwrap();
        numbers
    }

    #[test]
    fn a_reading_to_its_end_commits_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(directory.path(), None).unwrap();
        let insert = |txn: &mut Txn<'_>, number: i32| txn.put(NUMBERS, number, &doc! { "_id": number }).unwrap();
        let mut txn = database.begin().unwrap();
        insert(&mut txn, 1);
        assert_eq!(numbers(&txn), [1]);
        assert_eq!(txn.get::<Document>(NUMBERS, 2).unwrap(), None);
        drop(txn);
        let mut txn = database.begin().unwrap();
        assert_eq!(numbers(&txn), [0; 0]);
        // What was committed once takes no second commit.
        insert(&mut txn, 2);
        txn.commit().unwrap();
        assert_eq!(numbers(&database.begin().unwrap()), [2]);
    }

    #[test]
    fn a_document_put_twice_or_restored_is_there_once() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(directory.path(), None).unwrap();
        let mut txn = database.begin().unwrap();
        for text in ["first", "second"] {
            txn.put(NUMBERS, 1, &doc! { "_id": 1, "text": text }).unwrap();
        }
        txn.commit().unwrap();
        let mut txn = database.begin().unwrap();
        txn.put(NUMBERS, 1, &doc! { "_id": 1, "text": "third" }).unwrap();
        txn.insert(NUMBERS, &[(Bson::Int32(2), doc! { "_id": 2 })]).unwrap();
        let touched = txn.touched.clone();
        txn.commit().unwrap();
        let mut txn = database.begin().unwrap();
        txn.restore(&touched).unwrap();
        txn.commit().unwrap();
        let txn = database.begin().unwrap();
        assert_eq!(numbers(&txn), [1]);
        let left = txn.get::<Document>(NUMBERS, 1).unwrap().unwrap();
        assert_eq!(left.get_str("text"), Ok("second"));
    }
}
