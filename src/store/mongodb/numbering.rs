//! Numbers for messages that have none, as a Node backend writes them: behind what is numbered, in the order of their
//! time.
//!
//! One process at a time numbers, by a lease in the database; appends may go on meanwhile. Messages are numbered in
//! order and in pieces, so a kill in the middle leaves a beginning that is right and a rest that is done later.

use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use mongodb::options::FindOptions;

use super::database::{Db, durable};
use super::documents::{oid, stored_seq};
use super::updates::{Statement, update};
use super::{ends, messages};
use crate::model::RoomId;
use crate::store::{Result, StoreError};

/// How many messages of a room are numbered in one piece.
const PIECE: i64 = 20_000;
/// Up to so many, one statement a message, which stops at the first that somebody was faster to number.
const FEW: usize = 500;
/// A piece takes about half a second; this is for a database that is very slow.
const PIECE_TAKES: Duration = Duration::from_secs(45);
/// How long a process that died holds the others up. Renewed often enough that a few lost renewals do no harm.
const LEASE: Duration = Duration::from_secs(8);
const RENEWED: Duration = Duration::from_secs(2);
const PROGRESS: Duration = Duration::from_secs(2);
/// So many messages that the database does not let us number are passed over in a room; more are left for another
/// start.
const MOST_PASSED_OVER: usize = 1000;

/// Numbers all there is, waiting for a process that is doing so.
pub(super) async fn number_all(db: &Db) -> Result<u64> {
    if next_room(db, None).await?.is_none() {
        return Ok(0);
    }
    let lease = Lease::new(db);
    while !lease.take().await? {
        tracing::info!("another server is numbering messages; waiting for it");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    number_under(db, &lease).await
}

/// Numbers what there is, unless another process does.
pub(super) async fn number_if_free(db: &Db) -> Result<u64> {
    let lease = Lease::new(db);
    if next_room(db, None).await?.is_none() || !lease.take().await? {
        return Ok(0);
    }
    number_under(db, &lease).await
}

async fn number_under(db: &Db, lease: &Lease<'_>) -> Result<u64> {
    let numbered = tokio::select! {
        numbered = number_rooms(db) => numbered,
        lost = lease.keep() => Err(lost),
    };
    // Whatever happened, the others need not wait for the lease to run out; where this fails too, they do.
    let released = lease.release().await;
    numbered.and_then(|count| released.map(|()| count))
}

async fn number_rooms(db: &Db) -> Result<u64> {
    let mut progress = Progress::new(db).await?;
    let mut room = None;
    while let Some(next) = next_room(db, room).await? {
        let mut passed_over = Vec::new();
        loop {
            let count = number_piece(db, next, &mut passed_over).await?;
            if count == 0 {
                break;
            }
            progress.add(count);
            db.numbered.add(next);
        }
        room = Some(next);
    }
    Ok(progress.done)
}

/// Messages that get a number: what is no id, a list of ids either, names no room and no message, and stays as it is.
fn without_number(db: &Db, room: Document) -> Document {
    let no_list = doc! { "$exists": false };
    doc! { "room": room, "room.0": no_list, db.names.seq: Bson::Null, "_id": { "$type": "objectId" } }
}

/// The next room, in the order of ids, that has messages without a number.
async fn next_room(db: &Db, after: Option<RoomId>) -> Result<Option<RoomId>> {
    let room = after.map_or_else(|| doc! { "$type": "objectId" }, |room| doc! { "$gt": oid(room) });
    let options = FindOptions::builder().sort(doc! { "room": 1 }).projection(doc! { "room": 1 }).limit(1).build();
    let found = db.find_within(PIECE_TAKES, &db.messages, without_number(db, room), options).await?;
    let room = found.first().and_then(|message| message.get_object_id("room").ok());
    Ok(room.map(|id| RoomId::from_bytes(id.bytes())))
}

/// Numbers the oldest of a room's messages that have no number, and says how many; 0 where there are none. What the
/// database does not let us change, as a validator of another program's may, is added to those that are passed over.
async fn number_piece(db: &Db, room: RoomId, passed_over: &mut Vec<ObjectId>) -> Result<u64> {
    loop {
        let end = messages::numbering_end(db, room).await?;
        let waiting = oldest(db, room, FEW as i64 + 1, passed_over).await?;
        if waiting.is_empty() || passed_over.len() > MOST_PASSED_OVER {
            return Ok(0);
        }
        // A whole piece stops at the first message that is refused; then they are numbered in small steps.
        let many = waiting.len() > FEW && passed_over.is_empty() && number_many(db, room, end).await;
        let numbered = if many {
            messages::numbering_end(db, room).await?.saturating_sub(end)
        } else {
            number_few(db, &waiting[..waiting.len().min(FEW)], end, passed_over).await?
        };
        if numbered > 0 {
            ends::raise(db, &[(room, end + numbered)]).await?;
            return Ok(numbered);
        }
    }
}

async fn oldest(db: &Db, room: RoomId, limit: i64, passed_over: &[ObjectId]) -> Result<Vec<ObjectId>> {
    let mut filter = without_number(db, doc! { "$eq": oid(room) });
    if !passed_over.is_empty() {
        filter.insert("_id", doc! { "$type": "objectId", "$nin": passed_over });
    }
    let options = FindOptions::builder()
        .sort(doc! { "timestamp": 1, "_id": 1 })
        .projection(doc! { "_id": 1 })
        .limit(limit)
        .build();
    let found = db.find(&db.messages, filter, options).await?;
    Ok(found.iter().filter_map(|message| message.get_object_id("_id").ok()).collect())
}

/// One after the other, up to the first number that an append was faster to take, or the first message that is refused.
async fn number_few(db: &Db, ids: &[ObjectId], end: u64, passed_over: &mut Vec<ObjectId>) -> Result<u64> {
    let seq = db.names.seq;
    let statement = |(id, number): (&ObjectId, u64)| {
        Statement::new(doc! { "_id": id, seq: Bson::Null }, doc! { "$set": { seq: stored_seq(number) } })
    };
    let statements: Vec<Statement> = ids.iter().zip(end + 1..).map(statement).collect();
    let refused = update(db, &db.messages, &statements, true, durable()).await?;
    let Some(first) = refused.first() else { return Ok(ids.len() as u64) };
    if first.duplicate_of().as_deref() != Some(&db.names.room_seq_index()) {
        if passed_over.is_empty() {
            tracing::warn!(
                "the message {} gets no number and is left out: {}",
                ids[first.index],
                first.told(&db.messages)
            );
        }
        passed_over.push(ids[first.index]);
    }
    Ok(first.index as u64)
}

/// A whole piece inside the database, four times as fast as one statement a message. Whether it was carried out: an
/// append may have taken one of the numbers, or a message may be refused; those before it are numbered all the same,
/// and the rest is done again.
async fn number_many(db: &Db, room: RoomId, end: u64) -> bool {
    let pipeline = vec![
        doc! { "$match": without_number(db, doc! { "$eq": oid(room) }) },
        doc! { "$sort": { "timestamp": 1, "_id": 1 } },
        doc! { "$limit": PIECE },
        doc! { "$group": { "_id": Bson::Null, "ids": { "$push": "$_id" } } },
        doc! { "$unwind": { "path": "$ids", "includeArrayIndex": "place" } },
        doc! { "$project": { "_id": "$ids", db.names.seq: { "$add": ["$place", stored_seq(end) + 1] } } },
        doc! { "$merge": {
            "into": db.messages.name(), "on": "_id", "whenMatched": "merge", "whenNotMatched": "discard",
        } },
    ];
    let aggregate = async move |db: Db| db.messages.aggregate(pipeline).write_concern(durable()).await.map(drop);
    db.run_within(PIECE_TAKES, "numbering messages", aggregate).await.is_ok()
}

/// The right to number, for one process at a time.
struct Lease<'a> {
    db: &'a Db,
    holder: ObjectId,
}

