//! The version of the data in a database: what an older program must not touch is refused by it.

use bson::doc;

use super::connect::OpenError;
use super::database::Db;
use super::failure::CommandError;
use crate::store::StoreError;

/// The version of what this program reads. A database of a higher one is refused.
const VERSION: i64 = 2;
/// What a new database is of, so that an older program works on it too.
const FIRST_VERSION: i64 = 1;
/// What a database is of once it holds a room that is not open, which an older program would show to everybody, or an
/// account that is disabled, which it would let in.
const WITH_CLOSED_ROOMS: i64 = 2;

/// Notes the version of the data in a database that has none, and refuses one that is newer than this program. Whether
/// it had none.
pub(super) async fn check(db: &Db) -> Result<bool, OpenError> {
    let database = || db.database.name().to_owned();
    let failed =
        |failure: CommandError| OpenError::Failed { hosts: database(), cause: StoreError::from(failure).to_string() };
    let ours = doc! { "$setOnInsert": { "version": FIRST_VERSION } };
    let note = async move |db: Db| db.meta.find_one_and_update(doc! { "_id": "data" }, ours).upsert(true).await;
    let before = db.run("writing tincan_meta", note).await.map_err(failed)?;
    let new = before.is_none();
    match before.and_then(|document| document.get_i64("version").ok()) {
        Some(found) if found > VERSION => Err(OpenError::Newer { database: database(), found, known: VERSION }),
        _ => Ok(new),
    }
}

/// Notes that the database holds rooms that are not open. To be called before the first one is stored.
pub(super) async fn note_closed_rooms(db: &Db) -> Result<(), CommandError> {
    raise(db).await
}

/// Notes that an account is disabled. To be called before it is.
pub(super) async fn note_disabled(db: &Db) -> Result<(), CommandError> {
    raise(db).await
}

async fn raise(db: &Db) -> Result<(), CommandError> {
    let raise = doc! { "$max": { "version": WITH_CLOSED_ROOMS } };
    let note = async move |db: Db| db.meta.update_one(doc! { "_id": "data" }, raise).await;
    db.run("writing tincan_meta", note).await.map(drop)
}
