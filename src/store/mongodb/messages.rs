//! Reading messages by `(room, seq)`. Other programs may have removed some, so there may be gaps.

use std::time::{Duration, Instant};

use bson::{Bson, doc};
use futures_util::try_join;
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{numbered, oid, read_message, stored_seq};
use super::ends;
use crate::model::{Message, MessagePage, Page, RoomId};
use crate::store::Result;

/// How long a new primary may take to tell all that the one before it told.
const CATCHING_UP: Duration = Duration::from_secs(3);

fn by_number(db: &Db, order: i32) -> FindOptions {
    FindOptions::builder().sort(doc! { db.names.seq: order }).build()
}

/// The newest message of a room.
pub(super) async fn newest(db: &Db, room: RoomId) -> Result<Option<Message>> {
    let filter = doc! { "room": oid(room), db.names.seq: numbered() };
    Ok(db.readable(&db.messages, filter, by_number(db, -1), 1, read_message).await?.pop())
}

/// After which the next number of a room comes: that of the newest message, readable or not, or what is written down.
pub(super) async fn numbering_end(db: &Db, room: RoomId) -> Result<u64> {
    let (stored, given) = try_join!(highest_stored(db, room), ends::of_one(db, room))?;
    Ok(stored.max(given.end()))
}

async fn highest_stored(db: &Db, room: RoomId) -> Result<u64> {
    let filter = doc! { "room": oid(room), db.names.seq: numbered() };
    let mut options = by_number(db, -1);
    options.projection = Some(doc! { db.names.seq: 1, "_id": 0 });
    let found = db.find_one(&db.messages, filter, options).await?;
    Ok(found.and_then(|message| message.get(db.names.seq).map(as_number)).unwrap_or(0))
}

/// A number that no smaller one is behind, whatever another program stored in its place.
fn as_number(value: &Bson) -> u64 {
    match value {
        Bson::Int64(number) => u64::try_from(*number).unwrap_or(0),
        Bson::Int32(number) => u64::try_from(*number).unwrap_or(0),
        // The greatest number that a document can have leaves room for those that follow.
        Bson::Double(number) if *number >= 1.0 && *number < 9e15 => number.ceil() as u64,
        Bson::Array(values) => values.iter().map(as_number).max().unwrap_or(0),
        _ => 0,
    }
}

/// See [`crate::store::Store::messages`].
pub(super) async fn page(db: &Db, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>> {
    let patient_until = Instant::now() + CATCHING_UP;
    loop {
        let Some(told) = page_as_told(db, room, page, limit).await? else { return Ok(None) };
        if db.seen.reaches(room, told.last_seq) {
            return Ok(Some(told));
        }
        if Instant::now() >= patient_until {
            db.seen.believe(room, told.last_seq);
            return Ok(Some(told));
        }
        tokio::time::sleep(CATCHING_UP / 60).await;
    }
}

async fn page_as_told(db: &Db, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>> {
    let (known, (messages, more), newest, given, before_cursor) = try_join!(
        known(db, room),
        read(db, room, page, limit),
        newest_number(db, room),
        ends::of_one(db, room),
        is_before_cursor(db, room, page),
    )?;
    if !known {
        return Ok(None);
    }
    // These were asked at once, so a message that came between may be in the page and not be the newest.
    let newest = messages.last().map_or(newest, |message| message.seq.max(newest));
    let last = match (messages.last(), page) {
        (Some(last), _) => last.seq,
        // An empty page lies at its cursor.
        (None, Page::Before(seq)) => seq.saturating_sub(1),
        (None, Page::After(seq)) => seq,
        (None, Page::Newest) => newest,
    };
    let older = if matches!(page, Page::After(_)) { before_cursor } else { more };
    Ok(Some(MessagePage { older, newer: newest > last, messages, last_seq: given.last.max(newest) }))
}

async fn newest_number(db: &Db, room: RoomId) -> Result<u64> {
    Ok(newest(db, room).await?.map_or(0, |message| message.seq))
}

async fn known(db: &Db, room: RoomId) -> Result<bool> {
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    Ok(db.find_one(&db.rooms, doc! { "_id": oid(room) }, options).await?.is_some())
}

/// Whether there is a message up to the cursor of a page that goes on behind it.
async fn is_before_cursor(db: &Db, room: RoomId, page: Page) -> Result<bool> {
    let Page::After(cursor @ 1..) = page else { return Ok(false) };
    let up_to = doc! { "$gt": 0, "$lte": stored_seq(cursor) };
    let filter = doc! { "room": oid(room), db.names.seq: up_to };
    Ok(!db.readable(&db.messages, filter, by_number(db, 1), 1, read_message).await?.is_empty())
}

/// The messages of a page, oldest first, and whether there are more in the direction in which it was read.
async fn read(db: &Db, room: RoomId, page: Page, limit: usize) -> Result<(Vec<Message>, bool)> {
    let (seq, order) = match page {
        Page::Newest => (numbered(), -1),
        Page::Before(seq) => (doc! { "$gt": 0, "$lt": stored_seq(seq) }, -1),
        Page::After(seq) => (doc! { "$gt": stored_seq(seq) }, 1),
    };
    let filter = doc! { "room": oid(room), db.names.seq: seq };
    let one_more = limit.saturating_add(1);
    let mut messages = db.readable(&db.messages, filter, by_number(db, order), one_more, read_message).await?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    if order < 0 {
        messages.reverse();
    }
    Ok((messages, more))
}
