//! Removals that were promised: done behind in batches, taken up again after a restart.

use std::time::Duration;

use bson::{Bson, DateTime, Document, doc};
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{KIND, numbered, oid};
use super::promises::Removal;
use super::{ends, invites, memberships, readers, rooms};
use crate::model::{RoomId, RoomKind};
use crate::store::Result;

/// How many messages go at once; a batch holds others up for a few milliseconds.
const BATCH: i64 = 1000;
/// How long a removed room is looked after: an append that another server had under way when the room went is swept up
/// too.
const WATCHED: Duration = Duration::from_secs(60);

/// Removes all that belongs to it, and strikes it off the list when nothing more can come.
pub(super) async fn carry_out(db: &Db, removal: Removal) -> Result<()> {
    let mut done = removal.key();
    match removal {
        Removal::User(id) => {
            let user = doc! { "_id": oid(id) };
            db.run("writing users", async move |db| db.users.delete_one(user).await).await?;
            invites::remove_of(db, id).await?;
            memberships::end_all(db, id).await?;
            readers::forget_user(db, id).await?;
            // Nothing can be taken out of what is no list; a direct room keeps the two.
            let open = doc! { "participants": { "$eq": oid(id), "$type": "array" }, KIND: Bson::Null };
            let out = doc! { "$pull": { "participants": oid(id) } };
            db.run("writing rooms", async move |db| db.rooms.update_many(open, out).await).await?;
        }
        Removal::Room(id) => {
            let room = doc! { "_id": oid(id) };
            db.run("writing rooms", async move |db| db.rooms.delete_one(room).await).await?;
            while remove_batch(db, id).await? > 0 {}
            ends::forget(db, id).await?;
            readers::forget_room(db, id).await?;
            done.insert("at", long_ago());
        }
        Removal::Emptied(id) => {
            let emptied = doc! { "_id": oid(id), KIND: RoomKind::Private.as_str(), "participants": { "$size": 0 } };
            if db.find_one(&db.rooms, emptied, FindOptions::default()).await?.is_some() {
                rooms::delete(db, id).await?;
            }
            done.insert("at", long_ago());
        }
    }
    Ok(db.run("writing tincan_pending", async move |db| db.pending.delete_one(done).await).await.map(drop)?)
}

/// From when on a removed room is looked after no more.
fn long_ago() -> Document {
    doc! { "$lt": DateTime::from_millis(DateTime::now().timestamp_millis() - WATCHED.as_millis() as i64) }
}

/// Takes some of a room's messages away, unnumbered ones too, and says how many.
async fn remove_batch(db: &Db, room: RoomId) -> Result<u64> {
    let mut removed = 0;
    let seq = db.names.seq;
    // Each filter has an index of its own; every message is under one of them.
    for filter in [
        doc! { "room": oid(room), seq: numbered() },
        doc! { "room": oid(room), seq: Bson::Null, "_id": { "$type": "objectId" } },
    ] {
        let options = FindOptions::builder().projection(doc! { "_id": 1 }).limit(BATCH).build();
        let found = db.find(&db.messages, filter, options).await?;
        if !found.is_empty() {
            let ids: Vec<Bson> = found.iter().filter_map(|document| document.get("_id").cloned()).collect();
            let these = doc! { "_id": { "$in": ids } };
            let remove = async move |db: Db| db.messages.delete_many(these).await;
            removed += db.run("writing messages", remove).await?.deleted_count;
        }
    }
    Ok(removed)
}

/// Goes on with everything on the list. One that fails does not hold the others up.
pub(super) async fn settle(db: &Db) -> Result<()> {
    let mut settled = Ok(());
    for removal in db.find(&db.pending, doc! {}, FindOptions::default()).await?.iter().filter_map(Removal::read) {
        if let Err(error) = carry_out(db, removal).await {
            settled = Err(error);
        }
    }
    settled
}
