//! Invitations, in a collection of our own.

use bson::{Bson, Document, doc};
use mongodb::options::FindOptions;

use super::database::{Db, at_most};
use super::documents::oid;
use super::names::Names;
use super::odd::{NO_INVITE, Oddity};
use crate::model::{Invite, InviteId, Timestamp, UserId};
use crate::store::records::{InviteRecord, date};
use crate::store::{Result, StoreError};

pub(super) fn document(invite: &Invite) -> Result<Document> {
    bson::to_document(&InviteRecord::from(invite)).map_err(|error| StoreError::Bug(error.to_string()))
}

fn read(_: &Names, document: &Document) -> Result<Invite, Oddity> {
    let odd = |_| Oddity { reason: NO_INVITE, id: document.get("_id").map(ToString::to_string).unwrap_or_default() };
    bson::from_document::<InviteRecord>(document.clone()).map(Invite::from).map_err(odd)
}

pub(super) async fn insert(db: &Db, invite: &Invite) -> Result<()> {
    let document = document(invite)?;
    Ok(db.run("writing tincan_invites", async move |db| db.invites.insert_one(document).await).await.map(drop)?)
}

pub(super) async fn by_code(db: &Db, code: &str) -> Result<Option<Invite>> {
    let found = db.find_one(&db.invites, doc! { "code": code }, FindOptions::default()).await?;
    Ok(found.and_then(|found| db.read_one(&db.invites, &found, read)))
}

/// Those that can be used still.
fn left(now: Timestamp) -> Document {
    doc! { "expiresAt": { "$gt": date(now) }, "$expr": { "$lt": ["$used", "$uses"] } }
}

pub(super) async fn all(db: &Db, of: Option<UserId>, now: Timestamp) -> Result<Vec<Invite>> {
    let mut filter = left(now);
    if let Some(user) = of {
        filter.insert("createdBy", oid(user));
    }
    let options = FindOptions::builder().sort(doc! { "_id": -1 }).build();
    let found = db.find(&db.invites, filter, options).await?;
    Ok(db.read_all(&db.invites, &found, read))
}

/// Has a user use it once.
pub(super) async fn spend(db: &Db, id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>> {
    let filter = doc! { "_id": oid(id), "$or": [{ "pending": oid(user) }, left(now)] };
    let pending = doc! { "$ifNull": ["$pending", []] };
    let used = doc! { "$cond": [{ "$in": [oid(user), &pending] }, "$used", { "$add": ["$used", 1_i64] }] };
    // Both are made from what was there before.
    let once = doc! { "$set": { "used": used, "pending": { "$setUnion": [pending, [oid(user)]] } } };
    let used = db.change_one(&db.invites, filter, vec![once]).await?;
    Ok(used.and_then(|used| db.read_one(&db.invites, &used, read)))
}

/// Has the pending use of a user count, or gives it back.
pub(super) async fn settle(db: &Db, id: InviteId, user: UserId, kept: bool) -> Result<()> {
    let pending = doc! { "_id": oid(id), "pending": oid(user) };
    let back = if kept { 0_i64 } else { -1 };
    let settled = doc! { "$pull": { "pending": oid(user) }, "$inc": { "used": back } };
    let write = async move |db: Db| db.invites.update_one(pending, settled).await;
    Ok(db.run("writing tincan_invites", write).await.map(drop)?)
}

async fn remove_all(db: &Db, which: Document) -> Result<u64> {
    let remove = async move |db: Db| db.invites.delete_many(which).await;
    Ok(db.run("writing tincan_invites", remove).await?.deleted_count)
}

pub(super) async fn remove(db: &Db, id: InviteId) -> Result<bool> {
    Ok(remove_all(db, doc! { "_id": oid(id) }).await? == 1)
}

pub(super) async fn remove_of(db: &Db, user: UserId) -> Result<()> {
    remove_all(db, doc! { "createdBy": oid(user) }).await.map(drop)
}

pub(super) async fn remove_ended(db: &Db, at: Timestamp) -> Result<()> {
    remove_all(db, doc! { "expiresAt": { "$lt": date(at) } }).await.map(drop)
}

pub(super) async fn dump(db: &Db, after: Option<InviteId>, limit: usize) -> Result<Vec<Invite>> {
    let place =
        after.map_or_else(|| Bson::from(doc! { "$type": "objectId" }), |after| doc! { "$gt": oid(after) }.into());
    let filter = doc! { "_id": place, "createdBy": { "$type": "objectId" } };
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).limit(at_most(limit)).build();
    let found = db.find(&db.invites, filter, options).await?;
    Ok(db.read_all(&db.invites, &found, read))
}
