//! One attempt after the other to store what several appends want in one room, whatever comes between.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use tokio::time::Instant;

use super::database::{Db, PATIENCE, soon, within};
use super::documents::{message_document, oid, read_message};
use super::failure::{refused_at, store_error};
use super::messages;
use super::room_batch::RoomBatch;
use crate::model::{Message, RoomId};
use crate::store::{Result, StoreError};

/// A room's newest number, where it is known for certain.
pub(super) type End = (RoomId, Option<u64>);

/// What is known of an ordered insert.
pub(super) enum Stored {
    All,
    /// Those before this one. It was refused by a unique index, and nothing behind it was tried.
    Before(usize),
    /// Any of them may be stored, or be so later.
    Unknown(StoreError),
}

/// Inserts in order, with what is known of it by then.
pub(super) async fn insert(db: &Db, documents: Result<Vec<Document>>, deadline: Instant) -> Stored {
    let documents = match documents {
        Ok(documents) if documents.is_empty() => return Stored::All,
        Ok(documents) => documents,
        Err(error) => return Stored::Unknown(error),
    };
    let write = async { Ok(db.messages.insert_many(documents).ordered(true).await) };
    match within(deadline.saturating_duration_since(Instant::now()), write).await {
        Ok(Ok(_)) => Stored::All,
        Ok(Err(error)) => refused_at(&error).map_or_else(|| Stored::Unknown(store_error(&error)), Stored::Before),
        Err(failure) => Stored::Unknown(failure.into()),
    }
}

/// Finds out what of a room's batch is stored, and stores the rest, until it is done or its time is over. An attempt that is still
/// under way somewhere harms nothing: a message keeps its id, and a number is given once.
pub(super) async fn settle(db: Db, mut batch: RoomBatch) -> End {
    let room = batch.room();
    let mut trouble = StoreError::Unavailable("others kept writing to the room".to_owned());
    while Instant::now() < batch.deadline() {
        match attempt(&db, &mut batch).await {
            Ok(Some(end)) => {
                batch.answer();
                return (room, Some(end));
            }
            Ok(None) => {}
            Err(error) => {
                trouble = error;
                tokio::time::sleep(PATIENCE / 50).await;
            }
        }
    }
    batch.refuse(&trouble);
    (room, None)
}

/// The room's end where nothing waits any more, `None` where it must be tried again.
async fn attempt(db: &Db, batch: &mut RoomBatch) -> Result<Option<u64>> {
    batch.found(&find_stored(db, batch).await?);
    let end = messages::last_seq(db, batch.room()).await?;
    let count = batch.waiting();
    let documents = batch.numbered(end).map(|message| message_document(&message)).collect();
    match insert(db, documents, batch.deadline()).await {
        Stored::All => {
            batch.stored(count);
            Ok(Some(end + count as u64))
        }
        Stored::Before(index) => {
            batch.stored(index);
            Ok(None)
        }
        Stored::Unknown(error) => Err(error),
    }
}

/// The messages of a batch that are stored: under their own id, or under their client id with another one.
async fn find_stored(db: &Db, batch: &RoomBatch) -> Result<Vec<Message>> {
    let (ids, client_ids): (Vec<Bson>, Vec<Bson>) = batch.identities();
    let room = oid(batch.room());
    let questions = [
        (!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } }),
        (!client_ids.is_empty()).then(|| doc! { "room": room, "clientId": { "$in": client_ids } }),
    ];
    let mut found = Vec::new();
    for filter in questions.into_iter().flatten() {
        let documents: Vec<Document> = soon(async { db.messages.find(filter).await?.try_collect().await }).await?;
        for document in &documents {
            found.push(read_message(document)?);
        }
    }
    Ok(found)
}
