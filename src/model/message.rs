//! Messages and the pages in which they are read.

use super::{ClientId, Content, MessageId, RoomId, Timestamp, UserId};

/// A stored message.
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
    /// Its place in the room: 1, 2, 3, … A number never repeats; gaps are there only where messages were removed by
    /// other hands.
    pub seq: u64,
    /// By which its sender repeats it without doubling it.
    pub client_id: Option<String>,
    /// The participants whom it names by `@username`, each once.
    pub mentions: Vec<UserId>,
    /// It calls everybody in the room by `@all`.
    pub mentions_all: bool,
}

impl Message {
    /// Whether it calls this user.
    pub fn mentions(&self, user: UserId) -> bool {
        self.mentions_all || self.mentions.contains(&user)
    }
}

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
    /// Whom it calls.
    pub mentions: Mentions,
}

/// Whom a message calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Those whom it names, each once.
    pub users: Vec<UserId>,
    /// Everybody in the room.
    pub all: bool,
}

impl NewMessage {
    /// The message under its number in its room.
    pub fn numbered(self, room: RoomId, seq: u64) -> Message {
        Message {
            id: self.id,
            room,
            sender: self.sender,
            sender_name: self.sender_name,
            content: self.content.into_string(),
            timestamp: self.timestamp,
            seq,
            client_id: self.client_id.map(ClientId::into_string),
            mentions: self.mentions.users,
            mentions_all: self.mentions.all,
        }
    }
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
