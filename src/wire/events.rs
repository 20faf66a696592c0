//! Everything that the server tells clients, each event with its name and payload, and to whom.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::views::{CallSnapshot, RoomView, UserView};
use crate::model::{CallId, CallStatus, CallType, EndReason, Message, Role, RoomId, SocketId, Timestamp, UserId};

/// Who gets an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every connected socket.
    Everyone,
    /// The sockets in a room, but not this one.
    Room {
        /// The room.
        room: RoomId,
        /// Left out.
        except: Option<SocketId>,
    },
    /// The sockets of a user, but not this one.
    User {
        /// The user.
        user: UserId,
        /// Left out.
        except: Option<SocketId>,
    },
    /// One socket.
    Socket(SocketId),
}

/// An event and who gets it: what the state machines answer with and the transport carries out.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Who gets it.
    pub to: Audience,
    /// What they get.
    pub event: Event,
}

/// One who takes part in a room, as `room-participants` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Participant<'a> {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub username: &'a str,
    /// Has a socket in this room.
    pub online: bool,
    /// The user's sockets in this room.
    pub socket_ids: Vec<SocketId>,
}

/// All who take part in a room, each a [`Participant`]: encoded once, however often they are told.
#[derive(Clone, Debug)]
pub struct ParticipantList(Arc<RawValue>);

impl ParticipantList {
    /// Encodes a list.
    ///
    /// # Errors
    /// Where it is no JSON, which is a mistake in this program.
    pub fn of(participants: &[Participant<'_>]) -> Result<Self, serde_json::Error> {
        to_raw_value(participants).map(|encoded| Self(encoded.into()))
    }
}

impl PartialEq for ParticipantList {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for ParticipantList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// One who is in a call with a socket, as `accept-call` is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// The socket that is in the call.
    pub socket_id: SocketId,
}

/// The three messages of WebRTC negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// `webrtc-offer`
    Offer,
    /// `webrtc-answer`
    Answer,
    /// `webrtc-ice-candidate`
    Candidate,
}

/// What a user sends and what shows to others of microphone, camera and screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MediaState {
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The screen is shared.
    pub screen: bool,
}

/// Why somebody left a room, or a group call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeaveReason {
    /// Asked to leave the room.
    Left,
    /// Lost the connection.
    Disconnected,
}

/// Why a room is no more, for who is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoomEnd {
    /// It is no more for anybody.
    Deleted,
    /// The user is out of a private room.
    Removed,
}

/// The open call of a user, as `session` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionCall {
    /// Its id.
    pub call_id: CallId,
    /// What was rung for.
    pub call_type: CallType,
    /// Ringing or active.
    pub status: CallStatus,
    /// The room of a group call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub room_id: Option<RoomId>,
    /// When the first one answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answered_at: Option<Timestamp>,
    /// The one of the user's sockets that is in it; null while it is away.
    #[schema(required)]
    pub socket_id: Option<SocketId>,
}

