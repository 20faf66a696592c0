//! How a call lies in a database.

use bson::DateTime;
use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

use super::{Stored, date, from_object_ids, object_ids, time};
use crate::model::{Call, CallId, CallStatus, CallType, EndReason, RoomId, UserId};
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
}

impl From<&Call> for CallRecord {
    fn from(call: &Call) -> Self {
        Self {
            id: call.id.object_id(),
            room: call.room.map(Stored::object_id),
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
        })
    }
}
