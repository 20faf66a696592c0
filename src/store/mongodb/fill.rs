//! Filling an empty database with what another store has, as it is there.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Collection;
use mongodb::error::{Error, ErrorKind};

use super::database::{Db, soon, within};
use super::documents::{call_document, message_document, room_document, user_document};
use super::failure::Failure;
use super::takeover;
use crate::store::{Loading, Records, Result, StoreError};

/// What a database that is being filled is marked by, in `tincan_meta`.
const MARK: &str = "filling";
/// A large batch on a slow server; no user waits for it.
const BATCH_TAKES: Duration = Duration::from_secs(60);

/// What the database is being filled from, if it is.
pub(super) async fn unfinished(db: &Db) -> Result<Option<String>> {
    let mark = soon(db.meta.find_one(doc! { "_id": MARK })).await?;
    Ok(mark.map(|mark| mark.get_str("origin").unwrap_or("somewhere").to_owned()))
}

/// Whether there is no document of any kind.
pub(super) async fn is_empty(db: &Db) -> Result<bool> {
    for collection in [&db.users, &db.rooms, &db.messages, &db.calls] {
        if soon(collection.find_one(doc! {}).projection(doc! { "_id": 1 })).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// See [`crate::store::Store::begin_load`].
pub(super) async fn begin(db: &Db, origin: &str) -> Result<Loading> {
    match unfinished(db).await? {
        Some(before) if before == origin => return Ok(Loading::Resumed),
        Some(_) => return Ok(Loading::Refused),
        None => {}
    }
    if !is_empty(db).await? {
        return Ok(Loading::Refused);
    }
    match soon(db.meta.insert_one(doc! { "_id": MARK, "origin": origin })).await {
        Ok(_) => Ok(Loading::Begun),
        // Somebody else began at the same moment.
        Err(Failure::Duplicate(_)) => Ok(Loading::Refused),
        Err(Failure::Other(error)) => Err(error),
    }
}

/// See [`crate::store::Store::load`]. Names get their keys at the end, when it is known which of them several have.
pub(super) async fn load(db: &Db, records: Records) -> Result<()> {
    match records {
        Records::Users(users) => {
            let documents = users.iter().map(user_document).map(without_keys).collect::<Result<_>>()?;
            insert_new(&db.users, documents).await
        }
        Records::Rooms(rooms) => {
            let documents = rooms.iter().map(room_document).map(without_keys).collect::<Result<_>>()?;
            insert_new(&db.rooms, documents).await
        }
        Records::Calls(calls) => insert_new(&db.calls, calls.iter().map(call_document).collect::<Result<_>>()?).await,
        Records::Messages(_, messages) if messages.is_empty() => Ok(()),
        Records::Messages(_, messages) => {
            let documents = messages.iter().map(message_document).collect::<Result<Vec<_>>>()?;
            // In order, so that what an interrupted copy leaves of a room has no gap and can be gone on with.
            within(BATCH_TAKES, db.messages.insert_many(documents)).await?;
            Ok(())
        }
    }
}

fn without_keys(document: Result<Document>) -> Result<Document> {
    const KEYS: [&str; 6] = ["usernameKey", "emailKey", "uniqueUsername", "uniqueEmail", "nameKey", "uniqueName"];
    let mut document = document?;
    KEYS.iter().for_each(|key| drop(document.remove(key)));
    Ok(document)
}

/// Inserts those that are not there.
async fn insert_new(collection: &Collection<Document>, documents: Vec<Document>) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let insert = async { Ok(collection.insert_many(documents).ordered(false).await) };
    match within(BATCH_TAKES, insert).await? {
        Err(error) if !all_were_there(&error) => Err(Failure::from(error).into()),
        _ => Ok(()),
    }
}

fn all_were_there(error: &Error) -> bool {
    let ErrorKind::InsertMany(insert) = &*error.kind else { return false };
    let errors = insert.write_errors.as_deref().unwrap_or_default();
    let there = |message: &str| message.contains(" index: _id_ ");
    insert.write_concern_error.is_none() && errors.iter().all(|error| error.code == 11000 && there(&error.message))
}

/// See [`crate::store::Store::end_load`].
pub(super) async fn end(db: &Db) -> Result<()> {
    takeover::fill_keys(db).await?;
    soon(db.meta.delete_one(doc! { "_id": MARK })).await.map(drop).map_err(StoreError::from)
}
