//! Rooms.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use bson::{Bson, Document, doc};
use futures_util::try_join;
use mongodb::options::FindOptions;

use super::database::{Db, PATIENCE};
use super::documents::{KIND, PAIR, TITLE, numbered, oid, pair_key, read_message, read_room, room_document, room_keys};
use super::ends::{self, Given};
use super::failure::CommandError;
use super::indexes::{UNIQUE_NAME, UNIQUE_PAIR};
use super::messages;
use super::promises::{Removal, promise};
use super::{readers, version};
use crate::model::{NameKey, Room, RoomId, RoomKind, RoomName, RoomPatch, UserId};
use crate::store::{Result, StoreError, Taken};

pub(super) async fn insert(db: &Db, room: Room) -> Result<()> {
    let controlled = [&room.name, &room.description].iter().any(|text| text.chars().any(char::is_control));
    let fits = match room.kind {
        RoomKind::Open => room.participants.is_empty(),
        RoomKind::Private => room.has_participant(room.created_by),
        RoomKind::Direct => false,
    };
    if controlled || room.name.is_empty() || !fits || room.last_message.is_some() {
        return Err(StoreError::Bug("a room that is not new or breaks the rules".to_owned()));
    }
    if room.kind == RoomKind::Open && name_taken(db, room.id, &NameKey::of_room(&room.name)).await? {
        return Err(StoreError::Conflict(Taken::RoomName));
    }
    put_new(db, &room).await.map_err(taken_or)
}

async fn put_new(db: &Db, room: &Room) -> Result<(), CommandError> {
    if room.kind != RoomKind::Open {
        version::note_closed_rooms(db).await?;
        let readers: Vec<(UserId, u64)> = room.participants.iter().map(|user| (*user, 0)).collect();
        readers::load(db, room.id, &readers).await.map_err(CommandError::Other)?;
    }
    let document = room_document(room).map_err(CommandError::Other)?;
    db.run("writing rooms", async move |db| db.rooms.insert_one(document).await).await.map(drop)
}

pub(super) async fn open_direct(db: &Db, room: Room) -> Result<(Arc<Room>, bool)> {
    let Some(pair) = room.pair().filter(|[one, other]| one != other) else {
        return Err(StoreError::Bug(format!("room {} is not of two", room.id)));
    };
    if let Some(there) = direct(db, pair).await? {
        return Ok((there, false));
    }
    match put_new(db, &room).await {
        Ok(()) => Ok((Arc::new(room), true)),
        // The other one of the two was faster.
        Err(CommandError::Duplicate { index, .. }) if index == UNIQUE_PAIR => {
            let there = direct(db, pair).await?;
            there.map(|there| (there, false)).ok_or_else(|| StoreError::Unavailable("the direct room went".to_owned()))
        }
        Err(other) => Err(other.into()),
    }
}

/// The direct room of two users, who stand in the order of their ids.
pub(super) async fn direct(db: &Db, pair: [UserId; 2]) -> Result<Option<Arc<Room>>> {
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let Some(found) = db.find_one(&db.rooms, doc! { PAIR: pair_key(pair) }, options).await? else { return Ok(None) };
    match found.get_object_id("_id") {
        Ok(id) => by_id(db, RoomId::from_bytes(id.bytes())).await,
        Err(_) => Ok(None),
    }
}

/// A name that somebody was faster to take, where our own index says so.
fn taken_or(failure: CommandError) -> StoreError {
    match failure {
        CommandError::Duplicate { index, .. } if index == UNIQUE_NAME => StoreError::Conflict(Taken::RoomName),
        other => other.into(),
    }
}

async fn name_taken(db: &Db, by_other_than: RoomId, key: &NameKey) -> Result<bool> {
    let filter = doc! { "nameKey": key.as_str(), "_id": { "$ne": oid(by_other_than), "$type": "objectId" } };
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    Ok(!db.readable(&db.rooms, filter, options, 1, read_room).await?.is_empty())
}

