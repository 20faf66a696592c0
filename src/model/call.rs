//! A call: what is kept of it, and what of it is told.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CallId, RoomId, Timestamp, UserId, UserRef};

/// What was rung for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallType {
    /// Voice and picture.
    Video,
    /// Voice alone.
    Audio,
}

/// Where a call stands. It only moves on, never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallStatus {
    /// Begun; nobody has answered.
    Ringing,
    /// Somebody has answered.
    Active,
    /// Over.
    Ended,
}

/// Why a call ended, or ended for one who was in it or rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// Somebody hung up.
    Hangup,
    /// Nobody answered in time.
    Timeout,
    /// The beginner took it back.
    Cancelled,
    /// A connection was lost for longer than the grace.
    Disconnected,
    /// Told to the user's other sockets.
    AnsweredElsewhere,
    /// Told to the user's other sockets.
    RejectedElsewhere,
    /// Who was rung declined. Only kept, never told by `call-ended`.
    Rejected,
    /// Who was rung had no socket. Only kept.
    Offline,
    /// Who was rung was in another call. Only kept.
    Busy,
}

macro_rules! stored_word {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From that word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

stored_word!(CallType { Video = "video", Audio = "audio" });
stored_word!(CallStatus { Ringing = "ringing", Active = "active", Ended = "ended" });
stored_word!(EndReason {
    Hangup = "hangup",
    Timeout = "timeout",
    Cancelled = "cancelled",
    Disconnected = "disconnected",
    AnsweredElsewhere = "answered-elsewhere",
    RejectedElsewhere = "rejected-elsewhere",
    Rejected = "rejected",
    Offline = "offline",
    Busy = "busy",
});

/// A call as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its id. Ids rise with time, so they are also the order of the history.
    pub id: CallId,
    /// The room of a group call; a call between two has none.
    pub room: Option<RoomId>,
    /// What was rung for.
    pub call_type: CallType,
    /// Where it stands.
    pub status: CallStatus,
    /// Who began it.
    pub created_by: UserId,
    /// Who is or was in it, the beginner first.
    pub participants: Vec<UserId>,
    /// Who was rung.
    pub invited: Vec<UserId>,
    /// Who is in it now, with a socket or within the grace; empty once it ended.
    pub inside: Vec<UserId>,
    /// Who is still rung; empty once it ended.
    pub ringing: Vec<UserId>,
    /// When it began to ring.
    pub created_at: Timestamp,
    /// When the first one answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
}

impl Call {
    /// Whether the call belongs into `user`'s history: began it, was rung or was in it.
    pub fn concerns(&self, user: UserId) -> bool {
        self.created_by == user || self.participants.contains(&user) || self.invited.contains(&user)
    }
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
