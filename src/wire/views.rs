//! Resources as clients see them over REST and in events; each carries its id as `_id` and `id`.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::schemas::schema_by;
use crate::model::{
    CallId, CallStatus, CallType, EndReason, Message, MessageId, Reading, Role, RoomId, RoomKind, Timestamp, User,
    UserId, UserRef,
};

/// A user's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = User)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    #[serde(rename = "_id")]
    object_id: UserId,
    /// The user's id.
    pub id: UserId,
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            object_id: user.id,
            id: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            role: user.role,
            created_at: user.created_at,
        }
    }
}

/// A user in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserEntry {
    /// Who it is.
    #[serde(flatten)]
    pub user: UserRef,
    /// Has any socket at all.
    pub online: bool,
}

/// A room, as seen by everyone or, with `joined`, by one user.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Room)]
#[serde(rename_all = "camelCase")]
pub struct RoomView {
    /// The room's id, as stored.
    #[serde(rename = "_id")]
    pub object_id: RoomId,
    /// The same id.
    pub id: RoomId,
    /// Who may see it.
    pub kind: RoomKind,
    /// The name; of a direct room the other's username.
    pub name: String,
    /// Empty when there is none.
    pub description: String,
    /// Who may change it; null where that account was removed.
    #[schema(required)]
    pub created_by: Option<UserRef>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first 50, or all.
    pub participants: Vec<UserRef>,
    /// How many there are.
    pub participant_count: usize,
    /// How many users have a socket in the room.
    pub online_count: usize,
    /// The number of the newest message, 0 where there is none.
    pub last_seq: u64,
    /// Its time.
    #[schema(required)]
    pub last_message_at: Option<Timestamp>,
    /// The newest message.
    #[schema(required, value_type = Option<Message>)]
    pub last_message: Option<Arc<Message>>,
    /// The call that goes on.
    #[schema(required)]
    pub call: Option<CallSnapshot>,
    /// The user who asked is a participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub joined: Option<bool>,
    /// The number up to which the user who asked has read, where that is a participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub read_seq: Option<u64>,
    /// How many messages of others come after it, at most 999.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unread: Option<u64>,
    /// How many of these call the user, at most 999.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mentions: Option<u64>,
}

impl RoomView {
    /// As events tell it, which are for many.
    pub fn for_event(self) -> Self {
        Self { joined: None, read_seq: None, unread: None, mentions: None, ..self }
    }

    /// As its participant sees it, who has read so far.
    pub fn read(self, Reading { read_seq, unread, mentions }: Reading) -> Self {
        Self { read_seq: Some(read_seq), unread: Some(unread), mentions: Some(mentions), ..self }
    }

    /// Of a room without messages.
    pub fn unread_by_nobody(self) -> Self {
        if self.joined == Some(true) { self.read(Reading::default()) } else { self }
    }
}

/// A call in the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Call)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// The call's id, as stored.
    #[serde(rename = "_id")]
    pub object_id: CallId,
    /// The same id.
    pub id: CallId,
    /// The room of a group call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub room: Option<RoomId>,
    /// What was rung for.
    pub call_type: CallType,
    /// Where it stands.
    pub status: CallStatus,
    /// Who began it.
    pub created_by: UserRef,
    /// Those who were in it.
    pub participants: Vec<UserRef>,
    /// Who was rung.
    pub invited: Vec<UserRef>,
    /// When it began to ring.
    pub created_at: Timestamp,
    /// When the first one answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_reason: Option<EndReason>,
}

/// The call that goes on in a room, as a Room and `room-call` tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallSnapshot {
    /// Its id.
    pub call_id: CallId,
    /// What was rung for.
    pub call_type: CallType,
    /// Ringing or active.
    pub status: CallStatus,
    /// Who began it.
    pub created_by: UserRef,
    /// Who is in it now.
    pub participants: Vec<UserRef>,
}

/// What of a [`UserRef`] goes over the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRef, description = "A user, as others see one.")]
struct UserWire<'a> {
    #[serde(rename = "_id")]
    object_id: UserId,
    id: UserId,
    username: &'a str,
}

impl Serialize for UserRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        UserWire { object_id: self.id, id: self.id, username: &self.username }.serialize(serializer)
    }
}

schema_by!(UserRef, UserWire<'_>);

/// What of a [`Message`] goes over the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = Message, description = "A message.")]
#[serde(rename_all = "camelCase")]
struct MessageWire<'a> {
    #[serde(rename = "_id")]
    object_id: MessageId,
    id: MessageId,
    /// The room's id.
    room: RoomId,
    /// The sender's id.
    sender: UserId,
    /// The sender's name at that time.
    sender_name: &'a str,
    content: &'a str,
    timestamp: Timestamp,
    /// Its place in the room: 1, 2, 3, … A number never repeats; gaps are there only where messages were removed by
    /// other hands.
    seq: u64,
    /// By which its sender repeats it without doubling it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<&'a str>,
    /// The ids of those whom it names.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    mentions: &'a [UserId],
    /// It calls everybody in the room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    mentions_all: bool,
}

impl Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MessageWire {
            object_id: self.id,
            id: self.id,
            room: self.room,
            sender: self.sender,
            sender_name: &self.sender_name,
            content: &self.content,
            timestamp: self.timestamp,
            seq: self.seq,
            client_id: self.client_id.as_deref(),
            mentions: &self.mentions,
            mentions_all: self.mentions_all,
        }
        .serialize(serializer)
    }
}

schema_by!(Message, MessageWire<'_>);
