//! Calls.

use bson::oid::ObjectId;
use bson::{Bson, doc};
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{call_document, oid, read_call};
use super::failure::CommandError;
use super::indexes::{ENGAGED, OPEN_ROOM};
use crate::model::{Call, CallId, UserId};
use crate::store::Result;

/// The field of a call that names who has stored it as it is.
const BY: &str = "by";

/// See [`crate::store::Store::change_call`]; `by` is this handle of the store.
pub(super) async fn change(db: &Db, by: ObjectId, call: &Call) -> Result<bool> {
    let mut document = call_document(call)?;
    document.insert(BY, by);
    let revision = call.revision as i64;
    let before = match revision - 1 {
        // What was stored before changes were counted has no number.
        0 => doc! { "revision": { "$in": [0_i64, Bson::Null] } },
        before => doc! { "revision": before },
    };
    let over = doc! { "_id": oid(call.id), "$or": [before, { "revision": revision, BY: by }] };
    let write = async move |db: Db| db.calls.replace_one(over, document).upsert(true).await;
    match db.run("writing calls", write).await {
        Ok(_) => Ok(true),
        // It is there with another revision, so that it would have to be new; or another call is in the way.
        Err(CommandError::Duplicate { index, .. }) if ["_id_", ENGAGED, OPEN_ROOM].contains(&index.as_str()) => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn of(db: &Db, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let place = before.map_or_else(|| doc! { "$type": "objectId" }, |before| doc! { "$lt": oid(before) });
    let filter = doc! { "people": oid(user), "_id": place };
    let options = FindOptions::builder().sort(doc! { "_id": -1 }).build();
    Ok(db.readable(&db.calls, filter, options, limit, read_call).await?)
}

/// Those that have not ended.
pub(super) async fn open(db: &Db) -> Result<Vec<Call>> {
    let found = db.find(&db.calls, doc! { "open": true }, FindOptions::default()).await?;
    Ok(found.iter().filter_map(|document| db.read_one(&db.calls, document, read_call)).collect())
}

pub(super) async fn dump(db: &Db, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let place = after.map_or_else(|| doc! { "$type": "objectId" }, |after| doc! { "$gt": oid(after) });
    // However many documents of others there are, they are passed over where they lie.
    let filter = doc! { "_id": place, "people": { "$type": "objectId" }, "callType": { "$type": "string" } };
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    Ok(db.readable(&db.calls, filter, options, limit, read_call).await?)
}
