//! Messages and the pages in which they are read.

use serde::Serialize;
use utoipa::ToSchema;

use super::schema::wire_schema;
use super::{ClientId, Content, MessageId, RoomId, Timestamp, UserId};

/// A stored message, as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room that it was sent to.
    pub room: RoomId,
    /// Who sent it.
    pub sender: UserId,
    /// The sender's name at that time.
    pub sender_name: String,
    /// The text.
    pub content: String,
    /// When it was stored.
    pub timestamp: Timestamp,
    /// Its place in the room: 1, 2, 3, … A number never repeats; gaps are there only where messages were removed by other hands.
    pub seq: u64,
    /// By which its sender repeats it without doubling it.
    pub client_id: Option<String>,
}

/// What of it goes over the wire, in the wire's names.
#[derive(Serialize, ToSchema)]
#[schema(as = Message, description = "A message.")]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
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
    /// Its place in the room: 1, 2, 3, … A number never repeats; gaps are there only where messages were removed by other hands.
    seq: u64,
    /// By which its sender repeats it without doubling it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<&'a str>,
}

impl Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire {
            object_id: self.id,
            id: self.id,
            room: self.room,
            sender: self.sender,
            sender_name: &self.sender_name,
            content: &self.content,
            timestamp: self.timestamp,
            seq: self.seq,
            client_id: self.client_id.as_deref(),
        }
        .serialize(serializer)
    }
}

wire_schema!(Message, Wire<'_>);

/// A message that waits to be stored: everything but the room and the number.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Minted by the caller, so that a repeat of an ambiguous write is the same message.
    pub id: MessageId,
    /// Who sends it.
    pub sender: UserId,
    /// The sender's name now.
    pub sender_name: String,
    /// The text.
    pub content: Content,
    /// Now.
    pub timestamp: Timestamp,
    /// Makes it idempotent for its sender in the room.
    pub client_id: Option<ClientId>,
}

/// Which messages of a room are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    Newest,
    /// The newest of those with a smaller `seq`.
    Before(u64),
    /// The oldest of those with a greater `seq`.
    After(u64),
}

/// Some messages of a room, oldest first, and whether there are more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// In the order of `seq`, without gaps but where messages were removed by other hands.
    pub messages: Vec<Message>,
    /// There are messages before the first one of this page.
    pub older: bool,
    /// There are messages after the last one of this page.
    pub newer: bool,
    /// The room's newest `seq` as this page was read.
    pub last_seq: u64,
}
