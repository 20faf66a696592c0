//! What all servers keep together, as documents: one a thing, and one a turn. Time is the database's.

use std::time::Duration;

use async_trait::async_trait;
use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Document, doc};
use mongodb::Collection;
use mongodb::error::{Error, ErrorKind, WriteFailure};
use tokio::time::timeout;

use super::items::server_id;
use crate::bus::shelf::Shelf;
use crate::model::ServerId;
use crate::store::StoreError;

/// How long a question to the database may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is said of a document that is there already.
const DUPLICATE: i32 = 11_000;

/// The shelf of a database.
pub(crate) struct Documents {
    shelf: Collection<Document>,
    me: ServerId,
}

impl Documents {
    /// As this server.
    pub(crate) fn of(shelf: Collection<Document>, me: ServerId) -> Self {
        Self { shelf, me }
    }

    /// Takes a turn whose document is there; `None` where it is another's, rests or is not there.
    async fn take(&self, name: &str, lasts: Duration) -> Result<Option<String>, Error> {
        let is_over = doc! { "$expr": { "$lte": ["$until", "$$NOW"] } };
        let free = doc! { "_id": name, "$or": [{ "holder": server_id(self.me) }, is_over] };
        let until = doc! { "$add": ["$$NOW", millis(lasts)] };
        let taken = vec![doc! { "$set": { "holder": server_id(self.me), "until": until } }];
        let before = self.shelf.find_one_and_update(free, taken).await?;
        Ok(before.map(|turn| turn.get_str("note").unwrap_or_default().to_owned()))
    }

    async fn take_or_begin(&self, name: &str, lasts: Duration) -> Result<Option<String>, Error> {
        if let Some(note) = self.take(name, lasts).await? {
            return Ok(Some(note));
        }
        // One that was over long ago, for whoever is first; of several at once one makes it.
        match self.shelf.insert_one(doc! { "_id": name, "until": DateTime::from_millis(0) }).await {
            Ok(_) => self.take(name, lasts).await,
            Err(error) if is_duplicate(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Shelf for Documents {
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = asked(async { self.shelf.find_one(doc! { "_id": name }).await }).await?;
        Ok(found.and_then(|found| found.get_binary_generic("content").ok().cloned()))
    }

    async fn put(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let content = Binary { subtype: BinarySubtype::Generic, bytes: content.to_vec() };
        let document = doc! { "_id": name, "content": content, "at": DateTime::now() };
        asked(async { self.shelf.replace_one(doc! { "_id": name }, document).upsert(true).await }).await.map(drop)
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        asked(async { self.shelf.delete_one(doc! { "_id": name }).await }).await.map(drop)
    }

    async fn take_turn(&self, name: &str, lasts: Duration) -> Result<Option<String>, StoreError> {
        asked(self.take_or_begin(name, lasts)).await
    }

    async fn end_turn(&self, name: &str, rest: Duration, note: &str) -> Result<(), StoreError> {
        let own = doc! { "_id": name, "holder": server_id(self.me) };
        let until = doc! { "$add": ["$$NOW", millis(rest)] };
        let ended = vec![doc! { "$set": { "holder": "", "until": until, "note": { "$literal": note } } }];
        asked(async { self.shelf.update_one(own, ended).await }).await.map(drop)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn is_duplicate(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == DUPLICATE)
}

async fn asked<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(|error| StoreError::Unavailable(error.to_string())),
        Err(_) => Err(StoreError::Unavailable("the database does not answer".to_owned())),
    }
}
