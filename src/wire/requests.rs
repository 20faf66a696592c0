//! What clients send over a socket: the payload of each event.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::fields::{Fields, FromFields};
use crate::model::{CallId, CallType, ClientId, Content, MessageId, Reason, RoomId, RuleError, SocketId, UserId};

/// How clients of similar backends call the receiver; the first is ours.
pub const RECEIVER: [&str; 7] = ["to", "target", "targetId", "targetUserId", "targetSocketId", "toUserId", "calleeId"];

/// `roomId`, or as similar backends call it. A string that is no id is the id of nothing.
const ROOM: [&str; 2] = ["roomId", "room"];

fn room(fields: &mut Fields<'_>) -> Option<RoomId> {
    fields.required(&ROOM, |text| Ok(RoomId::or_nothing(text)))
}

fn optional_room(fields: &mut Fields<'_>) -> Option<RoomId> {
    fields.optional(&ROOM, |text| Ok(RoomId::or_nothing(text)))
}

fn call(fields: &mut Fields<'_>) -> Option<CallId> {
    fields.optional(&["callId"], |text| Ok(CallId::or_nothing(text)))
}

/// `join-room`; or the bare `roomId`.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct JoinRoom {
    /// The room.
    pub room_id: RoomId,
    /// The number of the last message that the client has seen: what came since is answered.
    #[schema(minimum = 0, nullable = false)]
    pub after: Option<u64>,
    /// The id of that message, by which a store that was put back is noticed.
    #[schema(nullable = false)]
    pub after_id: Option<MessageId>,
}

impl FromFields for JoinRoom {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (room_id, after) = (room(fields), fields.optional_count(&["after"]));
        let after_id = fields.optional(&["afterId"], |text| Ok(MessageId::or_nothing(text)));
        Some(Self { room_id: room_id?, after, after_id })
    }
}

/// `leave-room`; or the bare `roomId`.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct LeaveRoom {
    /// The room.
    pub room_id: RoomId,
    /// Takes the user's other sockets out too.
    #[schema(required = false)]
    pub all: bool,
}

impl FromFields for LeaveRoom {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (room_id, all) = (room(fields), fields.flag(&["all"]));
        Some(Self { room_id: room_id?, all })
    }
}

/// `send-message`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SendMessage {
    /// The room, which the socket must have joined.
    pub room_id: RoomId,
    /// The text.
    pub content: Content,
    /// A repeat with the same one is not stored again.
    #[schema(nullable = false)]
    pub client_id: Option<ClientId>,
}

impl FromFields for SendMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let room_id = room(fields);
        let content = fields.required(&["content", "message", "text"], Content::parse);
        let client_id = fields.optional(&["clientId"], ClientId::parse);
        Some(Self { room_id: room_id?, content: content?, client_id })
    }
}

/// `mark-read`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct MarkRead {
    /// The room, in which the user takes part.
    pub room_id: RoomId,
    /// The number of the message up to which the user has read.
    #[schema(minimum = 0)]
    pub seq: u64,
}

impl FromFields for MarkRead {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let room_id = room(fields);
        if fields.value(&["seq"]).is_none() {
            return fields.wrong("seq", "is required");
        }
        let seq = fields.optional_count(&["seq"]);
        Some(Self { room_id: room_id?, seq: seq? })
    }
}

/// `typing`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SetTyping {
    /// The room, which the socket must have joined.
    pub room_id: RoomId,
    /// Whether the user types now.
    pub typing: bool,
}

impl FromFields for SetTyping {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (room_id, typing) = (room(fields), fields.required_bool(&["typing"]));
        Some(Self { room_id: room_id?, typing: typing? })
    }
}

