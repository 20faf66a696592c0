//! What the way in needs to know: who may connect, from where, and how much.

use std::sync::Arc;

use ipnet::IpNet;

use crate::chat::{Accounts, Calls, Connections, Membership, Messages, Readings, Signalling};
use crate::live::Limits;

/// What lets connections in.
pub struct Entrance {
    /// Proxies whose word on where a request comes from is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The limits of handshakes and events.
    pub limits: Arc<Limits>,
    /// Who somebody is.
    pub accounts: Arc<Accounts>,
    /// Who is connected.
    pub connections: Arc<Connections>,
}

/// The verbs behind the events of clients.
pub struct Verbs {
    /// Joining and leaving rooms.
    pub membership: Arc<Membership>,
    /// Messages and typing.
    pub messages: Arc<Messages>,
    /// How far people have read.
    pub readings: Arc<Readings>,
    /// Calls.
    pub calls: Arc<Calls>,
    /// Signals of negotiation.
    pub signalling: Arc<Signalling>,
}
