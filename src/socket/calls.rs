//! Events about calls: `initiate-call`, `accept-call`, `reject-call`, `end-call`, `media-state`.

use serde_json::{Map, Value};

use super::reply::{Context, Reply};
use super::signalling::receiver;
use crate::error::Error;
use crate::live::{Accepted, Which};
use crate::model::{CallId, CallStatus, CallType};
use crate::wire::{
    AcceptAnswer, AcceptCall, EndCall, FromFields, InitiateCall, MediaState, RejectCall, RingAnswer, SetMediaState,
};

/// The call of this id, or the one that the user is in or that rings.
fn which(call: Option<CallId>) -> Which {
    call.map_or(Which::Own, Which::Call)
}

/// `initiate-call {to, callType?}` or `{roomId, callType?}`
pub(crate) async fn initiate(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let InitiateCall { to, room_id, call_type } = InitiateCall::of(payload)?;
    let call_type = call_type.unwrap_or(CallType::Video);
    let call_id = match (to, room_id) {
        (Some(to), _) => context.verbs.calls.ring_user(context.from, receiver(&to), call_type).await?,
        (None, Some(room)) => context.verbs.calls.ring_room(context.from, room, call_type).await?,
        (None, None) => return Err(Error::Internal),
    };
    Reply::with(&RingAnswer { call_id, status: CallStatus::Ringing })
}

/// `accept-call {callId?, roomId?}`
pub(crate) async fn accept(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let AcceptCall { call_id, room_id } = AcceptCall::of(payload)?;
    let in_room = room_id.filter(|_| call_id.is_none()).map(Which::InRoom);
    let call = in_room.unwrap_or_else(|| which(call_id));
    let Accepted { call_id, peers } = context.verbs.calls.accept(context.from, call).await?;
    Reply::with(&AcceptAnswer { call_id, peers })
}

/// `reject-call {callId?, reason?}`
pub(crate) async fn reject(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let RejectCall { call_id, reason } = RejectCall::of(payload)?;
    context.verbs.calls.reject(context.from, which(call_id), reason).await?;
    Reply::ok()
}

/// `end-call {callId?}`
pub(crate) async fn end(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let EndCall { call_id } = EndCall::of(payload)?;
    context.verbs.calls.end(context.from, which(call_id)).await?;
    Reply::ok()
}

/// `media-state {callId?, audio, video, screen}`
pub(crate) fn media_state(context: &Context<'_>, payload: &Map<String, Value>) -> Result<Reply, Error> {
    let SetMediaState { call_id, audio, video, screen } = SetMediaState::of(payload)?;
    context.verbs.calls.media_state(context.from, which(call_id), MediaState { audio, video, screen })?;
    Reply::ok()
}
