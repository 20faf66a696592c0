//! Everything that the server tells clients, each event with its name and payload, and to whom.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    CallId, CallSnapshot, CallStatus, CallType, EndReason, Message, RoomId, RoomView, SocketId, Timestamp, UserId,
    UserRef,
};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// Has a socket in this room.
    pub online: bool,
    /// The user's sockets in this room.
    pub socket_ids: Vec<SocketId>,
}

/// One who is in a call with a socket, as `accept-call` is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub username: String,
    /// The socket that is in the call.
    pub socket_id: SocketId,
}

/// A connection: a socket and the user that it belongs to. What the server stamps on what it relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The socket.
    pub socket: SocketId,
    /// Whose it is.
    pub user: UserRef,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MediaState {
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The screen is shared.
    pub screen: bool,
}

/// Why somebody left a room, or a group call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaveReason {
    /// Asked to leave the room.
    Left,
    /// Lost the connection.
    Disconnected,
}

/// The open call of a user, as `session` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    pub room_id: Option<RoomId>,
    /// When the first one answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The one of the user's sockets that is in it; null while it is away.
    pub socket_id: Option<SocketId>,
}

/// An event to clients. [`Event::name`] is its name; serialised it is the payload.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Event {
    /// `session`, to a socket that has just connected.
    Session {
        socket_id: SocketId,
        user_id: UserId,
        username: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        call: Option<SessionCall>,
    },
    /// `new-message`, to the room.
    NewMessage(Arc<Message>),
    /// `user-joined`, to the others in the room.
    UserJoined { room_id: RoomId, user_id: UserId, username: String, socket_id: SocketId },
    /// `user-left`, to the others in the room.
    UserLeft { room_id: RoomId, user_id: UserId, username: String, socket_id: SocketId, reason: LeaveReason },
    /// `room-participants`.
    RoomParticipants { room_id: RoomId, participants: Arc<Vec<Participant>> },
    /// `room-created`, to everyone.
    RoomCreated(Box<RoomView>),
    /// `room-updated`, to everyone.
    RoomUpdated(Box<RoomView>),
    /// `room-deleted`, to everyone.
    RoomDeleted { room_id: RoomId },
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
    RoomCall { room_id: RoomId, call: Option<CallSnapshot> },
    /// `server-shutdown`, to everyone.
    ServerShutdown { reconnect_in_ms: u64 },
    /// `error`: a failure nobody asked an acknowledgement for, or the end of a session.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<String>,
        code: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
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
            Self::ServerShutdown { .. } => "server-shutdown",
            Self::Error { .. } => "error",
        }
    }

    /// To `to`.
    pub const fn to(self, to: Audience) -> Delivery {
        Delivery { to, event: self }
    }
}
