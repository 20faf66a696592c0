//! A call, as it is kept.

use serde::Serialize;

use super::{Actor, CallId, RoomId, RoomKind, ServerId, SocketId, Timestamp, UserId, UserRef};

/// What was rung for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CallType {
    /// Voice and picture.
    Video,
    /// Voice alone.
    Audio,
}

/// Where a call stands. It only moves on, never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

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
    /// The room that it is held in; a call between two who have no direct room has none.
    pub room: Option<RoomId>,
    /// Of which kind that is.
    pub room_kind: RoomKind,
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
    /// Counts the changes that are stored, from 1 on; 0 where it was stored before they were counted.
    pub revision: u64,
    /// While it goes on, what another server needs to take it up where this one stands; `None` once it ended, and where
    /// it was stored before there was such a thing.
    pub standing: Option<Box<Standing>>,
}

/// How a call stands that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who began it, and with which socket.
    pub begun_by: Actor,
    /// Those who are in it.
    pub seats: Vec<StandingSeat>,
    /// Those who are still rung.
    pub rung: Vec<StandingRing>,
    /// When it stops ringing.
    pub ring_until: Timestamp,
}

/// One who is in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingSeat {
    /// Who.
    pub user: UserRef,
    /// The socket that is in it, or was the last.
    pub socket: SocketId,
    /// The server that this socket is connected to.
    pub server: ServerId,
    /// The socket is gone, and another one may take its place until then.
    pub away_until: Option<Timestamp>,
}

/// One who is rung by a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRing {
    /// Who.
    pub user: UserRef,
    /// The last socket of this user is gone; unless one is there by then, it counts as rejected.
    pub away_until: Option<Timestamp>,
}

impl Call {
    /// The room of a group call.
    pub fn group(&self) -> Option<RoomId> {
        self.room.filter(|_| self.room_kind != RoomKind::Direct)
    }

    /// Everybody who has to do with it, in no order and perhaps more than once.
    pub fn people(&self) -> impl Iterator<Item = UserId> + '_ {
        self.participants.iter().chain(&self.invited).chain([&self.created_by]).copied()
    }

    /// Whom it keeps busy: those who are in it, and those who are rung. Nobody once it ended.
    pub fn engaged(&self) -> impl Iterator<Item = UserId> + '_ {
        self.inside.iter().chain(&self.ringing).copied()
    }

    /// Whether the call belongs into `user`'s history: began it, was rung or was in it.
    pub fn concerns(&self, user: UserId) -> bool {
        self.created_by == user || self.participants.contains(&user) || self.invited.contains(&user)
    }
}
