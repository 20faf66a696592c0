//! Rooms.

use std::cmp::Reverse;
use std::sync::Arc;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::ReturnDocument;

use super::database::{Db, soon};
use super::documents::{oid, read_message, read_room, room_document, room_keys};
use super::failure::Failure;
use super::messages;
use super::pending::{self, Removal};
use crate::model::{NameKey, Room, RoomId, RoomPatch, UserId};
use crate::store::{Result, StoreError, Taken};

pub(super) async fn insert(db: &Db, room: Room) -> Result<()> {
    let controlled = [&room.name, &room.description].iter().any(|text| text.chars().any(char::is_control));
    if controlled || room.name.is_empty() || !room.participants.is_empty() || room.last_message.is_some() {
        return Err(StoreError::Bug("a room that is not new or breaks the rules".to_owned()));
    }
    if name_taken(db, room.id, &NameKey::of_room(&room.name)).await? {
        return Err(StoreError::Conflict(Taken::RoomName));
    }
    match soon(db.rooms.insert_one(room_document(&room)?)).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(taken_or(failure)),
    }
}

/// A duplicate is a name that somebody was faster to take, unless it is the id.
fn taken_or(failure: Failure) -> StoreError {
    match failure {
        Failure::Duplicate(index) if index != "_id_" => StoreError::Conflict(Taken::RoomName),
        other => other.into(),
    }
}

async fn name_taken(db: &Db, by_other_than: RoomId, key: &NameKey) -> Result<bool> {
    let filter = doc! { "nameKey": key.as_str(), "_id": { "$ne": oid(by_other_than) } };
    Ok(soon(db.rooms.find_one(filter).projection(doc! { "_id": 1 })).await?.is_some())
}

/// Rooms that `matching` finds, each with its newest message, in one question.
async fn with_newest(db: &Db, matching: Document) -> Result<Vec<Document>> {
    let newest = doc! {
        "from": "messages",
        "localField": "_id",
        "foreignField": "room",
        "pipeline": [{ "$match": { "seq": { "$gt": 0 } } }, { "$sort": { "seq": -1 } }, { "$limit": 1 }],
        "as": "newest",
    };
    let pipeline = [doc! { "$match": matching }, doc! { "$lookup": newest }];
    Ok(soon(async { db.rooms.aggregate(pipeline).await?.try_collect().await }).await?)
}

fn read_with_newest(document: &Document) -> Result<Arc<Room>> {
    let newest = document.get_array("newest").ok().and_then(|found| found.first()?.as_document());
    let newest = newest.map(read_message).transpose()?;
    read_room(document, newest).map(Arc::new)
}

pub(super) async fn by_id(db: &Db, id: RoomId) -> Result<Option<Arc<Room>>> {
    with_newest(db, doc! { "_id": oid(id) }).await?.first().map(read_with_newest).transpose()
}

pub(super) async fn all(db: &Db) -> Result<Vec<Arc<Room>>> {
    let mut rooms = Vec::new();
    for document in with_newest(db, doc! {}).await? {
        match read_with_newest(&document) {
            Ok(room) => rooms.push(room),
            // One that somebody damaged does not hide the others.
            Err(error) => tracing::error!(%error, "a room is left out"),
        }
    }
    rooms.sort_by_key(|room| Reverse((room.created_at, room.id)));
    Ok(rooms)
}

pub(super) async fn update(db: &Db, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
    loop {
        let Some(before) = soon(db.rooms.find_one(doc! { "_id": oid(id) })).await? else { return Ok(None) };
        let mut filter = doc! { "_id": oid(id) };
        let mut change = Document::new();
        if let Some(name) = &patch.name {
            let key = name.key();
            // Decided by the name that it has now; who renames it meanwhile makes us begin again.
            filter.insert("name", before.get("name").cloned());
            change.insert("name", name.as_str());
            if before.get_str("nameKey").ok() != Some(key.as_str()) {
                if name_taken(db, id, &key).await? {
                    return Err(StoreError::Conflict(Taken::RoomName));
                }
                change.extend(room_keys(name.as_str()));
            }
        }
        if let Some(description) = &patch.description {
            change.insert("description", description.as_str());
        }
        if change.is_empty() {
            return by_id(db, id).await;
        }
        if let Some(room) = changed(db, filter, doc! { "$set": change }).await.map_err(taken_or)? {
            return Ok(Some(room));
        }
    }
}

/// Changes one room and gives it back as it then is, with its newest message.
async fn changed(db: &Db, filter: Document, change: Document) -> Result<Option<Arc<Room>>, Failure> {
    let update = db.rooms.find_one_and_update(filter, change).return_document(ReturnDocument::After);
    let Some(document) = soon(update).await? else { return Ok(None) };
    let with_newest = async {
        let room = read_room(&document, None)?;
        let newest = messages::newest(db, room.id).await?;
        Ok(Arc::new(Room { last_message: newest.map(Arc::new), ..room }))
    };
    with_newest.await.map(Some).map_err(Failure::Other)
}

pub(super) async fn add_participant(db: &Db, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    let change = doc! { "$addToSet": { "participants": oid(user) } };
    Ok(changed(db, doc! { "_id": oid(room) }, change).await?)
}

pub(super) async fn remove_participant(db: &Db, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    let change = doc! { "$pull": { "participants": oid(user) } };
    Ok(changed(db, doc! { "_id": oid(room) }, change).await?)
}

pub(super) async fn shared(db: &Db, one: UserId, other: UserId) -> Result<bool> {
    let filter = doc! { "participants": { "$all": [oid(one), oid(other)] } };
    Ok(soon(db.rooms.find_one(filter).projection(doc! { "_id": 1 })).await?.is_some())
}

pub(super) async fn delete(db: &Db, id: RoomId) -> Result<bool> {
    let found = soon(db.rooms.find_one(doc! { "_id": oid(id) }).projection(doc! { "_id": 1 })).await?;
    if found.is_none() {
        return Ok(false);
    }
    pending::promise(db, Removal::Room(id)).await?;
    Ok(soon(db.rooms.delete_one(doc! { "_id": oid(id) })).await?.deleted_count == 1)
}
