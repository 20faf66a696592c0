//! Chooses what our fields are called in a database. Where another program used one of our names before we came, ours
//! get other ones, so that nobody overwrites or trips over the other's.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Collection;
use mongodb::options::FindOptions;

use super::database::Db;
use super::names::Names;
use crate::store::Result;

/// Looking for a field that no index has takes a while in a large collection; done once in the life of a database.
const LOOKING_TAKES: Duration = Duration::from_secs(120);
/// Where the names are kept, in `tincan_meta`.
const KEPT: &str = "names";

/// The names in this database: those that were chosen before, else what is free is chosen. `new` says that no server of
/// ours worked on it yet.
pub(super) async fn settle(db: &Db, new: bool) -> Result<Names> {
    if let Some(kept) = db.find_one(&db.meta, doc! { "_id": KEPT }, FindOptions::default()).await? {
        return Ok(Names::read(&kept));
    }
    if !new {
        return Ok(Names::OURS);
    }
    let names = choose(db).await?;
    let (id, set) = (doc! { "_id": KEPT }, doc! { "$setOnInsert": names.document() });
    db.run("writing tincan_meta", async move |db| db.meta.update_one(id, set).upsert(true).await).await?;
    // Another server may have been faster; what it chose counts.
    let kept = db.find_one(&db.meta, doc! { "_id": KEPT }, FindOptions::default()).await?;
    Ok(kept.map_or(names, |kept| Names::read(&kept)))
}

/// What this server writes itself has a type that programs in JavaScript do not write by chance: a 64-bit whole number.
async fn choose(db: &Db) -> Result<Names> {
    let (ours, others) = (Names::OURS, Names::OTHERS);
    let foreign = |field: &str| doc! { field: { "$exists": true, "$not": { "$type": ["null", "long"] } } };
    let used_with = doc! { "clientId": { "$exists": true, "$ne": null }, "seq": { "$not": { "$type": "long" } } };
    let seq = uses(db, &db.messages, foreign("seq")).await?;
    let client_id = uses(db, &db.messages, used_with).await?;
    let token_version = uses(db, &db.users, foreign("tokenVersion")).await?;
    let calls = uses(db, &db.calls, doc! { "people": { "$exists": false } }).await?;
    let chosen = |taken: bool, ours: &'static str, other: &'static str| if taken { other } else { ours };
    let names = Names {
        seq: chosen(seq, ours.seq, others.seq),
        client_id: chosen(client_id, ours.client_id, others.client_id),
        token_version: chosen(token_version, ours.token_version, others.token_version),
        calls: chosen(calls, ours.calls, others.calls),
    };
    for (taken, what, other) in [
        (seq, "the field seq of messages", others.seq),
        (client_id, "the field clientId of messages", others.client_id),
        (token_version, "the field tokenVersion of users", others.token_version),
        (calls, "the collection calls", others.calls),
    ] {
        if taken {
            tracing::warn!("another program uses {what}; it is left as it is, and Tincan uses {other} instead");
        }
    }
    Ok(names)
}

async fn uses(db: &Db, collection: &Collection<Document>, filter: Document) -> Result<bool> {
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).limit(1).build();
    Ok(!db.find_within(LOOKING_TAKES, collection, filter, options).await?.is_empty())
}