/// Rooms that `matching` finds, each with its newest message, in one question.
async fn with_newest(db: &Db, matching: Document) -> Result<Vec<Document>> {
    let seq = db.names.seq;
    // Of what cannot be read nothing is newest.
    let readable = doc! { seq: numbered(), "_id": { "$type": "objectId" } };
    let newest = doc! {
        "from": db.messages.name(),
        "localField": "_id",
        "foreignField": "room",
        "pipeline": [{ "$match": readable }, { "$sort": { seq: -1 } }, { "$limit": 1 }],
        "as": "newest",
    };
    let pipeline = vec![doc! { "$match": matching }, doc! { "$lookup": newest }];
    Ok(db.aggregate(PATIENCE, &db.rooms, pipeline).await?)
}

/// The room of a document with its newest message beside it; `given` is what is written down of its numbers.
fn read_with_newest(db: &Db, document: &Document, given: Given) -> Option<Arc<Room>> {
    let room = db.read_one(&db.rooms, document, read_room)?;
    let newest = document.get_array("newest").ok().and_then(|found| found.first()?.as_document());
    let newest = newest.and_then(|newest| db.read_one(&db.messages, newest, read_message));
    Some(Arc::new(ended(Room { last_message: newest.map(Arc::new), ..room }, given)))
}

/// The room, with the numbers that its newest message does not tell.
fn ended(mut room: Room, given: Given) -> Room {
    let beyond = |known: u64, more: u64| if more > known { more } else { 0 };
    room.last_seq = beyond(room.last_seq(), given.last);
    room.numbered = beyond(room.last_seq(), given.numbered);
    room
}

pub(super) async fn by_id(db: &Db, id: RoomId) -> Result<Option<Arc<Room>>> {
    let asked = (with_newest(db, doc! { "_id": oid(id) }), ends::of_one(db, id));
    let (found, given) = try_join!(asked.0, asked.1)?;
    Ok(found.first().and_then(|document| read_with_newest(db, document, given)))
}

pub(super) async fn all(db: &Db) -> Result<Vec<Arc<Room>>> {
    matching(db, doc! { "_id": { "$type": "objectId" } }).await
}

/// Those that a user may see.
pub(super) async fn seen_by(db: &Db, user: UserId) -> Result<Vec<Arc<Room>>> {
    let seen = vec![doc! { KIND: Bson::Null }, doc! { "participants": oid(user) }];
    matching(db, doc! { "_id": { "$type": "objectId" }, "$or": seen }).await
}

async fn matching(db: &Db, filter: Document) -> Result<Vec<Arc<Room>>> {
    let asked = (with_newest(db, filter), ends::of_all(db));
    let (found, given): (Vec<Document>, HashMap<RoomId, Given>) = try_join!(asked.0, asked.1)?;
    let given_in = |document: &Document| {
        let id = document.get_object_id("_id").ok().map(|id| RoomId::from_bytes(id.bytes()));
        id.and_then(|id| given.get(&id)).copied().unwrap_or_default()
    };
    let mut rooms: Vec<Arc<Room>> =
        found.iter().filter_map(|document| read_with_newest(db, document, given_in(document))).collect();
    rooms.sort_by_key(|room| Reverse((room.created_at, room.id)));
    Ok(rooms)
}

pub(super) async fn update(db: &Db, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
    loop {
        let found = db.find_one(&db.rooms, doc! { "_id": oid(id) }, FindOptions::default()).await?;
        let Some(before) = found.filter(|room| db.read_one(&db.rooms, room, read_room).is_some()) else {
            return Ok(None);
        };
        let mut filter = doc! { "_id": oid(id) };
        let mut change = Document::new();
        if let Some(name) = &patch.name {
            if before.get_str(KIND).is_ok() {
                change.insert(TITLE, name.as_str());
            } else {
                // Decided by the name that it has now; who renames it meanwhile makes us begin again.
                filter.insert("name", before.get("name").cloned());
                change.extend(renamed(db, id, &before, name).await?);
            }
        }
        if let Some(description) = &patch.description {
            change.insert("description", description.as_str());
        }
        if change.is_empty() {
            return by_id(db, id).await;
        }
        if let Some(room) = changed(db, filter, vec![doc! { "$set": literally(change) }]).await.map_err(taken_or)? {
            return Ok(Some(room));
        }
    }
}

/// What an open room's new name changes.
async fn renamed(db: &Db, id: RoomId, before: &Document, name: &RoomName) -> Result<Document> {
    let (key, mut change) = (name.key(), doc! { "name": name.as_str() });
    if before.get_str("nameKey").ok() != Some(key.as_str()) {
        if name_taken(db, id, &key).await? {
            return Err(StoreError::Conflict(Taken::RoomName));
        }
        change.extend(room_keys(name.as_str()));
    }
    Ok(change)
}

