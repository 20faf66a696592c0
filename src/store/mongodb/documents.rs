//! The shape of every document, both ways. Reading bears with what a Node backend left out; writing leaves nothing out.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use serde::Serialize;

use crate::model::{
    Call, CallStatus, Message, MessageId, NameKey, PasswordHash, Room, RoomId, Timestamp, User, UserId,
};
use crate::store::records::{CallRecord, MessageRecord, RoomRecord, Stored, UserRecord, object_ids};
use crate::store::{Result, StoreError};

/// An id of ours as a value of a document.
pub(super) fn oid(id: impl Stored) -> ObjectId {
    id.object_id()
}

fn document(record: &impl Serialize) -> Result<Document> {
    bson::to_document(record).map_err(|error| StoreError::Bug(error.to_string()))
}

/// A document cannot be what we or a Node backend wrote.
fn damaged(kind: &str, document: &Document, field: &str) -> StoreError {
    let id = document.get("_id").map_or_else(|| "without an _id".to_owned(), ToString::to_string);
    StoreError::Corrupt(format!("{kind} {id}: {field} is missing or of the wrong type"))
}

fn bytes(document: &Document, kind: &str, field: &str) -> Result<[u8; 12]> {
    document.get_object_id(field).map(|id| id.bytes()).map_err(|_| damaged(kind, document, field))
}

fn text(document: &Document, field: &str) -> Option<String> {
    document.get_str(field).ok().map(str::to_owned)
}

fn whole(document: &Document, field: &str) -> Option<i64> {
    match document.get(field)? {
        Bson::Int64(number) => Some(*number),
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Double(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}

fn time(document: &Document, field: &str) -> Option<Timestamp> {
    document.get_datetime(field).ok().map(|time| Timestamp::from_millis(time.timestamp_millis()))
}

/// The time of a document: as stored, else that of its id.
fn time_or_of_id(document: &Document, field: &str) -> Timestamp {
    let of_id = || document.get_object_id("_id").map_or(0, |id| id.timestamp().timestamp_millis());
    time(document, field).unwrap_or_else(|| Timestamp::from_millis(of_id()))
}

/// The ids of a list, each once, in order; what is no id is left out.
fn users_in(document: &Document, field: &str) -> Vec<UserId> {
    let values = document.get_array(field).map(Vec::as_slice).unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    let ids = values.iter().filter_map(Bson::as_object_id).map(|id| UserId::from_bytes(id.bytes()));
    ids.filter(|id| seen.insert(*id)).collect()
}

/// What users and rooms are found by and unique by; see [`super::indexes`].
pub(super) fn user_keys(username: &str, email: &str) -> Document {
    let (name, email) = (NameKey::of(username), email_key(email));
    doc! { "usernameKey": name.as_str(), "emailKey": &email, "uniqueUsername": name.as_str(), "uniqueEmail": &email }
}

/// What addresses are compared by; those that we store are so already.
pub(super) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// As [`user_keys`], for a room's name.
pub(super) fn room_keys(name: &str) -> Document {
    let key = NameKey::of_room(name);
    doc! { "nameKey": key.as_str(), "uniqueName": key.as_str() }
}

pub(super) fn user_document(user: &User) -> Result<Document> {
    let mut document = document(&UserRecord::from(user))?;
    document.extend(user_keys(&user.username, &user.email));
    Ok(document)
}

pub(super) fn read_user(document: &Document) -> Result<User> {
    Ok(User {
        id: UserId::from_bytes(bytes(document, "user", "_id")?),
        username: text(document, "username").ok_or_else(|| damaged("user", document, "username"))?,
        email: text(document, "email").unwrap_or_default(),
        password: PasswordHash::new(text(document, "password").unwrap_or_default()),
        created_at: time_or_of_id(document, "createdAt"),
        token_version: whole(document, "tokenVersion").and_then(|number| number.try_into().ok()).unwrap_or(0),
    })
}

pub(super) fn room_document(room: &Room) -> Result<Document> {
    let mut document = document(&RoomRecord::from(room))?;
    document.extend(room_keys(&room.name));
    Ok(document)
}

/// A room without its newest message.
pub(super) fn read_room(document: &Document, last_message: Option<Message>) -> Result<Room> {
    // A room whose creator is unknown belongs to nobody: the id of nothing.
    let creator = document.get_object_id("createdBy").map_or([0; 12], |id| id.bytes());
    Ok(Room {
        id: RoomId::from_bytes(bytes(document, "room", "_id")?),
        name: text(document, "name").ok_or_else(|| damaged("room", document, "name"))?,
        description: text(document, "description").unwrap_or_default(),
        created_by: UserId::from_bytes(creator),
        participants: Arc::new(users_in(document, "participants")),
        created_at: time_or_of_id(document, "createdAt"),
        last_message: last_message.map(Arc::new),
        last_seq: 0,
        numbered: 0,
    })
}

pub(super) fn message_document(message: &Message) -> Result<Document> {
    document(&MessageRecord::keyed(oid(message.id), None, message))
}

/// A number as the database has it; beyond what it can hold there is none anyway.
pub(super) fn stored_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(super) fn read_message(document: &Document) -> Result<Message> {
    let sender = document.get_object_id("sender").map_or([0; 12], |id| id.bytes());
    let seq = whole(document, "seq").and_then(|seq| seq.try_into().ok());
    Ok(Message {
        id: MessageId::from_bytes(bytes(document, "message", "_id")?),
        room: RoomId::from_bytes(bytes(document, "message", "room")?),
        sender: UserId::from_bytes(sender),
        sender_name: text(document, "senderName").unwrap_or_default(),
        content: text(document, "content").unwrap_or_default(),
        timestamp: time_or_of_id(document, "timestamp"),
        seq: seq.ok_or_else(|| damaged("message", document, "seq"))?,
        client_id: text(document, "clientId"),
    })
}

pub(super) fn call_document(call: &Call) -> Result<Document> {
    let mut people: Vec<UserId> = vec![call.created_by];
    people.extend(call.participants.iter().chain(&call.invited));
    people.sort_unstable();
    people.dedup();
    let mut document = document(&CallRecord::from(call))?;
    document.insert("people", object_ids(&people));
    document.insert("open", call.status != CallStatus::Ended);
    Ok(document)
}

pub(super) fn read_call(document: Document) -> Result<Call> {
    let record: CallRecord = bson::from_document(document).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    record.try_into()
}
