//! Resources as clients see them over REST and in events; each carries its id as `_id` and `id`.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::{CallId, CallSnapshot, CallStatus, CallType, EndReason, Message, RoomId, Timestamp, User, UserId, UserRef};

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
    /// The name.
    pub name: String,
    /// Empty when there is none.
    pub description: String,
    /// Who may change it.
    pub created_by: UserRef,
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