/// The values of a change in a pipeline as they are: what begins with a dollar sign would be a field there.
fn literally(change: Document) -> Document {
    change.into_iter().map(|(field, value)| (field, doc! { "$literal": value }.into())).collect()
}

/// Changes one room and gives it back as it then is, with its newest message.
pub(super) async fn changed(
    db: &Db,
    filter: Document,
    change: Vec<Document>,
) -> Result<Option<Arc<Room>>, CommandError> {
    let Some(document) = db.change_one(&db.rooms, filter, change).await? else { return Ok(None) };
    let Some(room) = db.read_one(&db.rooms, &document, read_room) else { return Ok(None) };
    let asked = try_join!(messages::newest(db, room.id), ends::of_one(db, room.id));
    let (newest, given) = asked.map_err(CommandError::Other)?;
    Ok(Some(Arc::new(ended(Room { last_message: newest.map(Arc::new), ..room }, given))))
}

/// A room whose name can be read; nobody joins what is not shown.
pub(super) fn shown(id: RoomId) -> Document {
    doc! { "_id": oid(id), "name": { "$type": "string", "$ne": "" } }
}

pub(super) async fn add_participant(db: &Db, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    let Some(before) = by_id(db, room).await? else { return Ok(None) };
    if before.kind == RoomKind::Direct || before.has_participant(user) {
        return Ok(Some(before));
    }
    // Before the user takes part: of whom it is not known how far they have read, nothing is ever unread.
    readers::begin(db, &before, user).await?;
    let list = "$participants";
    let with = doc! { "$cond": [{ "$in": [oid(user), list] }, list, { "$concatArrays": [list, [oid(user)]] }] };
    // What is no list says nothing of who takes part, and gives way to one.
    let change = doc! { "participants": { "$cond": [{ "$isArray": list }, with, [oid(user)]] } };
    let mut joinable = shown(room);
    // Of two there are two for ever, and what the last one has left is on its way out.
    let emptied = doc! { KIND: RoomKind::Private.as_str(), "participants": { "$size": 0 } };
    joinable.extend(doc! { KIND: { "$ne": RoomKind::Direct.as_str() }, "$nor": [emptied] });
    // Where the user is in it already nothing is written.
    joinable.insert("participants", doc! { "$ne": oid(user) });
    match changed(db, joinable, vec![doc! { "$set": change }]).await? {
        Some(room) => {
            if room.last_seq() > before.last_seq() {
                readers::begin(db, &room, user).await?;
            }
            Ok(Some(room))
        }
        None => {
            let as_it_is = |room: &Arc<Room>| room.kind == RoomKind::Direct || room.has_participant(user);
            Ok(by_id(db, room).await?.filter(as_it_is))
        }
    }
}

pub(super) async fn remove_participant(db: &Db, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    let list = "$participants";
    let without = doc! { "$filter": { "input": list, "cond": { "$ne": ["$$this", oid(user)] } } };
    let kept = doc! { "$ifNull": [list, "$$REMOVE"] };
    let change = doc! { "participants": { "$cond": [{ "$isArray": list }, without, kept] } };
    let mut open = shown(room);
    open.insert(KIND, Bson::Null);
    match changed(db, open, vec![doc! { "$set": change }]).await? {
        Some(room) => Ok(Some(room)),
        None => by_id(db, room).await,
    }
}

pub(super) async fn shared(db: &Db, one: UserId, other: UserId) -> Result<bool> {
    let filter = doc! { "participants": { "$all": [oid(one), oid(other)] }, "_id": { "$type": "objectId" } };
    let options = FindOptions::builder().build();
    Ok(!db.readable(&db.rooms, filter, options, 1, read_room).await?.is_empty())
}

pub(super) async fn delete(db: &Db, id: RoomId) -> Result<bool> {
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    if db.find_one(&db.rooms, shown(id), options).await?.is_none() {
        return Ok(false);
    }
    promise(db, Removal::Room(id)).await?;
    let room = doc! { "_id": oid(id) };
    let deleted = db.run("writing rooms", async move |db| db.rooms.delete_one(room).await).await?;
    Ok(deleted.deleted_count == 1)
}
