//! What is known of each server that works on the store.

use crate::model::{ServerId, Timestamp};

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Its id, new at each start.
    pub id: ServerId,
    /// The version of the program, empty where it does not say.
    pub version: String,
    /// When it started, to the second.
    pub started_at: Timestamp,
    /// How many sockets are connected to it.
    pub sockets: usize,
}

impl ServerInfo {
    /// A server of this version.
    pub fn new(id: ServerId, version: &str, sockets: usize) -> Self {
        Self { id, version: version.to_owned(), started_at: id.made_at(), sockets }
    }
}
