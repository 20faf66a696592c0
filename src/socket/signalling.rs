//! Events of negotiation: `webrtc-offer`, `webrtc-answer`, `webrtc-ice-candidate`.

use serde_json::{Map, Value};

use super::reply::{Context, Reply};
use crate::chat::{Receiver, Signal};
use crate::error::Error;
use crate::model::{CallId, RoomId, SocketId, UserId};
use crate::wire::{Fields, RECEIVER, SignalKind};

/// The largest session description, in bytes of its `sdp`.
const MOST_SDP: usize = 65_536;

/// The largest candidate, in bytes of its JSON.
const MOST_CANDIDATE: usize = 4096;

/// How they call the description of an offer or an answer, where ours is not there.
const DESCRIPTION: [&str; 3] = ["sdp", "desc", "description"];

/// Reads a signal, and has it relayed.
pub(crate) async fn relay(
    context: &Context<'_>,
    kind: SignalKind,
    payload: Map<String, Value>,
) -> Result<Reply, Error> {
    context.verbs.signalling.relay(context.from, read(kind, payload)?).await?;
    Reply::ok()
}

/// Reads a signal.
///
/// # Errors
/// [`Error::Validation`] with all that is wrong.
pub(crate) fn read(kind: SignalKind, payload: Map<String, Value>) -> Result<Signal, Error> {
    let mut fields = Fields::body(&payload);
    let to = fields.optional(&RECEIVER, |text| Ok(receiver(text)));
    let room = fields.optional(&["roomId", "room"], |text| Ok(RoomId::or_nothing(text)));
    let call = fields.optional(&["callId"], |text| Ok(CallId::or_nothing(text)));
    check_description(&mut fields, kind, &payload);
    fields.finish()?;
    Ok(Signal { kind, payload: proper(kind, payload), to, room, call })
}

/// Whom a text stands for.
pub(crate) fn receiver(text: &str) -> Receiver {
    UserId::parse(text)
        .map(Receiver::User)
        .or_else(|| SocketId::parse(text).map(Receiver::Socket))
        .unwrap_or(Receiver::Unknown)
}

const fn description_field(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Offer => "offer",
        SignalKind::Answer => "answer",
        SignalKind::Candidate => "candidate",
    }
}

fn check_description(fields: &mut Fields<'_>, kind: SignalKind, payload: &Map<String, Value>) {
    let name = description_field(kind);
    let wrong = if kind == SignalKind::Candidate {
        match payload.get(name) {
            None => Some("is required, and null for the last"),
            Some(Value::Null) => None,
            Some(candidate @ Value::Object(_)) if candidate.to_string().len() <= MOST_CANDIDATE => None,
            Some(_) => Some("must be an object of at most 4096 bytes, or null"),
        }
    } else {
        let [sdp, desc, description] = DESCRIPTION;
        match fields.value(&[name, sdp, desc, description]).map(|description| &description["sdp"]) {
            None => Some("is required"),
            Some(Value::String(sdp)) if sdp.len() <= MOST_SDP => None,
            Some(_) => Some("must be an object with sdp, a string of at most 65536 bytes"),
        }
    };
    if let Some(message) = wrong {
        fields.wrong::<()>(name, message);
    }
}

/// The payload under its proper names, without the receiver.
fn proper(kind: SignalKind, mut payload: Map<String, Value>) -> Map<String, Value> {
    for name in RECEIVER {
        payload.remove(name);
    }
    rename(&mut payload, "room", "roomId");
    if kind != SignalKind::Candidate {
        for alias in DESCRIPTION {
            rename(&mut payload, alias, description_field(kind));
        }
    }
    payload
}

/// Moves a value to its proper name, where nothing better is there under that.
fn rename(payload: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = payload.remove(from)
        && !value.is_null()
        && payload.get(to).is_none_or(Value::is_null)
    {
        payload.insert(to.to_owned(), value);
    }
}
