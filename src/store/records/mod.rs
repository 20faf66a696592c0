//! How users, rooms, messages and calls lie in a database: the shapes that Mongoose gave them, and fields of our own
//! beside.
//!
//! Every record reads a document of the Node backend too: what only this server writes has a default.

mod call;
mod invite;

use std::sync::Arc;

use bson::DateTime;
use bson::oid::ObjectId;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

pub(crate) use self::call::CallRecord;
pub(crate) use self::invite::InviteRecord;
use super::StoreError;
use crate::model::{
    CallId, CodeHash, InviteId, Message, MessageId, NameKey, PasswordHash, Reset, Role, Room, RoomId, RoomKind,
    ServerId, Timestamp, User, UserId,
};

/// An id as it is stored.
pub(crate) trait Stored: Copy {
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

stored_id!(UserId RoomId MessageId CallId InviteId ServerId);

/// A list of ids as it is stored.
pub(crate) fn object_ids<I: Stored>(ids: &[I]) -> Vec<ObjectId> {
    ids.iter().map(|id| id.object_id()).collect()
}

/// A stored list of ids.
pub(crate) fn from_object_ids<I: Stored>(ids: Vec<ObjectId>) -> Vec<I> {
    ids.into_iter().map(I::from_object_id).collect()
}

/// A time as it is stored.
pub(crate) fn date(time: Timestamp) -> DateTime {
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
    /// What only this server writes, under names that nobody else has: other programs have roles too, and what they
    /// mean by them makes nobody an administrator here.
    #[serde(flatten)]
    pub own: OwnFields,
}

/// Fields of ours in a document of `users`. Each is left out where it says nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OwnFields {
    /// As [`Role::as_str`] has it; absent for a member.
    #[serde(rename = "tincanRole", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Nobody can use the account.
    #[serde(rename = "tincanDisabled", default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// By which the password may be set.
    #[serde(rename = "tincanReset", default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetRecord>,
    /// When it was set so.
    #[serde(rename = "tincanResetAt", default, skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<DateTime>,
    /// When tokens were ended last.
    #[serde(rename = "tincanTokensEndedAt", default, skip_serializing_if = "Option::is_none")]
    pub tokens_ended_at: Option<DateTime>,
    /// When the user was connected last.
    #[serde(rename = "tincanSeenAt", default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<DateTime>,
}

/// A [`Reset`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResetRecord {
    /// The hash, in hex.
    pub hash: String,
    /// When it ends.
    pub expires_at: DateTime,
}

impl From<&Reset> for ResetRecord {
    fn from(reset: &Reset) -> Self {
        Self { hash: hash_text(reset.hash), expires_at: date(reset.expires_at) }
    }
}

impl ResetRecord {
    /// `None` where the hash is none.
    pub fn reset(&self) -> Option<Reset> {
        let hash = HEXLOWER.decode(self.hash.as_bytes()).ok()?.try_into().ok()?;
        Some(Reset { hash: CodeHash(hash), expires_at: time(self.expires_at) })
    }
}

/// A hash as it is stored.
pub(crate) fn hash_text(hash: CodeHash) -> String {
    HEXLOWER.encode(&hash.0)
}

impl OwnFields {
    /// Those of an account.
    pub fn of(user: &User) -> Self {
        Self {
            role: user.is_administrator().then(|| user.role.as_str().to_owned()),
            disabled: user.disabled,
            reset: user.reset.as_ref().map(ResetRecord::from),
            reset_at: user.reset_at.map(date),
            tokens_ended_at: user.tokens_ended_at.map(date),
            last_seen_at: user.last_seen_at.map(date),
        }
    }

    /// The account with them.
    pub fn give(self, user: User) -> User {
        User {
            role: self.role.and_then(|role| Role::parse(&role)).unwrap_or_default(),
            disabled: self.disabled,
            reset: self.reset.and_then(|reset| reset.reset()),
            reset_at: self.reset_at.map(time),
            tokens_ended_at: self.tokens_ended_at.map(time),
            last_seen_at: self.last_seen_at.map(time),
            ..user
        }
    }
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
            own: OwnFields::of(user),
        }
    }
}

impl From<UserRecord> for User {
    fn from(record: UserRecord) -> Self {
        let (id, password) = (UserId::from_object_id(record.id), PasswordHash::new(record.password));
        let user = Self::new(id, record.username, record.email, password, time(record.created_at));
        record.own.give(Self { token_version: record.token_version, ..user })
    }
}

/// A document of `rooms`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomRecord {
    /// The room's id.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// As it is written; of a room that is not open its [`technical_name`].
    pub name: String,
    /// What the name is unique by. The Node backend wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_key: Option<String>,
    /// In the words of [`RoomKind`], of a room that is not open. Other programs have a `kind` of their own.
    #[serde(rename = "tincanKind", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The name of a private room.
    #[serde(rename = "tincanName", default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
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

/// The name under which a room that is not open is stored: the database that Mongoose made has a unique index on
/// `name`, so that neither the real name nor a clash of names shows.
pub(crate) fn technical_name(kind: RoomKind, id: RoomId) -> String {
    format!("{}:{id}", kind.as_str())
}

/// The kind and the name of a stored room, out of its three fields.
pub(crate) fn kind_and_name(name: String, kind: Option<&str>, title: Option<String>) -> (RoomKind, String) {
    match kind.and_then(RoomKind::parse).unwrap_or_default() {
        RoomKind::Open => (RoomKind::Open, name),
        closed => (closed, title.unwrap_or_default()),
    }
}

impl From<&Room> for RoomRecord {
    fn from(room: &Room) -> Self {
        let open = room.kind == RoomKind::Open;
        let name = if open { room.name.clone() } else { technical_name(room.kind, room.id) };
        Self {
            id: room.id.object_id(),
            name_key: Some(NameKey::of_room(&name).as_str().to_owned()),
            name,
            kind: (!open).then(|| room.kind.as_str().to_owned()),
            title: (room.kind == RoomKind::Private).then(|| room.name.clone()),
            description: room.description.clone(),
            created_by: room.created_by.object_id(),
            participants: object_ids(&room.participants),
            created_at: date(room.created_at),
        }
    }
}

impl RoomRecord {
    /// The room, with its newest message, which does not stand in the record.
    pub(crate) fn into_room(self, last_message: Option<Arc<Message>>) -> Room {
        let (kind, name) = kind_and_name(self.name, self.kind.as_deref(), self.title);
        Room {
            id: RoomId::from_object_id(self.id),
            kind,
            name,
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

/// A document of `messages`. Its `_id` is the engine's affair: `K` is what a message is found by, and where that is not
/// the message's own id, `id` is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageRecord<K> {
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
    /// Whom it names.
    #[serde(rename = "tincanMentions", default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<ObjectId>,
    /// It calls everybody.
    #[serde(rename = "tincanMentionsAll", default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions_all: bool,
}

impl<K> MessageRecord<K> {
    /// The record of a message under a key of the engine's.
    pub(crate) fn keyed(key: K, id: Option<ObjectId>, message: &Message) -> Self {
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
            mentions: object_ids(&message.mentions),
            mentions_all: message.mentions_all,
        }
    }

    /// The message of the record; `id` is its own.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it has no number.
    pub(crate) fn into_message(self, id: ObjectId) -> Result<Message, StoreError> {
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
            mentions: from_object_ids(self.mentions),
            mentions_all: self.mentions_all,
        })
    }
}
