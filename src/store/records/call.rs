//! How a call lies in a database.

use bson::DateTime;
use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

use super::{Stored, date, from_object_ids, object_ids, time};
use crate::model::{
    Actor, Call, CallId, CallStatus, CallType, EndReason, RoomId, RoomKind, ServerId, SocketId, Standing, StandingRing,
    StandingSeat, UserId, UserRef,
};
use crate::store::StoreError;

/// A document of `calls`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The call's id.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// The room that it is held in, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<ObjectId>,
    /// In the words of [`RoomKind`], where that is not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_kind: Option<String>,
    /// In the words of [`CallType`].
    pub call_type: String,
    /// In the words of [`CallStatus`].
    pub status: String,
    /// Who called.
    pub created_by: ObjectId,
    /// Everybody who has been in it.
    pub participants: Vec<ObjectId>,
    /// Everybody who was called.
    pub invited: Vec<ObjectId>,
    /// Who is in it now.
    #[serde(default)]
    pub inside: Vec<ObjectId>,
    /// With whom it rings now.
    #[serde(default)]
    pub ringing: Vec<ObjectId>,
    /// When it was made.
    pub created_at: DateTime,
    /// When somebody answered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime>,
    /// Why it ended, in the words of [`EndReason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// Counts the changes.
    #[serde(default)]
    pub revision: i64,
    /// How it stands, while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingRecord>,
}

/// How a call stands that goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingRecord {
    begun_by: SocketRecord,
    seats: Vec<SeatRecord>,
    rung: Vec<RingRecord>,
    ring_until: DateTime,
}

/// A user and a socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SocketRecord {
    user: ObjectId,
    name: String,
    socket: String,
}

/// One who is in a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SeatRecord {
    #[serde(flatten)]
    who: SocketRecord,
    server: ObjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    away_until: Option<DateTime>,
}

/// One who is rung.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RingRecord {
    user: ObjectId,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    away_until: Option<DateTime>,
}

impl SocketRecord {
    fn new(user: &UserRef, socket: SocketId) -> Self {
        Self { user: user.id.object_id(), name: user.username.clone(), socket: socket.to_string() }
    }

    /// What cannot be read names no socket.
    fn actor(self) -> Actor {
        let user = UserRef { id: UserId::from_object_id(self.user), username: self.name };
        Actor { socket: SocketId::parse(&self.socket).unwrap_or_else(SocketId::new), user }
    }
}

impl From<&Standing> for StandingRecord {
    fn from(standing: &Standing) -> Self {
        let seat = |seat: &StandingSeat| SeatRecord {
            who: SocketRecord::new(&seat.user, seat.socket),
            server: seat.server.object_id(),
            away_until: seat.away_until.map(date),
        };
        let ring = |rung: &StandingRing| RingRecord {
            user: rung.user.id.object_id(),
            name: rung.user.username.clone(),
            away_until: rung.away_until.map(date),
        };
        Self {
            begun_by: SocketRecord::new(&standing.begun_by.user, standing.begun_by.socket),
            seats: standing.seats.iter().map(seat).collect(),
            rung: standing.rung.iter().map(ring).collect(),
            ring_until: date(standing.ring_until),
        }
    }
}

impl From<StandingRecord> for Standing {
    fn from(record: StandingRecord) -> Self {
        let seat = |record: SeatRecord| {
            let Actor { socket, user } = record.who.actor();
            let server = ServerId::from_object_id(record.server);
            StandingSeat { user, socket, server, away_until: record.away_until.map(time) }
        };
        let ring = |record: RingRecord| StandingRing {
            user: UserRef { id: UserId::from_object_id(record.user), username: record.name },
            away_until: record.away_until.map(time),
        };
        Self {
            begun_by: record.begun_by.actor(),
            seats: record.seats.into_iter().map(seat).collect(),
            rung: record.rung.into_iter().map(ring).collect(),
            ring_until: time(record.ring_until),
        }
    }
}

impl From<&Call> for CallRecord {
    fn from(call: &Call) -> Self {
        Self {
            id: call.id.object_id(),
            room: call.room.map(Stored::object_id),
            room_kind: (call.room_kind != RoomKind::Open).then(|| call.room_kind.as_str().to_owned()),
            call_type: call.call_type.as_str().to_owned(),
            status: call.status.as_str().to_owned(),
            created_by: call.created_by.object_id(),
            participants: object_ids(&call.participants),
            invited: object_ids(&call.invited),
            inside: object_ids(&call.inside),
            ringing: object_ids(&call.ringing),
            created_at: date(call.created_at),
            answered_at: call.answered_at.map(date),
            ended_at: call.ended_at.map(date),
            end_reason: call.end_reason.map(|reason| reason.as_str().to_owned()),
            revision: call.revision as i64,
            standing: call.standing.as_deref().map(StandingRecord::from),
        }
    }
}

impl TryFrom<CallRecord> for Call {
    type Error = StoreError;

    /// # Errors
    /// [`StoreError::Corrupt`] where a word in it is none of ours.
    fn try_from(record: CallRecord) -> Result<Self, StoreError> {
        let id = record.id;
        let odd = |field: &str, word: &str| StoreError::Corrupt(format!("call {id} has the {field} {word:?}"));
        Ok(Self {
            id: CallId::from_object_id(id),
            room: record.room.map(RoomId::from_object_id),
            room_kind: match record.room_kind {
                None => RoomKind::Open,
                Some(word) => RoomKind::parse(&word).ok_or_else(|| odd("kind of room", &word))?,
            },
            call_type: CallType::parse(&record.call_type).ok_or_else(|| odd("type", &record.call_type))?,
            status: CallStatus::parse(&record.status).ok_or_else(|| odd("status", &record.status))?,
            created_by: UserId::from_object_id(record.created_by),
            participants: from_object_ids(record.participants),
            invited: from_object_ids(record.invited),
            inside: from_object_ids(record.inside),
            ringing: from_object_ids(record.ringing),
            created_at: time(record.created_at),
            answered_at: record.answered_at.map(time),
            ended_at: record.ended_at.map(time),
            end_reason: match record.end_reason {
                None => None,
                Some(word) => Some(EndReason::parse(&word).ok_or_else(|| odd("reason", &word))?),
            },
            revision: u64::try_from(record.revision).unwrap_or_default(),
            standing: record.standing.map(|standing| Box::new(standing.into())),
        })
    }
}
