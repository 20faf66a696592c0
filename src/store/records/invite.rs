//! How an invitation lies in a database.

use bson::DateTime;
use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

use super::{Stored, date, object_ids, time};
use crate::model::{Invite, InviteId, RoomId, UserId};

/// An invitation as a document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InviteRecord {
    /// The invitation's id.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// Opens it.
    pub code: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<ObjectId>,
    /// Where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<ObjectId>,
    /// How often it can be used.
    pub uses: i64,
    /// How often it was.
    pub used: i64,
    /// Whose use is not settled yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<ObjectId>,
    /// When it was made.
    pub created_at: DateTime,
    /// When it ends.
    pub expires_at: DateTime,
}

impl From<&Invite> for InviteRecord {
    fn from(invite: &Invite) -> Self {
        Self {
            id: invite.id.object_id(),
            code: invite.code.clone(),
            created_by: invite.created_by.map(Stored::object_id),
            room: invite.room.map(Stored::object_id),
            uses: invite.uses.into(),
            used: invite.used.into(),
            pending: object_ids(&invite.pending),
            created_at: date(invite.created_at),
            expires_at: date(invite.expires_at),
        }
    }
}

impl From<InviteRecord> for Invite {
    fn from(record: InviteRecord) -> Self {
        let count = |number: i64| number.clamp(0, u32::MAX.into()) as u32;
        Self {
            id: InviteId::from_object_id(record.id),
            code: record.code,
            created_by: record.created_by.map(UserId::from_object_id),
            room: record.room.map(RoomId::from_object_id),
            uses: count(record.uses),
            used: count(record.used),
            pending: record.pending.into_iter().map(UserId::from_object_id).collect(),
            created_at: time(record.created_at),
            expires_at: time(record.expires_at),
        }
    }
}
