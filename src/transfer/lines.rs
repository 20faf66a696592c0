//! How a record stands in an archive: one line of JSON, the same for the same record whatever store it comes from.

use serde::{Deserialize, Serialize};

use crate::model::{
    Call, CallId, CallStatus, CallType, EndReason, Message, MessageId, PasswordHash, Room, RoomId, Timestamp, User,
    UserId,
};

/// The highest number that is taken: a store can still count on from it.
const HIGHEST: u64 = i64::MAX as u64 / 2;

/// A record. Ids are in hex, times in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Line {
    User(UserLine),
    Room(RoomLine),
    Message(MessageLine),
    Call(CallLine),
    /// The room before this line was deleted while it was copied: it and its messages are void.
    Gone(GoneLine),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GoneLine {
    room: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserLine {
    id: String,
    username: String,
    email: String,
    password: String,
    created_at: i64,
    token_version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomLine {
    id: String,
    name: String,
    description: String,
    created_by: String,
    participants: Vec<String>,
    created_at: i64,
    /// The highest number that was given in the room; archives of the first version have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seq: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageLine {
    id: String,
    room: String,
    seq: u64,
    sender: String,
    sender_name: String,
    content: String,
    timestamp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallLine {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    call_type: String,
    status: String,
    created_by: String,
    participants: Vec<String>,
    invited: Vec<String>,
    inside: Vec<String>,
    ringing: Vec<String>,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_reason: Option<String>,
}

fn texts(ids: &[UserId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn users(texts: &[String]) -> Option<Vec<UserId>> {
    texts.iter().map(|text| UserId::parse(text)).collect()
}

impl Line {
    /// The line, with its end.
    pub fn text(&self) -> Vec<u8> {
        // Strings, numbers and lists of them always have a JSON form.
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

/// A record as a line holds it.
pub(super) enum Record {
    User(User),
    Room(Room),
    Message(Message),
    Call(Call),
    /// The room is not in the archive after all.
    Gone(RoomId),
}

impl Line {
    /// `None` where it holds what no store can.
    pub fn record(self) -> Option<Record> {
        match self {
            Self::User(line) => line.user().map(Record::User),
            Self::Room(line) => line.room().map(Record::Room),
            Self::Message(line) => line.message().map(Record::Message),
            Self::Call(line) => line.call().map(Record::Call),
            Self::Gone(line) => RoomId::parse(&line.room).map(Record::Gone),
        }
    }
}

impl From<&User> for Line {
    fn from(user: &User) -> Self {
        Self::User(UserLine {
            id: user.id.to_string(),
            username: user.username.clone(),
            email: user.email.clone(),
            password: user.password.expose().to_owned(),
            created_at: user.created_at.millis(),
            token_version: user.token_version,
        })
    }
}

impl Line {
    /// A room as an archive of this version has it.
    pub fn of_room(room: &Room, version: u64) -> Self {
        Self::Room(RoomLine {
            id: room.id.to_string(),
            name: room.name.clone(),
            description: room.description.clone(),
            created_by: room.created_by.to_string(),
            participants: texts(&room.participants),
            created_at: room.created_at.millis(),
            last_seq: (version > 1).then(|| room.numbered()),
        })
    }

    /// Takes back the room before it.
    pub fn gone(room: RoomId) -> Self {
        Self::Gone(GoneLine { room: room.to_string() })
    }
}

impl From<&Message> for Line {
    fn from(message: &Message) -> Self {
        Self::Message(MessageLine {
            id: message.id.to_string(),
            room: message.room.to_string(),
            seq: message.seq,
            sender: message.sender.to_string(),
            sender_name: message.sender_name.clone(),
            content: message.content.clone(),
            timestamp: message.timestamp.millis(),
            client_id: message.client_id.clone(),
        })
    }
}

impl From<&Call> for Line {
    fn from(call: &Call) -> Self {
        Self::Call(CallLine {
            id: call.id.to_string(),
            room: call.room.map(|room| room.to_string()),
            call_type: call.call_type.as_str().to_owned(),
            status: call.status.as_str().to_owned(),
            created_by: call.created_by.to_string(),
            participants: texts(&call.participants),
            invited: texts(&call.invited),
            inside: texts(&call.inside),
            ringing: texts(&call.ringing),
            created_at: call.created_at.millis(),
            answered_at: call.answered_at.map(Timestamp::millis),
            ended_at: call.ended_at.map(Timestamp::millis),
            end_reason: call.end_reason.map(|reason| reason.as_str().to_owned()),
        })
    }
}

impl UserLine {
    fn user(self) -> Option<User> {
        Some(User {
            id: UserId::parse(&self.id)?,
            username: self.username,
            email: self.email,
            password: PasswordHash::new(self.password),
            created_at: Timestamp::from_millis(self.created_at),
            token_version: self.token_version,
        })
    }
}

impl RoomLine {
    fn room(self) -> Option<Room> {
        Some(Room {
            id: RoomId::parse(&self.id)?,
            name: self.name,
            description: self.description,
            created_by: UserId::parse(&self.created_by)?,
            participants: users(&self.participants)?.into(),
            created_at: Timestamp::from_millis(self.created_at),
            last_message: None,
            last_seq: self.last_seq.unwrap_or(0).min(HIGHEST),
            numbered: 0,
        })
    }
}

impl MessageLine {
    fn message(self) -> Option<Message> {
        Some(Message {
            id: MessageId::parse(&self.id)?,
            room: RoomId::parse(&self.room)?,
            sender: UserId::parse(&self.sender)?,
            sender_name: self.sender_name,
            content: self.content,
            timestamp: Timestamp::from_millis(self.timestamp),
            seq: Some(self.seq).filter(|seq| (1..=HIGHEST).contains(seq))?,
            client_id: self.client_id,
        })
    }
}

impl CallLine {
    fn call(self) -> Option<Call> {
        let room = match self.room {
            Some(room) => Some(RoomId::parse(&room)?),
            None => None,
        };
        let end_reason = match self.end_reason {
            Some(reason) => Some(EndReason::parse(&reason)?),
            None => None,
        };
        Some(Call {
            id: CallId::parse(&self.id)?,
            room,
            call_type: CallType::parse(&self.call_type)?,
            status: CallStatus::parse(&self.status)?,
            created_by: UserId::parse(&self.created_by)?,
            participants: users(&self.participants)?,
            invited: users(&self.invited)?,
            inside: users(&self.inside)?,
            ringing: users(&self.ringing)?,
            created_at: Timestamp::from_millis(self.created_at),
            answered_at: self.answered_at.map(Timestamp::from_millis),
            ended_at: self.ended_at.map(Timestamp::from_millis),
            end_reason,
        })
    }
}