impl<'a> Lease<'a> {
    const ID: &'static str = "numbering";

    fn new(db: &'a Db) -> Self {
        Self { db, holder: ObjectId::new() }
    }

    /// Takes or renews it, by the database's clock; `false` where another process has it.
    async fn take(&self) -> Result<bool> {
        let nobody = doc! { "$setOnInsert": { "until": DateTime::from_millis(0) } };
        let make = async move |db: Db| db.meta.update_one(doc! { "_id": Self::ID }, nobody).upsert(true).await;
        self.db.run("writing tincan_meta", make).await?;
        let free = doc! { "$or": [{ "$lt": ["$until", "$$NOW"] }, { "$eq": ["$holder", self.holder] }] };
        let until = doc! { "$add": ["$$NOW", LEASE.as_millis() as i64] };
        let change = vec![doc! { "$set": { "holder": self.holder, "until": until } }];
        let one = doc! { "_id": Self::ID, "$expr": free };
        let take = async move |db: Db| db.meta.update_one(one, change).await;
        Ok(self.db.run("writing tincan_meta", take).await?.matched_count == 1)
    }

    /// Renews it for as long as it is polled; answers only when it is lost.
    async fn keep(&self) -> StoreError {
        loop {
            tokio::time::sleep(RENEWED).await;
            match self.take().await {
                Ok(true) => {}
                Ok(false) => return StoreError::Unavailable("another server numbers the messages".to_owned()),
                Err(error) => return error,
            }
        }
    }

    async fn release(&self) -> Result<()> {
        let mine = doc! { "_id": Self::ID, "holder": self.holder };
        let free = doc! { "$set": { "until": DateTime::from_millis(0) } };
        let release = async move |db: Db| db.meta.update_one(mine, free).await;
        Ok(self.db.run("writing tincan_meta", release).await.map(drop)?)
    }
}

/// Tells the operator now and then how far it is.
struct Progress {
    done: u64,
    all: u64,
    began: Instant,
    told: Instant,
}

impl Progress {
    async fn new(db: &Db) -> Result<Self> {
        let count = async move |db: Db| db.messages.estimated_document_count().await;
        let all = db.run("reading messages", count).await?;
        Ok(Self { done: 0, all, began: Instant::now(), told: Instant::now() })
    }

    fn add(&mut self, count: u64) {
        self.done += count;
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            let rate = self.done as f64 / self.began.elapsed().as_secs_f64();
            tracing::info!("numbered {} messages of at most {}, {rate:.0} a second", self.done, self.all);
        }
    }
}
