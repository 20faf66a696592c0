//! The table of events that clients may send, each with its handler.

use super::payload::Payload;
use super::seam::{Context, Reply};
use super::{messages, rooms};
use crate::error::Error;

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
        _ => Err(Error::UnknownEvent),
    }
}
