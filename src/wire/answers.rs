//! What clients' events are acknowledged with, beside `ok`.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::events::{Participant, ParticipantList, Peer};
use super::views::RoomView;
use crate::error::Error;
use crate::model::{CallId, CallStatus, Message};

/// What `join-room` is acknowledged with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinAnswer<'a> {
    /// The room, as this user sees it.
    pub room: &'a RoomView,
    /// As in `room-participants`.
    #[schema(value_type = Vec<Participant<'static>>)]
    pub participants: &'a ParticipantList,
    /// The number of the newest message, 0 where there is none.
    pub last_seq: u64,
    /// The messages since `after`, where that was given: at most 200, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub messages: Option<&'a [Message]>,
    /// There are further ones, which REST serves.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub more: bool,
    /// The store was put back to an older state: what the client has of the room is void.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub reset: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// What `mark-read` is acknowledged with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkReadAnswer {
    /// The number up to which the user has read now.
    pub read_seq: u64,
    /// How many messages of others come after it, at most 999.
    pub unread: u64,
    /// How many of these call the user, at most 999.
    pub mentions: u64,
}

/// What `send-message` is acknowledged with, once the message is on the disk.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendAnswer {
    /// As stored.
    #[schema(value_type = Message)]
    pub message: Arc<Message>,
}

/// What `initiate-call` is acknowledged with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RingAnswer {
    /// The call.
    pub call_id: CallId,
    /// `ringing`.
    pub status: CallStatus,
}

/// What `accept-call` is acknowledged with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptAnswer {
    /// The call.
    pub call_id: CallId,
    /// Those who are in with a socket, each of whom sends an offer.
    pub peers: Vec<Peer>,
}

/// What any event is acknowledged with that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedAnswer {
    /// `false`.
    pub ok: bool,
    /// What is wrong, for a program.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub message: String,
    /// With `rate_limited`: when it may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retry_after_ms: Option<u64>,
    /// With `user_busy`: the call that goes on, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
}

impl RefusedAnswer {
    /// That of an event that failed with this.
    pub fn of(error: &Error) -> Self {
        Self {
            ok: false,
            code: error.code(),
            message: error.message(),
            retry_after_ms: error.retry_after_ms(),
            call_id: if let Error::UserBusy(call) = error { *call } else { None },
        }
    }
}
