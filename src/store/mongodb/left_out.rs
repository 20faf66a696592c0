//! What every answer passes over because it cannot be read: counted, and told in the log.

use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::Collection;

use super::database::Db;
use super::documents::numbered;
use super::odd::{NO_CALL, NO_ID, NO_NAME, NO_NUMBER, NO_ROOM, NO_USERNAME};
use crate::store::{LeftOut, Result};

/// Looking at every message takes about a second for a million of them; an operator waits for it.
const LOOKING_TAKES: Duration = Duration::from_secs(600);
/// At the start a collection is looked through only where it is no larger.
const LARGEST_AT_START: u64 = 200_000;

/// Documents that are passed over for one reason.
struct Kind {
    collection: fn(&Db) -> &Collection<Document>,
    reason: &'static str,
    /// Which they are, as an expression of an aggregation.
    which: fn(&Db) -> Document,
}

fn no_id() -> Document {
    doc! { "$ne": [{ "$type": "$_id" }, "objectId"] }
}

fn no_text(field: &str) -> Document {
    let field = format!("${field}");
    doc! { "$or": [{ "$ne": [{ "$type": &field }, "string"] }, { "$eq": [field, ""] }] }
}

fn but(which: Document) -> Document {
    doc! { "$and": [{ "$not": no_id() }, which] }
}

const KINDS: [Kind; 8] = [
    Kind { collection: |db| &db.users, reason: NO_ID, which: |_| no_id() },
    Kind { collection: |db| &db.users, reason: NO_USERNAME, which: |_| but(no_text("username")) },
    Kind { collection: |db| &db.rooms, reason: NO_ID, which: |_| no_id() },
    Kind { collection: |db| &db.rooms, reason: NO_NAME, which: |_| but(no_text("name")) },
    Kind { collection: |db| &db.messages, reason: NO_ID, which: |_| no_id() },
    Kind {
        collection: |db| &db.messages,
        reason: NO_ROOM,
        which: |_| but(doc! { "$ne": [{ "$type": "$room" }, "objectId"] }),
    },
    Kind { collection: |db| &db.messages, reason: NO_NUMBER, which: no_number },
    Kind { collection: |db| &db.calls, reason: NO_CALL, which: |_| no_call() },
];

fn no_number(db: &Db) -> Document {
    let seq = format!("${}", db.names.seq);
    // One that has none yet gets one.
    let none = doc! { "$in": [{ "$type": &seq }, ["missing", "null", "undefined"]] };
    let whole = doc! { "$and": [
        { "$in": [{ "$type": &seq }, ["int", "long", "double"]] },
        { "$gt": [&seq, 0] },
        { "$eq": [&seq, { "$cond": [{ "$isNumber": &seq }, { "$trunc": [&seq] }, 0] }] },
    ] };
    let in_a_room = doc! { "$eq": [{ "$type": "$room" }, "objectId"] };
    doc! { "$and": [{ "$not": no_id() }, in_a_room, { "$not": { "$or": [none, whole] } }] }
}

fn no_call() -> Document {
    let is = |field: &str, kind: &str| doc! { "$eq": [{ "$type": format!("${field}") }, kind] };
    let ours = [
        is("_id", "objectId"),
        is("callType", "string"),
        is("status", "string"),
        is("createdBy", "objectId"),
        is("participants", "array"),
        is("invited", "array"),
        is("createdAt", "date"),
    ];
    doc! { "$not": { "$and": ours.to_vec() } }
}

/// How many there are, and the `_id` of one.
async fn count(db: &Db, kind: &Kind, sample: Option<u64>) -> Result<Option<(u64, String)>> {
    let mut pipeline: Vec<Document> = sample.map(|most| doc! { "$limit": most as i64 }).into_iter().collect();
    pipeline.extend([
        doc! { "$match": { "$expr": (kind.which)(db) } },
        doc! { "$group": { "_id": Bson::Null, "count": { "$sum": 1_i64 }, "one": { "$first": "$_id" } } },
    ]);
    let found = db.aggregate(LOOKING_TAKES, (kind.collection)(db), pipeline).await?;
    let Some(group) = found.first() else { return Ok(None) };
    let count = group.get_i64("count").unwrap_or(0).unsigned_abs();
    Ok(Some((count, group.get("one").map(ToString::to_string).unwrap_or_default())))
}

/// See [`crate::store::Store::left_out`].
pub(super) async fn all(db: &Db) -> Result<Vec<LeftOut>> {
    let mut all = Vec::new();
    for kind in &KINDS {
        if let Some((count, id)) = count(db, kind, None).await? {
            let what = format!("{}, because {} (one has the _id {id})", (kind.collection)(db).name(), kind.reason);
            all.push(LeftOut { what, count });
        }
    }
    if let Some((count, id)) = without_a_room(db).await? {
        all.push(LeftOut { what: format!("messages, because their room is not there (one is {id})"), count });
    }
    if let Some(count) = other_calls(db).await? {
        all.push(LeftOut { what: "documents of another program in the collection calls".to_owned(), count });
    }
    Ok(all)
}

/// Messages of rooms that were removed, or cannot be read: how many, and such a room.
async fn without_a_room(db: &Db) -> Result<Option<(u64, String)>> {
    let readable = doc! { "$match": { "$expr": { "$not": no_text("name") } } };
    let room = doc! {
        "from": db.rooms.name(),
        "localField": "_id",
        "foreignField": "_id",
        "pipeline": [readable, { "$project": { "_id": 1 } }],
        "as": "there",
    };
    let pipeline = vec![
        doc! { "$match": {
            "room": { "$type": "objectId" }, "_id": { "$type": "objectId" }, db.names.seq: numbered(),
        } },
        doc! { "$group": { "_id": "$room", "count": { "$sum": 1_i64 } } },
        doc! { "$lookup": room },
        doc! { "$match": { "there": [] } },
        doc! { "$group": { "_id": Bson::Null, "count": { "$sum": "$count" }, "one": { "$first": "$_id" } } },
    ];
    let found = db.aggregate(LOOKING_TAKES, &db.messages, pipeline).await?;
    let Some(group) = found.first() else { return Ok(None) };
    let count = group.get_i64("count").unwrap_or(0).unsigned_abs();
    Ok(Some((count, group.get("one").map(ToString::to_string).unwrap_or_default())))
}

/// How many documents another program keeps in `calls`, where ours are in a collection of their own.
async fn other_calls(db: &Db) -> Result<Option<u64>> {
    if db.names.calls == super::names::Names::OURS.calls {
        return Ok(None);
    }
    let count = async move |db: Db| {
        db.database.collection::<Document>(super::names::Names::OURS.calls).estimated_document_count().await
    };
    let count = db.run("reading calls", count).await?;
    Ok((count > 0).then_some(count))
}

/// Tells the operator what is left out, one line a kind. Of a large collection only the beginning is looked at; what
/// lies behind it is told when it is met.
pub(super) async fn tell(db: &Db) {
    for kind in &KINDS {
        let name = (kind.collection)(db).name();
        match count(db, kind, Some(LARGEST_AT_START)).await {
            Ok(Some((count, id))) => {
                // Also where one of them was met, and told of without a count.
                db.odd.first(name, kind.reason);
                tracing::warn!("{name}: {count} documents are left out because {} (one has the _id {id})", kind.reason);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "it is not known which documents of {name} are left out"),
        }
    }
    match other_calls(db).await {
        Ok(Some(count)) => tracing::warn!("calls: {count} documents are left out because they are another program's"),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "it is not known what another program keeps in calls"),
    }
}
