//! The table of events that clients may send, each with its handler.

use super::payload::Payload;
use super::seam::{Context, Reply};
use super::{calls, messages, rooms, signalling};
use crate::error::Error;
use crate::model::SignalKind;

/// Runs the event of this name.
///
/// # Errors
/// [`Error::UnknownEvent`], and those of the verb behind it.
pub async fn dispatch(context: &Context<'_>, name: &str, payload: Payload) -> Result<Reply, Error> {
    match name {
        "join-room" => rooms::join(context, &payload.object_or_room()?).await,
        "leave-room" => rooms::leave(context, &payload.object_or_room()?).await,
        "send-message" => messages::send(context, &payload.object()?).await,
        "typing" => messages::typing(context, &payload.object()?),
        "webrtc-offer" => signalling::relay(context, SignalKind::Offer, payload.object()?).await,
        "webrtc-answer" => signalling::relay(context, SignalKind::Answer, payload.object()?).await,
        "webrtc-ice-candidate" => signalling::relay(context, SignalKind::Candidate, payload.object()?).await,
        "initiate-call" => calls::initiate(context, &payload.object()?).await,
        "accept-call" => calls::accept(context, &payload.object()?).await,
        "reject-call" => calls::reject(context, &payload.object()?).await,
        "end-call" => calls::end(context, &payload.object()?).await,
        "media-state" => calls::media_state(context, &payload.object()?),
        _ => Err(Error::UnknownEvent),
    }
}
