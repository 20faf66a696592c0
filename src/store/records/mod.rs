//! How users, rooms, messages and calls lie in a database: the shapes that Mongoose gave them, and fields of our own beside.
//!
//! Every record reads a document of the Node backend too: what only this server writes has a default.

mod call;

use std::sync::Arc;

use bson::DateTime;
use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

pub use self::call::CallRecord;
use super::StoreError;
use crate::model::{CallId, Message, MessageId, NameKey, PasswordHash, Room, RoomId, Timestamp, User, UserId};

/// An id as it is stored.
pub trait Stored: Copy {
    /// As an ObjectId.
    fn object_id(self) -> ObjectId;
    /// From an ObjectId.
    fn from_object_id(id: ObjectId) -> Self;
}

macro_rules! stored_id {
    ($($id:ident)+) => {
        $(impl Stored for $id {
            fn object_id(self) -> ObjectId {
                ObjectId::from_bytes(self.bytes())
            }

            fn from_object_id(id: ObjectId) -> Self {
                Self::from_bytes(id.bytes())
            }
        })+
    };
}

stored_id!(UserId RoomId MessageId CallId);

/// A list of ids as it is stored.
pub fn object_ids<I: Stored>(ids: &[I]) -> Vec<ObjectId> {
    ids.iter().map(|id| id.object_id()).collect()
}

/// A stored list of ids.
pub fn from_object_ids<I: Stored>(ids: Vec<ObjectId>) -> Vec<I> {
    ids.into_iter().map(I::from_object_id).collect()
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

fn time(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

/// A document of `users`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRecord {
    /// The user's id.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// As it is written.
    pub username: String,
    /// What the name is unique by. The Node backend wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_key: Option<String>,
    /// The address, in lower case where this server wrote it.
    pub email: String,
    /// Its bcrypt hash.
    pub password: String,
    /// When the account was made.
    pub created_at: DateTime,
    /// Older tokens are not taken any more.
    #[serde(default)]
    pub token_version: u32,
}

impl From<&User> for UserRecord {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.object_id(),
            username: user.username.clone(),
            username_key: Some(NameKey::of(&user.username).as_str().to_owned()),
            email: user.email.clone(),
            password: user.password.expose().to_owned(),
            created_at: date(user.created_at),
            token_version: user.token_version,
        }
    }
}

impl From<UserRecord> for User {
    fn from(record: UserRecord) -> Self {
        Self {
            id: UserId::from_object_id(record.id),
            username: record.username,
            email: record.email,
            password: PasswordHash::new(record.password),
            created_at: time(record.created_at),
            token_version: record.token_version,
        }
    }
}

/// A document of `rooms`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomRecord {
    /// The room's id.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// As it is written.
    pub name: String,
    /// What the name is unique by. The Node backend wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_key: Option<String>,
    /// Empty where there is none.
    #[serde(default)]
    pub description: String,
    /// Who made it.
    pub created_by: ObjectId,
    /// In the order of joining.
    #[serde(default)]
    pub participants: Vec<ObjectId>,
    /// When it was made.
    pub created_at: DateTime,
}

impl From<&Room> for RoomRecord {
    fn from(room: &Room) -> Self {
        Self {
            id: room.id.object_id(),
            name: room.name.clone(),
            name_key: Some(NameKey::of_room(&room.name).as_str().to_owned()),
            description: room.description.clone(),
            created_by: room.created_by.object_id(),
            participants: object_ids(&room.participants),
            created_at: date(room.created_at),
        }
    }
}

impl RoomRecord {
    /// The room, with its newest message, which does not stand in the record.
    pub fn into_room(self, last_message: Option<Arc<Message>>) -> Room {
        Room {
            id: RoomId::from_object_id(self.id),
            name: self.name,
            description: self.description,
            created_by: UserId::from_object_id(self.created_by),
            participants: Arc::new(from_object_ids(self.participants)),
            created_at: time(self.created_at),
            last_message,
            last_seq: 0,
            numbered: 0,
        }
    }
}

/// A document of `messages`. Its `_id` is the engine's affair: `K` is what a message is found by, and where that is not the
/// message's own id, `id` is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRecord<K> {
    /// What it is found by; a message's own id where the engine has no better key.
    #[serde(rename = "_id")]
    pub key: K,
    /// Its own id, where that is not the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ObjectId>,
    /// The room.
    pub room: ObjectId,
    /// Who wrote it.
    pub sender: ObjectId,
    /// The sender's name as it was then.
    pub sender_name: String,
    /// The text.
    pub content: String,
    /// When the server took it.
    pub timestamp: DateTime,
    /// The Node backend wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// What its sender's client calls it, so that a repeat is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

impl<K> MessageRecord<K> {
    /// The record of a message under a key of the engine's.
    pub fn keyed(key: K, id: Option<ObjectId>, message: &Message) -> Self {
        Self {
            key,
            id,
            room: message.room.object_id(),
            sender: message.sender.object_id(),
            sender_name: message.sender_name.clone(),
            content: message.content.clone(),
            timestamp: date(message.timestamp),
            seq: Some(message.seq as i64),
            client_id: message.client_id.clone(),
        }
    }

    /// The message of the record; `id` is its own.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it has no number.
    pub fn into_message(self, id: ObjectId) -> Result<Message, StoreError> {
        let seq = self.seq.and_then(|seq| u64::try_from(seq).ok());
        Ok(Message {
            id: MessageId::from_object_id(id),
            room: RoomId::from_object_id(self.room),
            sender: UserId::from_object_id(self.sender),
            sender_name: self.sender_name,
            content: self.content,
            timestamp: time(self.timestamp),
            seq: seq.ok_or_else(|| StoreError::Corrupt(format!("message {id} has no number")))?,
            client_id: self.client_id,
        })
    }
}
