//! How sessions are kept and bounded, on both transports alike.

use std::time::Duration;

/// The largest Socket.IO packet, in bytes; a larger one closes the connection.
pub(crate) const MOST_PACKET: usize = 128 * 1024;

/// How many packets may wait for a socket before it counts as too slow: more than a burst of joins to a room of
/// thousands.
pub(crate) const MOST_WAITING: usize = 8192;

/// How many attachments a packet may have; together they may be as large as a packet.
pub(crate) const MOST_ATTACHMENTS: usize = 16;

/// How long the attachments of a packet may take to come.
pub(crate) const ATTACHED_WITHIN: Duration = Duration::from_secs(10);

/// How long a client that has left, or was told to go, may stay on the line. Clients close the transport themselves.
pub(crate) const PARTING: Duration = Duration::from_secs(4);

/// Times of sessions; clients are told of them as they begin.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How often a client is asked for a sign of life.
    pub ping_interval: Duration,
    /// How long it may take to give one.
    pub ping_timeout: Duration,
    /// How long it may take to authenticate.
    pub connect_timeout: Duration,
    /// The largest packet that it may send, in bytes.
    pub most_packet: usize,
}

/// Those of every session.
pub(crate) const TIMES: Times = Times {
    ping_interval: Duration::from_secs(25),
    ping_timeout: Duration::from_secs(20),
    connect_timeout: Duration::from_secs(10),
    most_packet: MOST_PACKET,
};