/// `webrtc-offer`, `webrtc-answer`, `webrtc-ice-candidate`: the description or candidate, whom it is for, and fields of
/// the clients' own, which are relayed as they are.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "signals are relayed as they come; this is there for its schema")]
pub(crate) struct SendSignal {
    /// A user's id or a connection's; without it the room, or the others in the call.
    #[schema(nullable = false)]
    pub to: Option<String>,
    /// The call that it belongs to.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
    /// The room whose members get it, where `to` is not there.
    #[schema(nullable = false)]
    pub room_id: Option<RoomId>,
    /// In `webrtc-offer`.
    #[schema(nullable = false)]
    pub offer: Option<SessionDescription>,
    /// In `webrtc-answer`.
    #[schema(nullable = false)]
    pub answer: Option<SessionDescription>,
    /// In `webrtc-ice-candidate`, where it must be there; null for the last. At most 4,096 bytes.
    #[schema(value_type = Option<Object>)]
    pub candidate: Option<Map<String, Value>>,
}

/// A signal as its receiver gets it: what was sent, without `to`, and who sent it.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "signals are relayed as they come; this is there for its schema")]
pub(crate) struct Signal {
    /// Who sent it.
    pub from: UserId,
    /// From which connection.
    pub from_socket_id: SocketId,
    /// The sender's name.
    pub from_username: String,
    /// The call that it belongs to.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
    /// The room that it was sent to.
    #[schema(nullable = false)]
    pub room_id: Option<RoomId>,
    /// In `webrtc-offer`.
    #[schema(nullable = false)]
    pub offer: Option<SessionDescription>,
    /// In `webrtc-answer`.
    #[schema(nullable = false)]
    pub answer: Option<SessionDescription>,
    /// In `webrtc-ice-candidate`.
    #[schema(value_type = Option<Object>)]
    pub candidate: Option<Map<String, Value>>,
}

/// As `RTCPeerConnection` makes it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "signals are relayed as they come; this is there for its schema")]
pub(crate) struct SessionDescription {
    /// At most 65,536 bytes.
    pub sdp: String,
}

/// `initiate-call`: rings a user (`to`) or a room (`roomId`).
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct InitiateCall {
    /// The user's id.
    #[schema(nullable = false)]
    pub to: Option<String>,
    /// The room, where `to` is not there.
    #[schema(nullable = false)]
    pub room_id: Option<RoomId>,
    /// `video` where it is not there.
    #[schema(nullable = false)]
    pub call_type: Option<CallType>,
}

impl FromFields for InitiateCall {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let to = fields.optional(&RECEIVER, |text| Ok(text.to_owned()));
        let room_id = optional_room(fields);
        let kinds = RuleError("must be \"video\" or \"audio\"");
        let call_type = fields.optional(&["callType", "type"], |text| CallType::parse(text).ok_or(kinds));
        if fields.value(&RECEIVER).is_none() && fields.value(&ROOM).is_none() {
            return fields.wrong("to", "or roomId is required");
        }
        Some(Self { to, room_id, call_type })
    }
}

/// `accept-call`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AcceptCall {
    /// The call; where it is not there, the one that goes on in `roomId`, or the one that rings.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
    /// The room of the call.
    #[schema(nullable = false)]
    pub room_id: Option<RoomId>,
}

impl FromFields for AcceptCall {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { call_id: call(fields), room_id: optional_room(fields) })
    }
}

/// `reject-call`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct RejectCall {
    /// The call; where it is not there, the one that rings.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
    /// Told to those who are in.
    #[schema(nullable = false)]
    pub reason: Option<Reason>,
}

impl FromFields for RejectCall {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { call_id: call(fields), reason: fields.optional(&["reason"], Reason::parse) })
    }
}

/// `end-call`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct EndCall {
    /// The call; where it is not there, the one that the user is in or that rings.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
}

impl FromFields for EndCall {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { call_id: call(fields) })
    }
}

/// `media-state`
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct SetMediaState {
    /// The call; where it is not there, the one that the user is in.
    #[schema(nullable = false)]
    pub call_id: Option<CallId>,
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The screen is shared.
    pub screen: bool,
}

impl FromFields for SetMediaState {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let call_id = call(fields);
        let (audio, video) = (fields.required_bool(&["audio"]), fields.required_bool(&["video"]));
        let screen = fields.required_bool(&["screen"]);
        Some(Self { call_id, audio: audio?, video: video?, screen: screen? })
    }
}
