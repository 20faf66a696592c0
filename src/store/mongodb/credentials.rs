//! What opens an account: its password, its tokens, the code for a new password.

use bson::{Document, doc};

use super::database::Db;
use super::documents::{ended_tokens, oid, read_user};
use crate::model::{PasswordHash, Proof, Reset, Timestamp, User, UserId};
use crate::store::records::{ResetRecord, date, hash_text};
use crate::store::{Result, StoreError};

pub(super) async fn set_password(
    db: &Db,
    id: UserId,
    proof: &Proof,
    password: PasswordHash,
    now: Timestamp,
) -> Result<Option<User>> {
    let mut filter = doc! { "_id": oid(id) };
    if *proof != Proof::Operator {
        filter.insert("tincanDisabled", doc! { "$ne": true });
    }
    match proof {
        Proof::Operator => {}
        Proof::Password(current) => drop(filter.insert("password", current.expose())),
        Proof::Reset(hash) => {
            filter.insert("tincanReset.hash", hash_text(*hash));
            filter.insert("tincanReset.expiresAt", doc! { "$gt": date(now) });
        }
    }
    let mut set = ended_tokens(&db.names, now);
    set.insert("password", doc! { "$literal": password.expose() });
    let mut unset = vec!["tincanReset"];
    if matches!(proof, Proof::Reset(..)) {
        set.insert("tincanResetAt", date(now));
    } else {
        unset.push("tincanResetAt");
    }
    change(db, filter, vec![doc! { "$set": set }, doc! { "$unset": unset }]).await
}

/// Changes the account that a filter finds, and answers with it.
async fn change(db: &Db, filter: Document, pipeline: Vec<Document>) -> Result<Option<User>> {
    let changed = db.change_one(&db.users, filter, pipeline).await?;
    Ok(changed.and_then(|user| db.read_one(&db.users, &user, read_user)))
}

pub(super) async fn end_tokens(db: &Db, id: UserId, now: Timestamp) -> Result<Option<User>> {
    change(db, doc! { "_id": oid(id) }, vec![doc! { "$set": ended_tokens(&db.names, now) }]).await
}

pub(super) async fn set_reset(db: &Db, id: UserId, reset: &Reset) -> Result<Option<User>> {
    let record = bson::to_bson(&ResetRecord::from(reset)).map_err(|error| StoreError::Bug(error.to_string()))?;
    let set = doc! { "$set": { "tincanReset": { "$literal": record } } };
    change(db, doc! { "_id": oid(id) }, vec![set]).await
}

pub(super) async fn note_reset_told(db: &Db, id: UserId) -> Result<()> {
    change(db, doc! { "_id": oid(id) }, vec![doc! { "$unset": "tincanResetAt" }]).await.map(drop)
}
