//! Reading messages by `(room, seq)`.

use std::time::{Duration, Instant};

use bson::{Document, doc};
use futures_util::{TryStreamExt, try_join};

use super::database::{Db, soon};
use super::documents::{oid, read_message, stored_seq};
use crate::model::{Message, MessagePage, Page, RoomId};
use crate::store::Result;

/// How long a new primary may take to tell all that the one before it told.
const CATCHING_UP: Duration = Duration::from_secs(3);

/// The newest message of a room.
pub(super) async fn newest(db: &Db, room: RoomId) -> Result<Option<Message>> {
    let find = db.messages.find_one(doc! { "room": oid(room), "seq": { "$gt": 0 } }).sort(doc! { "seq": -1 });
    soon(find).await?.as_ref().map(read_message).transpose()
}

/// The newest number of a room, 0 where there is none.
pub(super) async fn last_seq(db: &Db, room: RoomId) -> Result<u64> {
    Ok(newest(db, room).await?.map_or(0, |message| message.seq))
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
    let (known, messages, last_seq) = try_join!(known(db, room), read(db, room, page, limit), last_seq(db, room))?;
    if !known {
        return Ok(None);
    }
    report_gaps(room, &messages);
    // The three were asked at once, so a message that came between may be in the page and not be the newest.
    let last_seq = messages.last().map_or(last_seq, |message| message.seq.max(last_seq));
    let (first, last) = match (messages.first(), messages.last(), page) {
        (Some(first), Some(last), _) => (first.seq, last.seq),
        // An empty page lies at its cursor.
        (_, _, Page::Before(seq)) => (seq, seq.saturating_sub(1)),
        (_, _, Page::After(seq)) => (seq.saturating_add(1), seq),
        (_, _, Page::Newest) => (last_seq + 1, last_seq),
    };
    Ok(Some(MessagePage { older: last_seq > 0 && first > 1, newer: last_seq > last, messages, last_seq }))
}

async fn known(db: &Db, room: RoomId) -> Result<bool> {
    let find = db.rooms.find_one(doc! { "_id": oid(room) }).projection(doc! { "_id": 1 });
    Ok(soon(find).await?.is_some())
}

/// The messages of a page, oldest first.
async fn read(db: &Db, room: RoomId, page: Page, limit: usize) -> Result<Vec<Message>> {
    let (seq, order) = match page {
        Page::Newest => (doc! { "$gt": 0 }, -1),
        Page::Before(seq) => (doc! { "$gt": 0, "$lt": stored_seq(seq) }, -1),
        Page::After(seq) => (doc! { "$gt": stored_seq(seq) }, 1),
    };
    let find = db
        .messages
        .find(doc! { "room": oid(room), "seq": seq })
        .sort(doc! { "seq": order })
        .limit(limit.try_into().unwrap_or(i64::MAX));
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    let mut messages = found.iter().map(read_message).collect::<Result<Vec<_>>>()?;
    if order < 0 {
        messages.reverse();
    }
    Ok(messages)
}

/// A number that is missing is told to the operator, and the rest is served.
fn report_gaps(room: RoomId, messages: &[Message]) {
    for pair in messages.windows(2) {
        let (before, after) = (pair[0].seq, pair[1].seq);
        if after != before + 1 {
            tracing::error!(%room, from = before + 1, to = after - 1, "messages are missing from the database");
        }
    }
}
