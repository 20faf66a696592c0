//! How a record stands in an archive: one line of JSON, the same for the same record whatever store it comes from.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::model::{
    Call, CallId, CallStatus, CallType, CodeHash, EndReason, Invite, InviteId, Message, MessageId, PasswordHash, Reset,
    Role, Room, RoomId, RoomKind, Timestamp, User, UserId,
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
    Invite(InviteLine),
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
    // Archives before version 3 have none of these, and a line of an account of which they say nothing is as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens_ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reset: Option<ResetLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reset_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResetLine {
    /// Of the code, in hex.
    sha256: String,
    expires_at: i64,
}

impl From<&Reset> for ResetLine {
    fn from(reset: &Reset) -> Self {
        Self { sha256: HEXLOWER.encode(&reset.hash.0), expires_at: reset.expires_at.millis() }
    }
}

impl ResetLine {
    fn reset(&self) -> Option<Reset> {
        let hash = HEXLOWER.decode(self.sha256.as_bytes()).ok()?.try_into().ok()?;
        Some(Reset { hash: CodeHash(hash), expires_at: Timestamp::from_millis(self.expires_at) })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomLine {
    id: String,
    /// Where it is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    name: String,
    description: String,
    created_by: String,
    participants: Vec<String>,
    /// Up to which number each of these has read; before the third version there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    read: Vec<u64>,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mentions_all: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallLine {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room_kind: Option<String>,
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
    #[serde(default)]
    revision: u64,
}

/// The word of a kind, where that is not open.
fn closed(kind: RoomKind) -> Option<String> {
    (kind != RoomKind::Open).then(|| kind.as_str().to_owned())
}

/// `None` where it is none that is known.
fn kind(word: Option<&str>) -> Option<RoomKind> {
    word.map_or(Some(RoomKind::Open), RoomKind::parse)
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InviteLine {
    id: String,
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    uses: u32,
    used: u32,
    created_at: i64,
    expires_at: i64,
}

impl From<&Invite> for Line {
    fn from(invite: &Invite) -> Self {
        Self::Invite(InviteLine {
            id: invite.id.to_string(),
            code: invite.code.clone(),
            created_by: invite.created_by.map(|user| user.to_string()),
            room: invite.room.map(|room| room.to_string()),
            uses: invite.uses,
            used: invite.used,
            created_at: invite.created_at.millis(),
            expires_at: invite.expires_at.millis(),
        })
    }
}

impl InviteLine {
    fn invite(self) -> Option<Invite> {
        let created_by = match self.created_by {
            Some(user) => Some(UserId::parse(&user)?),
            None => None,
        };
        let room = match self.room {
            Some(room) => Some(RoomId::parse(&room)?),
            None => None,
        };
        Some(Invite {
            id: InviteId::parse(&self.id)?,
            code: self.code,
            created_by,
            room,
            uses: self.uses,
            used: self.used,
            pending: Vec::new(),
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

fn texts(ids: &[UserId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn users(texts: &[String]) -> Option<Vec<UserId>> {
    texts.iter().map(|text| UserId::parse(text)).collect()
}

impl Line {
    /// The line, with its end.
    pub(crate) fn text(&self) -> Vec<u8> {
        // Strings, numbers and lists of them always have a JSON form.
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

/// A record as a line holds it.
pub(super) enum Record {
    User(User),
    /// And how far those have read of whom it is known.
    Room(Room, Vec<(UserId, u64)>),
    Message(Message),
    Call(Call),
    Invite(Invite),
    /// The room is not in the archive after all.
    Gone(RoomId),
}

impl Line {
    /// `None` where it holds what no store can.
    pub(crate) fn record(self) -> Option<Record> {
        match self {
            Self::User(line) => line.user().map(Record::User),
            Self::Room(line) => line.room().map(|(room, readers)| Record::Room(room, readers)),
            Self::Message(line) => line.message().map(Record::Message),
            Self::Call(line) => line.call().map(Record::Call),
            Self::Invite(line) => line.invite().map(Record::Invite),
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
            tokens_ended_at: user.tokens_ended_at.map(Timestamp::millis),
            role: user.is_administrator().then(|| user.role.as_str().to_owned()),
            disabled: user.disabled,
            reset: user.reset.as_ref().map(ResetLine::from),
            reset_at: user.reset_at.map(Timestamp::millis),
            last_seen_at: user.last_seen_at.map(Timestamp::millis),
        })
    }
}

impl Line {
    /// A room as an archive of this version has it.
    pub(crate) fn of_room(room: &Room, readers: &[(UserId, u64)], version: u64) -> Self {
        Self::Room(RoomLine {
            id: room.id.to_string(),
            kind: closed(room.kind),
            name: room.name.clone(),
            description: room.description.clone(),
            created_by: room.created_by.to_string(),
            participants: texts(&room.participants),
            read: readers.iter().map(|(_, read)| *read).filter(|_| version > 2).collect(),
            created_at: room.created_at.millis(),
            last_seq: (version > 1).then(|| room.numbered()),
        })
    }

    /// Takes back the room before it.
    pub(crate) fn gone(room: RoomId) -> Self {
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
            mentions: texts(&message.mentions),
            mentions_all: message.mentions_all,
        })
    }
}

impl From<&Call> for Line {
    fn from(call: &Call) -> Self {
        Self::Call(CallLine {
            id: call.id.to_string(),
            room: call.room.map(|room| room.to_string()),
            room_kind: closed(call.room_kind),
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
            revision: call.revision,
        })
    }
}

impl UserLine {
    fn user(self) -> Option<User> {
        let role = self.role.map_or(Some(Role::Member), |role| Role::parse(&role))?;
        let reset = match self.reset {
            Some(line) => Some(line.reset()?),
            None => None,
        };
        let (id, created_at) = (UserId::parse(&self.id)?, Timestamp::from_millis(self.created_at));
        Some(User {
            token_version: self.token_version,
            tokens_ended_at: self.tokens_ended_at.map(Timestamp::from_millis),
            role,
            disabled: self.disabled,
            reset,
            reset_at: self.reset_at.map(Timestamp::from_millis),
            last_seen_at: self.last_seen_at.map(Timestamp::from_millis),
            ..User::new(id, self.username, self.email, PasswordHash::new(self.password), created_at)
        })
    }
}

impl RoomLine {
    fn room(self) -> Option<(Room, Vec<(UserId, u64)>)> {
        let participants = users(&self.participants)?;
        let readers = participants.iter().copied().zip(self.read).collect();
        let room = Room {
            id: RoomId::parse(&self.id)?,
            kind: kind(self.kind.as_deref())?,
            name: self.name,
            description: self.description,
            created_by: UserId::parse(&self.created_by)?,
            participants: participants.into(),
            created_at: Timestamp::from_millis(self.created_at),
            last_message: None,
            last_seq: self.last_seq.unwrap_or(0).min(HIGHEST),
            numbered: 0,
        };
        Some((room, readers))
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
            mentions: users(&self.mentions)?,
            mentions_all: self.mentions_all,
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
            room_kind: kind(self.room_kind.as_deref())?,
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
            revision: self.revision,
            standing: None,
        })
    }
}
