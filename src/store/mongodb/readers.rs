//! How far participants of rooms have read: a document for each, in a collection of our own.
//!
//! Nobody goes back, so every write is a `$max`, and may be done twice and late. What is unread follows from the number
//! and the room's newest one; the calls behind it are counted by an index that holds messages with calls alone.

use std::collections::HashMap;
use std::time::Duration;

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use mongodb::options::{Acknowledgment, FindOptions, WriteConcern};

use super::database::{Db, PATIENCE, durable};
use super::documents::{MENTIONS, MENTIONS_ALL, oid, stored_seq, whole};
use super::updates::{Statement, upsert_all};
use crate::model::{MarkedRead, Reading, Room, RoomId, UserId};
use crate::store::Result;

/// Looking through all rooms once, at the start.
const ALL_TAKE: Duration = Duration::from_secs(120);

fn key(room: RoomId, user: UserId) -> String {
    format!("{room}:{user}")
}

fn raised((room, user, seq): (RoomId, UserId, u64)) -> Statement {
    let whose = doc! { "room": oid(room), "user": oid(user) };
    Statement::upsert(
        doc! { "_id": key(room, user) },
        doc! { "$max": { "read": stored_seq(seq) }, "$setOnInsert": whose },
    )
}

async fn raise(db: &Db, all: &[(RoomId, UserId, u64)], concern: WriteConcern) -> Result<()> {
    upsert_all(db, &db.readers, all.iter().copied().map(raised).collect(), concern).await
}

/// Somebody begins to take part in a room, and has read all that is there.
pub(super) async fn begin(db: &Db, room: &Room, user: UserId) -> Result<()> {
    raise(db, &[(room.id, user, room.last_seq())], durable()).await
}

/// These have read so far: as another store has it, or in a room that is about to be made.
pub(super) async fn load(db: &Db, room: RoomId, readers: &[(UserId, u64)]) -> Result<()> {
    let all: Vec<_> = readers.iter().map(|(user, read)| (room, *user, *read)).collect();
    for some in all.chunks(500) {
        raise(db, some, durable()).await?;
    }
    Ok(())
}

/// These have sent messages, and so have read up to them. As the numbers of a room are, this is written to the primary
/// first; where that dies within moments they have a message of their own unread.
pub(super) async fn sent(db: &Db, senders: &[(RoomId, UserId, u64)]) -> Result<()> {
    raise(db, senders, WriteConcern::builder().w(Acknowledgment::Nodes(1)).build()).await
}

/// See [`crate::store::Store::mark_read`].
pub(super) async fn mark(db: &Db, room: &Room, user: UserId, seq: u64) -> Result<Option<MarkedRead>> {
    if !room.has_participant(user) {
        return Ok(None);
    }
    let before = read_up_to(db, doc! { "_id": key(room.id, user) }).await?.remove(&(room.id, user));
    let before = before.unwrap_or_else(|| room.last_seq());
    let read = seq.min(room.last_seq()).max(before);
    if read > before {
        raise(db, &[(room.id, user, read)], durable()).await?;
    }
    let reading = readings(db, &[(room, user, read)]).await?.remove(&(room.id, user));
    Ok(reading.map(|reading| MarkedRead { reading, moved: read > before }))
}

/// How far a user has read in rooms that the user takes part in.
pub(super) async fn of_user(db: &Db, user: UserId, rooms: &[&Room]) -> Result<HashMap<RoomId, Reading>> {
    let found = read_up_to(db, doc! { "user": oid(user) }).await?;
    let all: Vec<(&Room, UserId, u64)> = rooms
        .iter()
        .filter(|room| room.has_participant(user))
        .map(|room| (*room, user, found.get(&(room.id, user)).copied().unwrap_or_else(|| room.last_seq())))
        .collect();
    Ok(readings(db, &all).await?.into_iter().map(|((room, _), reading)| (room, reading)).collect())
}

/// How far these have read in a room; those who do not take part are left out.
pub(super) async fn in_room(db: &Db, room: &Room, users: &[UserId]) -> Result<HashMap<UserId, Reading>> {
    let users: Vec<UserId> = users.iter().copied().filter(|user| room.has_participant(*user)).collect();
    let keys: Vec<Bson> = users.iter().map(|user| Bson::from(key(room.id, *user))).collect();
    let found = read_up_to(db, doc! { "_id": { "$in": keys } }).await?;
    let read = |user: UserId| found.get(&(room.id, user)).copied().unwrap_or_else(|| room.last_seq());
    let all: Vec<(&Room, UserId, u64)> = users.iter().map(|user| (room, *user, read(*user))).collect();
    Ok(readings(db, &all).await?.into_iter().map(|((_, user), reading)| (user, reading)).collect())
}

async fn read_up_to(db: &Db, filter: Document) -> Result<HashMap<(RoomId, UserId), u64>> {
    let found = db.find(&db.readers, filter, FindOptions::default()).await?;
    let reader = |document: &Document| {
        let id = |field| document.get_object_id(field).ok().map(|id| id.bytes());
        let read = whole(document, "read").and_then(|read| u64::try_from(read).ok())?;
        Some(((RoomId::from_bytes(id("room")?), UserId::from_bytes(id("user")?)), read))
    };
    Ok(found.iter().filter_map(reader).collect())
}

