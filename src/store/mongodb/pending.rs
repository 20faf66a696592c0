//! Removals that outlast their answer: written down before they begin, done behind in batches, taken up again after a restart.

use std::time::Duration;

use bson::{Bson, DateTime, Document, doc};
use futures_util::TryStreamExt;

use super::database::{Db, soon};
use super::documents::oid;
use crate::model::{RoomId, UserId};
use crate::store::Result;

/// How many messages go at once; a batch holds others up for a few milliseconds.
const BATCH: i64 = 1000;
/// How long a removed room is looked after: an append that another server had under way when the room went is swept up too.
const WATCHED: Duration = Duration::from_secs(60);

/// What is being removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// An account: out of all rooms.
    User(UserId),
    /// A room: its messages.
    Room(RoomId),
}

impl Removal {
    fn key(self) -> Document {
        match self {
            Self::User(id) => doc! { "_id": oid(id), "kind": "user" },
            Self::Room(id) => doc! { "_id": oid(id), "kind": "room" },
        }
    }

    fn read(document: &Document) -> Option<Self> {
        let id = document.get_object_id("_id").ok()?.bytes();
        match document.get_str("kind").ok()? {
            "user" => Some(Self::User(UserId::from_bytes(id))),
            "room" => Some(Self::Room(RoomId::from_bytes(id))),
            _ => None,
        }
    }
}

/// Writes down that it is to be removed. From here on it will be, whatever happens to this process.
pub(super) async fn promise(db: &Db, removal: Removal) -> Result<()> {
    let key = removal.key();
    let since = doc! { "$setOnInsert": { "at": DateTime::now() } };
    Ok(soon(db.pending.update_one(key, since).upsert(true)).await.map(drop)?)
}

/// Removes all that belongs to it, and strikes it off the list when nothing more can come.
pub(super) async fn carry_out(db: &Db, removal: Removal) -> Result<()> {
    match removal {
        Removal::User(id) => {
            soon(db.users.delete_one(doc! { "_id": oid(id) })).await?;
            let rooms = doc! { "participants": oid(id) };
            soon(db.rooms.update_many(rooms, doc! { "$pull": { "participants": oid(id) } })).await?;
            soon(db.pending.delete_one(removal.key())).await?;
        }
        Removal::Room(id) => {
            soon(db.rooms.delete_one(doc! { "_id": oid(id) })).await?;
            while remove_batch(db, id).await? > 0 {}
            let mut old = removal.key();
            let before = DateTime::from_millis(DateTime::now().timestamp_millis() - WATCHED.as_millis() as i64);
            old.insert("at", doc! { "$lt": before });
            soon(db.pending.delete_one(old)).await?;
        }
    }
    Ok(())
}

/// Takes some of a room's messages away, unnumbered ones too, and says how many.
async fn remove_batch(db: &Db, room: RoomId) -> Result<u64> {
    let mut removed = 0;
    // Each filter has an index of its own; every message is under one of them.
    for seq in [doc! { "$gt": 0 }, doc! { "$eq": Bson::Null }] {
        let find = db.messages.find(doc! { "room": oid(room), "seq": seq }).projection(doc! { "_id": 1 }).limit(BATCH);
        let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
        if !found.is_empty() {
            let ids: Vec<Bson> = found.iter().filter_map(|document| document.get("_id").cloned()).collect();
            removed += soon(db.messages.delete_many(doc! { "_id": { "$in": ids } })).await?.deleted_count;
        }
    }
    Ok(removed)
}

/// Goes on with everything on the list.
pub(super) async fn settle(db: &Db) -> Result<()> {
    let listed: Vec<Document> = soon(async { db.pending.find(doc! {}).await?.try_collect().await }).await?;
    for removal in listed.iter().filter_map(Removal::read) {
        carry_out(db, removal).await?;
    }
    Ok(())
}
