//! Filling an empty database with what another store has, as it is there.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Collection;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{call_document, message_document, room_document, user_document};
use super::failure::CommandError;
use super::{ends, invites, readers, takeover};
use crate::store::{Loading, Records, Result, StoreError};

/// What a database that is being filled is marked by, in `tincan_meta`.
const MARK: &str = "filling";
/// A large batch on a slow server; no user waits for it.
const BATCH_TAKES: Duration = Duration::from_secs(60);

/// What the database is being filled from, if it is.
pub(super) async fn unfinished(db: &Db) -> Result<Option<String>> {
    let mark = db.find_one(&db.meta, doc! { "_id": MARK }, FindOptions::default()).await?;
    Ok(mark.map(|mark| mark.get_str("origin").unwrap_or("somewhere").to_owned()))
}

/// Whether there is no document of any kind.
pub(super) async fn is_empty(db: &Db) -> Result<bool> {
    for collection in [&db.users, &db.rooms, &db.messages, &db.calls] {
        // One that does not decode is something too, so it is not read.
        let (collection, doing) = (collection.clone(), format!("reading {}", collection.name()));
        let any = async move |_| collection.count_documents(doc! {}).limit(1).await;
        if db.run(&doing, any).await? > 0 {
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
    let mark = doc! { "_id": MARK, "origin": origin };
    match db.run("writing tincan_meta", async move |db| db.meta.insert_one(mark).await).await {
        Ok(_) => Ok(Loading::Begun),
        // Somebody else began at the same moment.
        Err(CommandError::Duplicate { .. }) => Ok(Loading::Refused),
        Err(CommandError::Other(error)) => Err(error),
    }
}

/// See [`crate::store::Store::load`]. Names get their keys at the end, when it is known which of them several have.
pub(super) async fn load(db: &Db, records: Records) -> Result<()> {
    match records {
        Records::Users(users) => {
            let documents =
                users.iter().map(|user| user_document(&db.names, user)).map(without_keys).collect::<Result<_>>()?;
            put(db, &db.users, documents).await
        }
        Records::Rooms(rooms) => {
            let documents = rooms.iter().map(room_document).map(without_keys).collect::<Result<_>>()?;
            put(db, &db.rooms, documents).await?;
            ends::load(db, &rooms).await
        }
        Records::Calls(calls) => put(db, &db.calls, calls.iter().map(call_document).collect::<Result<_>>()?).await,
        Records::Invites(all) => put(db, &db.invites, all.iter().map(invites::document).collect::<Result<_>>()?).await,
        Records::Readers(room, readers) => readers::load(db, room, &readers).await,
        Records::Messages(_, messages) if messages.is_empty() => Ok(()),
        Records::Messages(_, messages) => {
            let documents: Vec<Document> =
                messages.iter().map(|message| message_document(&db.names, message)).collect::<Result<_>>()?;
            // In order, so that what an interrupted copy leaves of a room has no gap and can be gone on with.
            let write = async move |db: Db| db.messages.insert_many(documents).await.map(drop);
            Ok(db.run_within(BATCH_TAKES, "writing messages", write).await?)
        }
    }
}

fn without_keys(document: Result<Document>) -> Result<Document> {
    const KEYS: [&str; 6] = ["usernameKey", "emailKey", "uniqueUsername", "uniqueEmail", "nameKey", "uniqueName"];
    let mut document = document?;
    KEYS.iter().for_each(|key| drop(document.remove(key)));
    Ok(document)
}

/// Stores documents in the place of those of the same ids: a copy that broke off goes on with what the source has now.
async fn put(db: &Db, collection: &Collection<Document>, documents: Vec<Document>) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let doing = format!("writing {}", collection.name());
    let (inserted, new) = (collection.clone(), documents.clone());
    let insert = async move |_| Ok(inserted.insert_many(new).ordered(false).await);
    let there = match db.run_within(BATCH_TAKES, &doing, insert).await? {
        Ok(_) => return Ok(()),
        Err(error) => were_there(&error).ok_or_else(|| StoreError::from(CommandError::from(error).during(&doing)))?,
    };
    let replaced = collection.clone();
    let replace = async move |_| {
        for document in there.into_iter().filter_map(|index| documents.get(index)) {
            let one = doc! { "_id": document.get("_id").cloned() };
            replaced.replace_one(one, document).await?;
        }
        Ok(())
    };
    Ok(db.run_within(BATCH_TAKES, &doing, replace).await?)
}

/// Which of the documents of an insert were there already, where nothing else went wrong.
fn were_there(error: &Error) -> Option<Vec<usize>> {
    let ErrorKind::InsertMany(insert) = &*error.kind else { return None };
    let errors = insert.write_errors.as_deref().unwrap_or_default();
    let there = |message: &str| message.contains(" index: _id_ ");
    let all =
        insert.write_concern_error.is_none() && errors.iter().all(|error| error.code == 11000 && there(&error.message));
    all.then(|| errors.iter().map(|error| error.index).collect())
}

/// See [`crate::store::Store::end_load`].
pub(super) async fn end(db: &Db) -> Result<()> {
    takeover::fill_keys(db).await?;
    ends::write_down_all(db).await?;
    readers::write_down_all(db).await?;
    let mark = doc! { "_id": MARK };
    let opened = db.run("writing tincan_meta", async move |db| db.meta.delete_one(mark).await).await;
    opened.map(drop).map_err(StoreError::from)
}
