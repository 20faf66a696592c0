//! The highest number given in each room, written down beside the messages, so that a number is never given again, also
//! where the message that had it was removed by another program.
//!
//! A number is written down after its message is stored and before anybody is told of it: at no instant is a number
//! written down that was not given, so nothing of ours makes a gap. It is first written to the primary alone, which
//! costs a fraction of the durable insert before it. Whoever removes the message later removes it behind that write, so
//! the write is as durable as the removal. Only a primary that dies within moments may lose it; against that it is
//! written once more by a majority, a few seconds later.

use std::collections::HashMap;
use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::options::{Acknowledgment, FindOptions, WriteConcern};

use super::database::{Db, durable};
use super::documents::{numbered, oid, stored_seq, whole};
use super::updates::{Statement, upsert_all};
use crate::model::{Room, RoomId};
use crate::store::Result;

/// Looking at the newest message of every room once, at the start.
const ALL_TAKE: Duration = Duration::from_secs(120);
/// How many rooms are written down in one command.
const BATCH: usize = 500;

/// What is written down of a room's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// The highest that was given to a message.
    pub last: u64,
    /// The next message gets a greater one than this too; see [`Room::numbered`].
    pub numbered: u64,
}

impl Given {
    /// After which the next number comes.
    pub(crate) fn end(self) -> u64 {
        self.last.max(self.numbered)
    }
}

fn read(document: &Document) -> Option<(RoomId, Given)> {
    let room = RoomId::from_bytes(document.get_object_id("_id").ok()?.bytes());
    let number = |field| whole(document, field).and_then(|number| number.try_into().ok()).unwrap_or(0);
    Some((room, Given { last: number("last"), numbered: number("numbered") }))
}

/// What is written down of these rooms.
pub(super) async fn of(db: &Db, rooms: &[RoomId]) -> Result<HashMap<RoomId, Given>> {
    let ids: Vec<Bson> = rooms.iter().map(|room| Bson::from(oid(*room))).collect();
    let found = db.find(&db.ends, doc! { "_id": { "$in": ids } }, FindOptions::default()).await?;
    Ok(found.iter().filter_map(read).collect())
}

/// As [`of`], of all rooms.
pub(super) async fn of_all(db: &Db) -> Result<HashMap<RoomId, Given>> {
    let found = db.find(&db.ends, doc! {}, FindOptions::default()).await?;
    Ok(found.iter().filter_map(read).collect())
}

/// As [`of`], of one room.
pub(super) async fn of_one(db: &Db, room: RoomId) -> Result<Given> {
    Ok(of(db, &[room]).await?.remove(&room).unwrap_or_default())
}

/// Writes down what another store knows of the numbers of its rooms, beside the messages that come from there.
pub(super) async fn load(db: &Db, rooms: &[Room]) -> Result<()> {
    let known = rooms.iter().filter(|room| room.numbered() > 0);
    let statement = |room: &Room| {
        let (last, numbered) = (stored_seq(room.last_seq()), stored_seq(room.numbered()));
        Statement::upsert(doc! { "_id": oid(room.id) }, doc! { "$max": { "last": last, "numbered": numbered } })
    };
    write(db, known.map(statement).collect(), durable()).await
}

/// Writes down that numbers up to these were given. To be called before anybody is told of one of them.
pub(super) async fn raise(db: &Db, ends: &[(RoomId, u64)]) -> Result<()> {
    db.raised.add(ends);
    write(db, ends.iter().map(raised).collect(), WriteConcern::builder().w(Acknowledgment::Nodes(1)).build()).await
}

/// Has a majority write down what only the primary is known to have.
pub(super) async fn confirm(db: &Db) -> Result<()> {
    let ends = db.raised.take();
    let written = write(db, ends.iter().map(raised).collect(), durable()).await;
    if written.is_err() {
        db.raised.add(&ends);
    }
    written
}

fn raised((room, end): &(RoomId, u64)) -> Statement {
    Statement::upsert(doc! { "_id": oid(*room) }, doc! { "$max": { "last": stored_seq(*end) } })
}

async fn write(db: &Db, all: Vec<Statement>, concern: WriteConcern) -> Result<()> {
    for some in all.chunks(BATCH) {
        upsert_all(db, &db.ends, some.to_vec(), concern.clone()).await?;
    }
    Ok(())
}

/// Writes down the end of every room as its newest message tells it: for a database whose messages were numbered when
/// nobody wrote their ends down, and for one whose last writer died between the two.
pub(super) async fn write_down_all(db: &Db) -> Result<()> {
    let seq = db.names.seq;
    let newest = doc! {
        "from": "messages",
        "localField": "_id",
        "foreignField": "room",
        "pipeline": [
            { "$match": { seq: numbered() } },
            { "$sort": { seq: -1 } },
            { "$limit": 1 },
            { "$project": { seq: 1 } },
        ],
        "as": "newest",
    };
    let pipeline = vec![
        doc! { "$match": { "_id": { "$type": "objectId" } } },
        doc! { "$project": { "_id": 1 } },
        doc! { "$lookup": newest },
        doc! { "$match": { "newest": { "$ne": [] } } },
        doc! { "$project": { "last": { "$first": format!("$newest.{seq}") } } },
    ];
    let found = db.aggregate(ALL_TAKE, &db.rooms, pipeline).await?;
    let known = of_all(db).await?;
    let behind = |(room, newest): &(RoomId, Given)| known.get(room).is_none_or(|known| known.last < newest.last);
    let ends = found.iter().filter_map(read).filter(behind).map(|(room, newest)| raised(&(room, newest.last)));
    write(db, ends.collect(), durable()).await
}

/// Nothing is known of a room any more that was deleted.
pub(super) async fn forget(db: &Db, room: RoomId) -> Result<()> {
    let one = doc! { "_id": oid(room) };
    db.raised.forget(room);
    Ok(db.run("writing tincan_ends", async move |db| db.ends.delete_one(one).await).await.map(drop)?)
}
