//! What a connection is to the rest of the server: something that takes frames and can be closed.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use crate::model::SocketId;
use crate::wire::Event;

/// An event, encoded once for all who get it.
#[derive(Debug)]
pub struct Frame {
    name: Cow<'static, str>,
    payload: Box<RawValue>,
    on_line: OnceLock<Bytes>,
}

impl Frame {
    /// Encodes an event.
    ///
    /// # Errors
    /// Where its payload is no JSON, which is a mistake in this program.
    pub fn of(event: &Event) -> Result<Self, serde_json::Error> {
        Ok(Self { name: Cow::Borrowed(event.name()), payload: to_raw_value(event)?, on_line: OnceLock::new() })
    }

    /// An event that another server has encoded.
    ///
    /// # Errors
    /// Where the payload is no JSON.
    pub fn encoded(name: String, payload: String) -> Result<Self, serde_json::Error> {
        Ok(Self { name: Cow::Owned(name), payload: RawValue::from_string(payload)?, on_line: OnceLock::new() })
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The event's payload, as JSON.
    pub const fn payload(&self) -> &RawValue {
        &self.payload
    }

    /// As it goes over the line, by the one transport that shares this: made when it is asked for first.
    pub fn on_line(&self, encode: impl FnOnce(&str, &RawValue) -> Bytes) -> &Bytes {
        self.on_line.get_or_init(|| encode(&self.name, &self.payload))
    }
}

/// The way to the client of one connection.
pub trait Outlet: Send + Sync {
    /// Queues a frame, and never waits. Frames arrive in the order in which they were sent; a client too slow to take
    /// them is cut off.
    fn send(&self, frame: &Frame);

    /// Ends the connection by a DISCONNECT packet, after what was sent before.
    fn close(&self);
}

/// A socket and the way to it.
#[derive(Clone)]
pub struct Reachable {
    /// The socket.
    pub socket: SocketId,
    /// The way to it.
    pub outlet: Arc<dyn Outlet>,
}

/// The sockets of this server that an audience stands for. Cheap to make for a room, whose list is kept ready.
#[derive(Clone)]
pub struct Outlets {
    pub(super) all: Arc<Vec<Reachable>>,
    pub(super) except: Option<SocketId>,
}

impl Outlets {
    /// Those who are meant.
    pub fn iter(&self) -> impl Iterator<Item = &Reachable> {
        self.all.iter().filter(|reachable| Some(reachable.socket) != self.except)
    }
}

impl std::fmt::Debug for Reachable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Reachable").field(&self.socket).finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A way to nobody.
    pub(crate) struct Deaf;

    impl Outlet for Deaf {
        fn send(&self, _: &Frame) {}

        fn close(&self) {}
    }
}
