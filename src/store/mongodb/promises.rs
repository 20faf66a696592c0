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
    /// A private room that its last member is about to leave: where nobody is in it, it is removed.
    Emptied(RoomId),
}

impl Removal {
    /// By which it stands on the list.
    pub(crate) fn key(self) -> Document {
        match self {
            Self::User(id) => doc! { "_id": oid(id), "kind": "user" },
            Self::Room(id) => doc! { "_id": oid(id), "kind": "room" },
            // Beside the removal that follows from it.
            Self::Emptied(id) => doc! { "_id": format!("emptied {id}"), "kind": "emptied", "room": oid(id) },
        }
    }

    /// As it stands there.
    pub(crate) fn read(document: &Document) -> Option<Self> {
        let id = |field| document.get_object_id(field).ok().map(|id| id.bytes());
        match document.get_str("kind").ok()? {
            "user" => id("_id").map(UserId::from_bytes).map(Self::User),
            "room" => id("_id").map(RoomId::from_bytes).map(Self::Room),
            "emptied" => id("room").map(RoomId::from_bytes).map(Self::Emptied),
            _ => None,
        }
    }
}

/// Writes down that it is to be removed. From here on it will be, whatever happens to this process.
pub(super) async fn promise(db: &Db, removal: Removal) -> Result<()> {
    let (key, since) = (removal.key(), doc! { "$set": { "at": DateTime::now() } });
    let write = async move |db: Db| db.pending.update_one(key, since).upsert(true).await;
    Ok(db.run("writing tincan_pending", write).await.map(drop)?)
}