/// What waits for those who have read so far.
async fn readings(db: &Db, all: &[(&Room, UserId, u64)]) -> Result<HashMap<(RoomId, UserId), Reading>> {
    let unread = |room: &Room, read: u64| room.last_seq().saturating_sub(read);
    let behind: Vec<_> = all.iter().filter(|(room, _, read)| unread(room, *read) > 0).copied().collect();
    let calls = if behind.is_empty() { HashMap::new() } else { calls(db, &behind).await? };
    let reading = |(room, user, read): &(&Room, UserId, u64)| {
        let key = (room.id, *user);
        let calls = calls.get(&key).copied().unwrap_or(0);
        (key, Reading::new(*read, unread(room, *read), calls))
    };
    Ok(all.iter().map(reading).collect())
}

/// How many messages call each of these behind the number up to which they have read.
async fn calls(db: &Db, all: &[(&Room, UserId, u64)]) -> Result<HashMap<(RoomId, UserId), u64>> {
    let mut counts = HashMap::new();
    for some in all.chunks(200) {
        let found = calling(db, some).await?;
        for (room, user, read) in some {
            let behind = found.iter().filter(|call| call.room == room.id && call.seq > *read && call.sender != *user);
            let count = behind.filter(|call| call.all || call.users.contains(&oid(*user))).count();
            counts.insert((room.id, *user), count as u64);
        }
    }
    Ok(counts)
}

/// A message that calls somebody.
struct Calling {
    room: RoomId,
    seq: u64,
    sender: UserId,
    users: Vec<ObjectId>,
    all: bool,
}

async fn calling(db: &Db, behind: &[(&Room, UserId, u64)]) -> Result<Vec<Calling>> {
    let seq = db.names.seq;
    let mut first: HashMap<RoomId, u64> = HashMap::new();
    let mut either = Vec::new();
    for (room, user, read) in behind {
        let after = doc! { "$gt": stored_seq(*read) };
        either.push(doc! { "room": oid(room.id), MENTIONS: oid(*user), seq: after });
        first.entry(room.id).and_modify(|first| *first = (*first).min(*read)).or_insert(*read);
    }
    either.extend(first.iter().map(|(room, read)| {
        doc! { "room": oid(*room), MENTIONS_ALL: true, seq: { "$gt": stored_seq(*read) } }
    }));
    let pipeline = vec![
        doc! { "$match": { "$or": either } },
        doc! { "$limit": (Reading::MOST * 20) as i64 },
        doc! { "$project": { "room": 1, "sender": 1, "seq": format!("${seq}"), MENTIONS: 1, MENTIONS_ALL: 1 } },
    ];
    let found = db.aggregate(PATIENCE, &db.messages, pipeline).await?;
    let call = |document: &Document| {
        let id = |field| document.get_object_id(field).ok().map(|id| id.bytes());
        let users = document.get_array(MENTIONS).into_iter().flatten().filter_map(Bson::as_object_id);
        Some(Calling {
            room: RoomId::from_bytes(id("room")?),
            seq: whole(document, "seq").and_then(|seq| seq.try_into().ok())?,
            sender: UserId::from_bytes(id("sender")?),
            users: users.collect(),
            all: document.get_bool(MENTIONS_ALL).unwrap_or(false),
        })
    };
    Ok(found.iter().filter_map(call).collect())
}

/// Gives everybody who takes part in a room, and of whom it is not known how far the user has read, all that is there:
/// for a database of an older version, and for those whom another program has put into a room.
pub(super) async fn write_down_all(db: &Db) -> Result<()> {
    let end = doc! { "from": db.ends.name(), "localField": "_id", "foreignField": "_id", "as": "end" };
    let pipeline = vec![
        doc! { "$match": { "_id": { "$type": "objectId" }, "participants": { "$type": "objectId" } } },
        doc! { "$project": { "participants": 1 } },
        doc! { "$lookup": end },
        doc! { "$unwind": "$participants" },
        doc! { "$match": { "participants": { "$type": "objectId" } } },
        doc! { "$project": {
            "_id": { "$concat": [{ "$toString": "$_id" }, ":", { "$toString": "$participants" }] },
            "room": "$_id",
            "user": "$participants",
            "read": { "$ifNull": [{ "$first": "$end.last" }, 0_i64] },
        } },
        doc! { "$merge": {
            "into": db.readers.name(), "on": "_id", "whenMatched": "keepExisting", "whenNotMatched": "insert",
        } },
    ];
    let merge = async move |db: Db| db.rooms.aggregate(pipeline).write_concern(durable()).await.map(drop);
    Ok(db.run_within(ALL_TAKE, "writing tincan_readers", merge).await?)
}

/// Nothing is known any more of those who read a room that was deleted.
pub(super) async fn forget_room(db: &Db, room: RoomId) -> Result<()> {
    forget(db, doc! { "room": oid(room) }).await
}

/// Nor of a user who was removed.
pub(super) async fn forget_user(db: &Db, user: UserId) -> Result<()> {
    forget(db, doc! { "user": oid(user) }).await
}

async fn forget(db: &Db, those: Document) -> Result<()> {
    let remove = async move |db: Db| db.readers.delete_many(those).await;
    Ok(db.run("writing tincan_readers", remove).await.map(drop)?)
}
