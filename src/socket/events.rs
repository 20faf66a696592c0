//! The table of events that clients may send, each with how often it may come and its handler.

use super::payload::Payload;
use super::reply::{Context, Reply};
use super::{calls, messages, rooms, signalling};
use crate::error::Error;
use crate::live::EventClass;
use crate::wire::SignalKind;

/// An event that clients may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    JoinRoom,
    LeaveRoom,
    SendMessage,
    MarkRead,
    Typing,
    Signal(SignalKind),
    InitiateCall,
    AcceptCall,
    RejectCall,
    EndCall,
    MediaState,
}

/// Each by its name, with the class that it is metered by.
const TABLE: [(&str, EventClass, Known); 13] = [
    ("join-room", EventClass::Other, Known::JoinRoom),
    ("leave-room", EventClass::Other, Known::LeaveRoom),
    ("send-message", EventClass::Message, Known::SendMessage),
    ("mark-read", EventClass::Other, Known::MarkRead),
    ("typing", EventClass::Other, Known::Typing),
    ("webrtc-offer", EventClass::Signal, Known::Signal(SignalKind::Offer)),
    ("webrtc-answer", EventClass::Signal, Known::Signal(SignalKind::Answer)),
    ("webrtc-ice-candidate", EventClass::Signal, Known::Signal(SignalKind::Candidate)),
    ("initiate-call", EventClass::Other, Known::InitiateCall),
    ("accept-call", EventClass::Other, Known::AcceptCall),
    ("reject-call", EventClass::Other, Known::RejectCall),
    ("end-call", EventClass::Other, Known::EndCall),
    ("media-state", EventClass::Other, Known::MediaState),
];

fn find(name: &str) -> Option<(&'static str, EventClass, Known)> {
    TABLE.iter().find(|(known, ..)| *known == name).copied()
}

/// The name of an event as it is counted: those that clients make up are one, so that there are few.
pub(crate) fn counted(name: &str) -> &'static str {
    find(name).map_or("unknown", |(known, ..)| known)
}

/// How often the event of this name may come; one that is not known as seldom as any.
pub(crate) fn class(name: &str) -> EventClass {
    find(name).map_or(EventClass::Other, |(_, class, _)| class)
}

/// Runs the event of this name.
///
/// # Errors
/// [`Error::UnknownEvent`], and those of the verb behind it.
pub(crate) async fn dispatch(context: &Context<'_>, name: &str, payload: Payload) -> Result<Reply, Error> {
    let (.., event) = find(name).ok_or(Error::UnknownEvent)?;
    match event {
        Known::JoinRoom => rooms::join(context, &payload.object_or_room()?).await,
        Known::LeaveRoom => rooms::leave(context, &payload.object_or_room()?).await,
        Known::SendMessage => messages::send(context, &payload.object()?).await,
        Known::MarkRead => messages::mark_read(context, &payload.object()?).await,
        Known::Typing => messages::typing(context, &payload.object()?),
        Known::Signal(kind) => signalling::relay(context, kind, payload.object()?).await,
        Known::InitiateCall => calls::initiate(context, &payload.object()?).await,
        Known::AcceptCall => calls::accept(context, &payload.object()?).await,
        Known::RejectCall => calls::reject(context, &payload.object()?).await,
        Known::EndCall => calls::end(context, &payload.object()?).await,
        Known::MediaState => calls::media_state(context, &payload.object()?),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wire::asyncapi;

    #[test]
    fn what_clients_may_send_is_documented_and_nothing_else() {
        let messages = asyncapi()["channels"]["socket"]["messages"].as_object().unwrap();
        let documented: BTreeSet<&str> = messages.keys().filter_map(|id| id.strip_suffix(".asked")).collect();
        assert_eq!(documented, TABLE.iter().map(|(name, ..)| *name).collect());
    }
}
