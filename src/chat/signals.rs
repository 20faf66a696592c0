//! Signals between peers as they were read, and whom they are for.

use serde_json::{Map, Value};

use crate::model::{CallId, RoomId, SocketId, UserId};
use crate::wire::SignalKind;

/// A signal as it was read, and whom it is for.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Offer, answer or candidate.
    pub kind: SignalKind,
    /// What is relayed: the sender's payload without the receiver.
    pub payload: Map<String, Value>,
    /// The receiver.
    pub to: Option<Receiver>,
    /// The room that it is about, and where there is no receiver, for.
    pub room: Option<RoomId>,
    /// The call that it is about.
    pub call: Option<CallId>,
}

/// Whom a signal or a ring is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// Every socket of a user, or the one that is in the call.
    User(UserId),
    /// One socket.
    Socket(SocketId),
    /// What is neither's id.
    Unknown,
}
