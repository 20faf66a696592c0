//! The shape of every document, both ways. Reading bears with what a Node backend left out; writing leaves nothing out.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use serde::Serialize;

use super::names::Names;
use super::odd::{NO_CALL, NO_ID, NO_NAME, NO_NUMBER, NO_ROOM, NO_USERNAME, Oddity, UNKNOWN_WORD};
use crate::model::{
    Call, CallStatus, Message, MessageId, NameKey, PasswordHash, Room, RoomId, Timestamp, User, UserId,
};
use crate::store::records::{
    CallRecord, MessageRecord, OwnFields, RoomRecord, Stored, UserRecord, date, kind_and_name, object_ids,
};
use crate::store::{Result, StoreError};

/// An id of ours as a value of a document.
pub(super) fn oid(id: impl Stored) -> ObjectId {
    id.object_id()
}

fn document(record: &impl Serialize) -> Result<Document> {
    bson::to_document(record).map_err(|error| StoreError::Bug(error.to_string()))
}

/// Gives a field the name that it has in this database.
fn rename(document: &mut Document, from: &str, to: &str) {
    if from != to
        && let Some(value) = document.remove(from)
    {
        document.insert(to, value);
    }
}

fn odd(document: &Document, reason: &'static str) -> Oddity {
    let id = document.get("_id").map_or_else(|| "none".to_owned(), ToString::to_string);
    Oddity { reason, id }
}

fn id_of(document: &Document) -> Result<[u8; 12], Oddity> {
    document.get_object_id("_id").map(|id| id.bytes()).map_err(|_| odd(document, NO_ID))
}

fn text(document: &Document, field: &str) -> Option<String> {
    document.get_str(field).ok().map(str::to_owned)
}

/// A text with something in it.
fn filled_text(document: &Document, field: &str) -> Option<String> {
    text(document, field).filter(|text| !text.is_empty())
}

