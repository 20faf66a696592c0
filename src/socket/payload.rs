//! What a packet says: the event's name and its payload, an object or, for events about one room, the bare room id.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::wire::json;

/// An event as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Its name.
    pub name: String,
    /// Its payload; empty where there was none.
    pub payload: Payload,
}

/// The argument of an event.
#[derive(Debug)]
pub(crate) enum Payload {
    /// An object; also none at all, and `null`.
    Object(Map<String, Value>),
    /// A bare string.
    Text(String),
    /// Anything else, which no event takes.
    Other,
}

impl Payload {
    /// # Errors
    /// [`Error::Validation`] where it is no object.
    pub(crate) fn object(self) -> Result<Map<String, Value>, Error> {
        if let Self::Object(object) = self { Ok(object) } else { Err(Error::field("payload", "must be an object")) }
    }

    /// As [`Payload::object`]; a bare string is `{roomId}`.
    ///
    /// # Errors
    /// [`Error::Validation`] where it is neither.
    pub(crate) fn object_or_room(self) -> Result<Map<String, Value>, Error> {
        if let Self::Text(room) = self {
            return Ok(Map::from_iter([("roomId".to_owned(), Value::String(room))]));
        }
        self.object()
    }
}

/// Reads a packet: `["name", payload?, …]`; further arguments are ignored. `None` where it is nothing of that form, or
/// nested deeper than 127.
pub(crate) fn read(packet: &str) -> Option<Incoming> {
    let Some(Value::Array(arguments)) = json::read(packet) else { return None };
    let mut arguments = arguments.into_iter();
    let Some(Value::String(name)) = arguments.next() else { return None };
    let payload = match arguments.next() {
        None | Some(Value::Null) => Payload::Object(Map::new()),
        Some(Value::Object(object)) => Payload::Object(object),
        Some(Value::String(text)) => Payload::Text(text),
        Some(_) => Payload::Other,
    };
    Some(Incoming { name, payload })
}
