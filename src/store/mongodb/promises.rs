//! Removals that outlast their answer: written down before they begin.

use bson::{DateTime, Document, doc};

use super::database::Db;
use super::documents::oid;
use crate::model::{RoomId, UserId};
use crate::store::Result;

/// What is being removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// An account: out of all rooms.
    User(UserId),
    /// A room: its messages.
    Room(RoomId),
}

impl Removal {
    /// By which it stands on the list.
    pub fn key(self) -> Document {
        match self {
            Self::User(id) => doc! { "_id": oid(id), "kind": "user" },
            Self::Room(id) => doc! { "_id": oid(id), "kind": "room" },
        }
    }

    /// As it stands there.
    pub fn read(document: &Document) -> Option<Self> {
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
    let (key, since) = (removal.key(), doc! { "$setOnInsert": { "at": DateTime::now() } });
    let write = async move |db: Db| db.pending.update_one(key, since).upsert(true).await;
    Ok(db.run("writing tincan_pending", write).await.map(drop)?)
}
