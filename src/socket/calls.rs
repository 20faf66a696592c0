//! Events about calls: `initiate-call`, `accept-call`, `reject-call`, `end-call`, `media-state`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::seam::{Context, Reply};
use super::signalling::{RECEIVER, receiver};
use crate::error::Error;
use crate::live::{self, Which};
use crate::model::{CallId, CallStatus, CallType, Fields, MediaState, Peer, Reason, RoomId, RuleError};

/// `callId`, or the call that the user is in or that rings.
fn which(fields: &mut Fields<'_>) -> Which {
    fields.optional(&["callId"], |text| Ok(Which::Call(CallId::or_nothing(text)))).unwrap_or(Which::Own)
}

/// `initiate-call {to, callType?}` or `{roomId, callType?}`
pub async fn initiate(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Begun {
        call_id: CallId,
        status: CallStatus,
    }
    let mut fields = Fields::body(payload);
    let to = fields.optional(&RECEIVER, |text| Ok(receiver(text)));
    let room = fields.optional(&["roomId", "room"], |text| Ok(RoomId::or_nothing(text)));
    let kinds = RuleError("must be \"video\" or \"audio\"");
    let call_type = fields.optional(&["callType", "type"], |text| CallType::parse(text).ok_or(kinds));
    if fields.value(&RECEIVER).is_none() && fields.value(&["roomId", "room"]).is_none() {
        fields.wrong::<()>("to", "or roomId is required");
    }
    fields.finish()?;
    let call_type = call_type.unwrap_or(CallType::Video);
    let call_id = match (to, room) {
        (Some(to), _) => context.chat.ring_user(context.from, to, call_type).await?,
        (None, Some(room)) => context.chat.ring_room(context.from, room, call_type).await?,
        (None, None) => return Err(Error::Internal),
    };
    Reply::with(&Begun { call_id, status: CallStatus::Ringing })
}

/// `accept-call {callId?, roomId?}`
pub async fn accept(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Accepted {
        call_id: CallId,
        peers: Vec<Peer>,
    }
    let mut fields = Fields::body(payload);
    let named = which(&mut fields);
    let room = fields.optional(&["roomId", "room"], |text| Ok(Which::InRoom(RoomId::or_nothing(text))));
    fields.finish()?;
    let call = if named == Which::Own { room.unwrap_or(named) } else { named };
    let live::Accepted { call_id, peers } = context.chat.accept_call(context.from, call).await?;
    Reply::with(&Accepted { call_id, peers })
}

/// `reject-call {callId?, reason?}`
pub async fn reject(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let (call, reason) = (which(&mut fields), fields.optional(&["reason"], Reason::parse));
    fields.finish()?;
    context.chat.reject_call(context.from, call, reason).await?;
    Reply::ok()
}

/// `end-call {callId?}`
pub async fn end(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let call = which(&mut fields);
    fields.finish()?;
    context.chat.end_call(context.from, call).await?;
    Reply::ok()
}

/// `media-state {callId?, audio, video, screen}`
pub fn media_state(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let mut fields = Fields::body(payload);
    let call = which(&mut fields);
    let (audio, video) = (fields.required_bool(&["audio"]), fields.required_bool(&["video"]));
    let state = audio.zip(video).zip(fields.required_bool(&["screen"]));
    let ((audio, video), screen) = fields.complete(state)?;
    context.chat.media_state(context.from, call, MediaState { audio, video, screen })?;
    Reply::ok()
}