/// A whole number, whatever type it is stored as.
pub(super) fn whole(document: &Document, field: &str) -> Option<i64> {
    match document.get(field)? {
        Bson::Int64(number) => Some(*number),
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Double(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}

/// The first moment of the year 10000; what lies behind it cannot be written as our times are.
const YEAR_10000: i64 = 253_402_300_800_000;

fn time(document: &Document, field: &str) -> Option<Timestamp> {
    let millis = document.get_datetime(field).ok()?.timestamp_millis();
    (-YEAR_10000 / 8..YEAR_10000).contains(&millis).then(|| Timestamp::from_millis(millis))
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

/// What users and rooms are found by and unique by; see [`super::indexes`]. Who has no address is not found by it.
pub(super) fn user_keys(username: &str, email: &str) -> Document {
    let (name, email) = (NameKey::of(username), email_key(email));
    let mut keys = doc! { "usernameKey": name.as_str(), "uniqueUsername": name.as_str() };
    if !email.is_empty() {
        keys.extend(doc! { "emailKey": &email, "uniqueEmail": &email });
    }
    keys
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

/// Of the account that was the first, so that there is one of these.
pub(super) const FIRST: &str = "tincanFirst";

/// The fields by which tokens end. Counted on from what the version is read as: 0 where there is none, or no whole
/// number.
pub(super) fn ended_tokens(names: &Names, now: Timestamp) -> Document {
    let field = format!("${}", names.token_version);
    let whole =
        doc! { "$and": [{ "$isNumber": &field }, { "$gte": [&field, 0] }, { "$lt": [&field, i64::from(u32::MAX)] }] };
    let version = doc! { "$cond": [whole, { "$toLong": { "$trunc": [&field] } }, 0_i64] };
    doc! { names.token_version: { "$add": [version, 1_i64] }, "tincanTokensEndedAt": date(now) }
}

pub(super) fn user_document(names: &Names, user: &User) -> Result<Document> {
    let mut document = document(&UserRecord::from(user))?;
    rename(&mut document, Names::OURS.token_version, names.token_version);
    document.extend(user_keys(&user.username, &user.email));
    Ok(document)
}

pub(super) fn read_user(names: &Names, document: &Document) -> Result<User, Oddity> {
    let token_version = whole(document, names.token_version).and_then(|number| number.try_into().ok());
    let id = UserId::from_bytes(id_of(document)?);
    let username = filled_text(document, "username").ok_or_else(|| odd(document, NO_USERNAME))?;
    let email = text(document, "email").unwrap_or_default();
    let password = PasswordHash::new(text(document, "password").unwrap_or_default());
    let user = User::new(id, username, email, password, time_or_of_id(document, "createdAt"));
    Ok(own_fields(document).give(User { token_version: token_version.unwrap_or(0), ..user }))
}

/// Each field for itself, as far as it is one of ours.
fn own_fields(document: &Document) -> OwnFields {
    let date = |field| time(document, field).map(date);
    let reset = document.get_document("tincanReset").ok();
    OwnFields {
        role: text(document, "tincanRole"),
        disabled: document.get_bool("tincanDisabled").unwrap_or(false),
        reset: reset.and_then(|reset| bson::from_document(reset.clone()).ok()),
        reset_at: date("tincanResetAt"),
        tokens_ended_at: date("tincanTokensEndedAt"),
        last_seen_at: date("tincanSeenAt"),
    }
}

/// The field of a direct room by which the two have one alone.
pub(super) const PAIR: &str = "tincanPair";
/// The field of a room that is not open with the word of its kind.
pub(super) const KIND: &str = "tincanKind";
/// The field of a private room with its name.
pub(super) const TITLE: &str = "tincanName";

/// What it holds.
pub(super) fn pair_key([one, other]: [UserId; 2]) -> String {
    format!("{one}:{other}")
}

pub(super) fn room_document(room: &Room) -> Result<Document> {
    let record = RoomRecord::from(room);
    let mut document = document(&record)?;
    document.extend(room_keys(&record.name));
    if let Some(pair) = room.pair() {
        document.insert(PAIR, pair_key(pair));
    }
    Ok(document)
}

/// A room without its newest message.
pub(super) fn read_room(_: &Names, document: &Document) -> Result<Room, Oddity> {
    // A room whose creator is unknown belongs to nobody: the id of nothing.
    let creator = document.get_object_id("createdBy").map_or([0; 12], |id| id.bytes());
    let name = filled_text(document, "name").ok_or_else(|| odd(document, NO_NAME))?;
    let (kind, name) = kind_and_name(name, document.get_str(KIND).ok(), text(document, TITLE));
    Ok(Room {
        id: RoomId::from_bytes(id_of(document)?),
        kind,
        name,
        description: text(document, "description").unwrap_or_default(),
        created_by: UserId::from_bytes(creator),
        participants: Arc::new(users_in(document, "participants")),
        created_at: time_or_of_id(document, "createdAt"),
        last_message: None,
        last_seq: 0,
        numbered: 0,
    })
}

/// The field of a message with those whom it names.
pub(super) const MENTIONS: &str = "tincanMentions";
/// The field of a message that calls everybody in the room.
pub(super) const MENTIONS_ALL: &str = "tincanMentionsAll";

pub(super) fn message_document(names: &Names, message: &Message) -> Result<Document> {
    let mut document = document(&MessageRecord::keyed(oid(message.id), None, message))?;
    rename(&mut document, Names::OURS.seq, names.seq);
    rename(&mut document, Names::OURS.client_id, names.client_id);
    Ok(document)
}

/// A number as the database has it; beyond what it can hold there is none anyway.
pub(super) fn stored_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(super) fn read_message(names: &Names, document: &Document) -> Result<Message, Oddity> {
    let sender = document.get_object_id("sender").map_or([0; 12], |id| id.bytes());
    let room = document.get_object_id("room").map_err(|_| odd(document, NO_ROOM))?;
    let seq = whole(document, names.seq).and_then(|seq| u64::try_from(seq).ok()).filter(|seq| *seq > 0);
    Ok(Message {
        id: MessageId::from_bytes(id_of(document)?),
        room: RoomId::from_bytes(room.bytes()),
        sender: UserId::from_bytes(sender),
        sender_name: text(document, "senderName").unwrap_or_default(),
        content: text(document, "content").unwrap_or_default(),
        timestamp: time_or_of_id(document, "timestamp"),
        seq: seq.ok_or_else(|| odd(document, NO_NUMBER))?,
        client_id: text(document, names.client_id),
        mentions: users_in(document, MENTIONS),
        mentions_all: document.get_bool(MENTIONS_ALL).unwrap_or(false),
    })
}

pub(super) fn call_document(call: &Call) -> Result<Document> {
    let mut people: Vec<UserId> = vec![call.created_by];
    people.extend(call.participants.iter().chain(&call.invited));
    people.sort_unstable();
    people.dedup();
    let mut document = document(&CallRecord::from(call))?;
    document.insert("people", object_ids(&people));
    let open = call.status != CallStatus::Ended;
    document.insert("open", open);
    if open {
        let mut engaged: Vec<UserId> = call.engaged().collect();
        engaged.sort_unstable();
        engaged.dedup();
        if !engaged.is_empty() {
            document.insert("engaged", object_ids(&engaged));
        }
        if let Some(room) = call.group() {
            document.insert("openRoom", oid(room));
        }
    }
    Ok(document)
}

pub(super) fn read_call(_: &Names, document: &Document) -> Result<Call, Oddity> {
    id_of(document)?;
    let record: CallRecord = bson::from_document(document.clone()).map_err(|_| odd(document, NO_CALL))?;
    record.try_into().map_err(|_| odd(document, UNKNOWN_WORD))
}

/// A number that was given; what the index on it holds.
pub(super) fn numbered() -> Document {
    doc! { "$gt": 0 }
}
