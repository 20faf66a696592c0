//! Numbers for messages that have none, as a Node backend writes them: behind what is numbered, in the order of their time.
//!
//! One process at a time numbers, by a lease in the database; appends may go on meanwhile. Messages are numbered in order and in pieces, so a
//! kill in the middle leaves a beginning that is right and a rest that is done later.

use std::time::{Duration, Instant};

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use futures_util::TryStreamExt;

use super::database::{Db, durable, soon, within};
use super::documents::{oid, stored_seq};
use super::failure::Failure;
use super::indexes::UNNUMBERED;
use super::messages;
use super::takeover::update;
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
        loop {
            let count = number_piece(db, next).await?;
            if count == 0 {
                break;
            }
            progress.add(count);
        }
        room = Some(next);
    }
    Ok(progress.done)
}

/// The next room, in the order of ids, that has messages without a number. What is no id names no room and stays as it is.
async fn next_room(db: &Db, after: Option<RoomId>) -> Result<Option<RoomId>> {
    let room = after.map_or_else(|| doc! { "$type": "objectId" }, |room| doc! { "$gt": oid(room) });
    let find = db
        .messages
        .find_one(doc! { "room": room, "seq": Bson::Null })
        .sort(doc! { "room": 1 })
        .hint(mongodb::options::Hint::Name(UNNUMBERED.to_owned()))
        .projection(doc! { "room": 1 });
    let found = within(PIECE_TAKES, find).await?;
    Ok(found.and_then(|message| message.get_object_id("room").ok()).map(|id| RoomId::from_bytes(id.bytes())))
}

/// Numbers the oldest of a room's messages that have no number, and says how many; 0 where there are none.
async fn number_piece(db: &Db, room: RoomId) -> Result<u64> {
    loop {
        let end = messages::last_seq(db, room).await?;
        let waiting = oldest(db, room, FEW as i64 + 1).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let numbered = if waiting.len() <= FEW {
            number_few(db, &waiting, end).await?
        } else {
            match number_many(db, room, end).await {
                Ok(()) => messages::last_seq(db, room).await?.saturating_sub(end),
                // An append took one of these numbers. Those behind it were numbered all the same; the rest is done again.
                Err(Failure::Duplicate(_)) => 0,
                Err(Failure::Other(error)) => return Err(error),
            }
        };
        if numbered > 0 {
            return Ok(numbered);
        }
    }
}

async fn oldest(db: &Db, room: RoomId, limit: i64) -> Result<Vec<ObjectId>> {
    let find = db
        .messages
        .find(doc! { "room": oid(room), "seq": Bson::Null })
        .sort(doc! { "timestamp": 1, "_id": 1 })
        .projection(doc! { "_id": 1 })
        .limit(limit);
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    Ok(found.iter().filter_map(|message| message.get_object_id("_id").ok()).collect())
}

/// One after the other, up to the first number that an append was faster to take.
async fn number_few(db: &Db, ids: &[ObjectId], end: u64) -> Result<u64> {
    let statement = |(id, seq): (&ObjectId, u64)| {
        doc! { "q": { "_id": id, "seq": Bson::Null }, "u": { "$set": { "seq": stored_seq(seq) } } }
    };
    let statements = ids.iter().zip(end + 1..).map(statement).collect();
    let refused = update(&db.messages, statements, true).await?;
    Ok(refused.first().map_or(ids.len(), |(index, _)| *index) as u64)
}

/// A whole piece inside the database, four times as fast as one statement a message.
async fn number_many(db: &Db, room: RoomId, end: u64) -> Result<(), Failure> {
    let pipeline = [
        doc! { "$match": { "room": oid(room), "seq": Bson::Null } },
        doc! { "$sort": { "timestamp": 1, "_id": 1 } },
        doc! { "$limit": PIECE },
        doc! { "$group": { "_id": Bson::Null, "ids": { "$push": "$_id" } } },
        doc! { "$unwind": { "path": "$ids", "includeArrayIndex": "place" } },
        doc! { "$project": { "_id": "$ids", "seq": { "$add": ["$place", stored_seq(end) + 1] } } },
        doc! { "$merge": { "into": db.messages.name(), "on": "_id", "whenMatched": "merge", "whenNotMatched": "discard" } },
    ];
    let aggregate = db.messages.aggregate(pipeline).write_concern(durable());
    within(PIECE_TAKES, aggregate).await.map(drop)
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
        soon(self.db.meta.update_one(doc! { "_id": Self::ID }, nobody).upsert(true)).await?;
        let free = doc! { "$or": [{ "$lt": ["$until", "$$NOW"] }, { "$eq": ["$holder", self.holder] }] };
        let until = doc! { "$add": ["$$NOW", LEASE.as_millis() as i64] };
        let change = vec![doc! { "$set": { "holder": self.holder, "until": until } }];
        Ok(soon(self.db.meta.update_one(doc! { "_id": Self::ID, "$expr": free }, change)).await?.matched_count == 1)
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
        Ok(soon(self.db.meta.update_one(mine, free)).await.map(drop)?)
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
        let all = soon(db.messages.estimated_document_count()).await?;
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