/// An event to clients. [`Event::name`] is its name; serialised it is the payload.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the contract, and named as there")]
pub enum Event {
    /// `session`, to a socket that has just connected.
    Session {
        socket_id: SocketId,
        user_id: UserId,
        username: String,
        role: Role,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        call: Option<SessionCall>,
    },
    /// `new-message`, to the room.
    NewMessage(Arc<Message>),
    /// `user-joined`, to the others in the room.
    UserJoined { room_id: RoomId, user_id: UserId, username: String, socket_id: SocketId },
    /// `user-left`, to the others in the room.
    UserLeft { room_id: RoomId, user_id: UserId, username: String, socket_id: SocketId, reason: LeaveReason },
    /// `room-participants`.
    RoomParticipants {
        room_id: RoomId,
        #[schema(value_type = Vec<Participant<'static>>)]
        participants: ParticipantList,
    },
    /// `room-created`, to all who may see it.
    RoomCreated(Box<RoomView>),
    /// `room-updated`, to all who may see it.
    RoomUpdated(Box<RoomView>),
    /// `room-deleted`, to all who could see it.
    RoomDeleted { room_id: RoomId, reason: RoomEnd },
    /// `room-read`, to the user's other sockets.
    RoomRead { room_id: RoomId, read_seq: u64, unread: u64, mentions: u64 },
    /// `room-unread`, to the sockets of a participant that have not joined the room.
    RoomUnread { room_id: RoomId, last_seq: u64, last_message: Option<Arc<Message>>, unread: u64, mentions: u64 },
    /// `typing`, to the others in the room.
    Typing { room_id: RoomId, user_id: UserId, username: String, typing: bool },
    /// `webrtc-offer`, `webrtc-answer`, `webrtc-ice-candidate`: the sender's payload without `to`, stamped.
    Signal {
        #[serde(skip)]
        kind: SignalKind,
        #[serde(flatten)]
        payload: Map<String, Value>,
    },
    /// `incoming-call`, to every socket of who is rung.
    IncomingCall {
        call_id: CallId,
        from: UserId,
        from_socket_id: SocketId,
        from_username: String,
        call_type: CallType,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        room_id: Option<RoomId>,
    },
    /// `call-accepted`, to those who are in.
    CallAccepted { call_id: CallId, from: UserId, from_socket_id: SocketId, from_username: String },
    /// `call-rejected`, to those who are in.
    CallRejected {
        call_id: CallId,
        from: UserId,
        from_username: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        reason: Option<String>,
    },
    /// `call-away`: the socket of one who is in dropped; the call grace runs.
    CallAway { call_id: CallId, from: UserId, from_socket_id: SocketId },
    /// `call-left`: one of a group went, the call goes on.
    CallLeft { call_id: CallId, from: UserId, from_socket_id: SocketId, reason: EndReason },
    /// `call-ended`.
    CallEnded {
        call_id: CallId,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        from: Option<UserId>,
        reason: EndReason,
    },
    /// `media-state`, to the others in the call.
    MediaState {
        call_id: CallId,
        from: UserId,
        from_socket_id: SocketId,
        #[serde(flatten)]
        state: MediaState,
    },
    /// `room-call`, to the room: the call that goes on there, null when it is over.
    RoomCall {
        room_id: RoomId,
        #[schema(required)]
        call: Option<CallSnapshot>,
    },
    /// `account-updated`, to the user's own sockets: role, name or address are others now.
    AccountUpdated { user: UserView },
    /// `server-shutdown`, to everyone.
    ServerShutdown { reconnect_in_ms: u64 },
    /// `error`: a failure nobody asked an acknowledgement for, or the end of a session.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        event: Option<String>,
        code: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        retry_after_ms: Option<u64>,
    },
}

impl SignalKind {
    /// The name of its event, both ways.
    pub const fn event_name(self) -> &'static str {
        match self {
            Self::Offer => "webrtc-offer",
            Self::Answer => "webrtc-answer",
            Self::Candidate => "webrtc-ice-candidate",
        }
    }
}

impl Event {
    /// Whether it is of use at the moment alone: typing, signals, what of microphone and camera is on.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Typing { .. } | Self::Signal { .. } | Self::MediaState { .. })
    }

    /// The event's name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::NewMessage(_) => "new-message",
            Self::UserJoined { .. } => "user-joined",
            Self::UserLeft { .. } => "user-left",
            Self::RoomParticipants { .. } => "room-participants",
            Self::RoomCreated(_) => "room-created",
            Self::RoomUpdated(_) => "room-updated",
            Self::RoomDeleted { .. } => "room-deleted",
            Self::RoomRead { .. } => "room-read",
            Self::RoomUnread { .. } => "room-unread",
            Self::Typing { .. } => "typing",
            Self::Signal { kind, .. } => kind.event_name(),
            Self::IncomingCall { .. } => "incoming-call",
            Self::CallAccepted { .. } => "call-accepted",
            Self::CallRejected { .. } => "call-rejected",
            Self::CallAway { .. } => "call-away",
            Self::CallLeft { .. } => "call-left",
            Self::CallEnded { .. } => "call-ended",
            Self::MediaState { .. } => "media-state",
            Self::RoomCall { .. } => "room-call",
            Self::AccountUpdated { .. } => "account-updated",
            Self::ServerShutdown { .. } => "server-shutdown",
            Self::Error { .. } => "error",
        }
    }

    /// The event on its way to an audience.
    pub const fn to(self, to: Audience) -> Delivery {
        Delivery { to, event: self }
    }
}
