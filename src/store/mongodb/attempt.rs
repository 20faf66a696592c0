//! One attempt after the other to store what several appends want in one room, whatever comes between.

use bson::{Bson, Document, doc};
use futures_util::try_join;
use mongodb::options::FindOptions;
use tokio::time::Instant;

use super::database::{Db, PATIENCE};
use super::documents::{message_document, oid, read_message};
use super::failure::{RefusedAt, refused_at, store_error};
use super::messages;
use super::room_batch::RoomBatch;
use super::{ends, readers};
use crate::model::{Message, RoomId};
use crate::store::{Result, StoreError};

/// A room's newest number, where it is known for certain.
pub(super) type End = (RoomId, Option<u64>);

/// What is known of an ordered insert.
pub(super) enum Stored {
    All,
    /// Those before this one, and nothing behind it was tried.
    Before(usize, Why),
    /// Any of them may be stored, or be so later.
    Unknown(StoreError),
}

/// Why an ordered insert stopped.
pub(super) enum Why {
    /// One of our own indexes has its number, its id or its client id already: what is stored has to be looked at.
    Known,
    /// The document is refused by something that is not ours, as another program's unique index or a validator, and
    /// will be again.
    Refused(StoreError),
}

/// Inserts in order, with what is known of it by then.
pub(super) async fn insert(db: &Db, documents: Result<Vec<Document>>, deadline: Instant) -> Stored {
    let documents = match documents {
        Ok(documents) if documents.is_empty() => return Stored::All,
        Ok(documents) => documents,
        Err(error) => return Stored::Unknown(error),
    };
    let limit = deadline.saturating_duration_since(Instant::now());
    let write = async move |db: Db| Ok(db.messages.insert_many(documents).ordered(true).await);
    match db.run_within(limit, WRITING, write).await {
        Ok(Ok(_)) => Stored::All,
        Ok(Err(error)) => match refused_at(&error) {
            Some(refused) => Stored::Before(refused.position, why(db, &refused)),
            None => Stored::Unknown(super::failure::CommandError::Other(store_error(&error)).during(WRITING).into()),
        },
        Err(failure) => Stored::Unknown(failure.into()),
    }
}

const WRITING: &str = "writing messages";

fn why(db: &Db, RefusedAt { index, text, .. }: &RefusedAt) -> Why {
    let ours =
        |index: &str| index == "_id_" || index == db.names.room_seq_index() || index == db.names.client_id_index();
    match index {
        Some(index) if ours(index) => Why::Known,
        _ => Why::Refused(StoreError::Unavailable(format!("{WRITING}: {text}"))),
    }
}

/// Finds out what of a room's batch is stored, and stores the rest, until it is done or its time is over. An attempt
/// that is still under way somewhere harms nothing: a message keeps its id, and a number is given once.
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
    // What is stored is not told either: its numbers may not be written down.
    batch.refuse_all(&trouble);
    (room, None)
}

/// The room's end where nothing waits any more and all numbers are written down, `None` where it must be tried again.
async fn attempt(db: &Db, batch: &mut RoomBatch) -> Result<Option<u64>> {
    batch.found(&find_stored(db, batch).await?);
    let mut end = messages::numbering_end(db, batch.room()).await?;
    loop {
        let count = batch.waiting();
        let documents = batch.numbered(end).map(|message| message_document(&db.names, &message)).collect();
        match insert(db, documents, batch.deadline()).await {
            Stored::All => {
                batch.stored(count);
                end += count as u64;
                let (ends, senders) = ([(batch.room(), end.max(batch.end()))], batch.senders());
                try_join!(ends::raise(db, &ends), readers::sent(db, &senders))?;
                return Ok(Some(end));
            }
            Stored::Before(index, Why::Refused(error)) => {
                batch.stored(index);
                batch.refuse_first(error);
                end += index as u64;
            }
            Stored::Before(index, Why::Known) => {
                batch.stored(index);
                return Ok(None);
            }
            Stored::Unknown(error) => return Err(error),
        }
    }
}

/// The messages of a batch that are stored: under their own id, or under their client id with another one.
async fn find_stored(db: &Db, batch: &RoomBatch) -> Result<Vec<Message>> {
    let (ids, client_ids): (Vec<Bson>, Vec<Bson>) = batch.identities();
    let room = oid(batch.room());
    let by_client_id = doc! { "room": room, db.names.client_id: { "$in": &client_ids, "$type": "string" } };
    let questions =
        [(!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } }), (!client_ids.is_empty()).then_some(by_client_id)];
    let mut found = Vec::new();
    for filter in questions.into_iter().flatten() {
        let documents = db.find(&db.messages, filter, FindOptions::default()).await?;
        found.extend(db.read_all(&db.messages, &documents, read_message));
    }
    Ok(found)
}
