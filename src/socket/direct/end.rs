//! Why a session ends.

use tungstenite::protocol::frame::coding::CloseCode;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection is gone, or is to be cut.
    Gone,
    /// The client closes, or is told to: with this code.
    Closed(CloseCode),
    /// The client was told already.
    Finished,
}

impl End {
    /// The client does not keep to the protocol.
    pub const BROKEN: Self = Self::Closed(CloseCode::Protocol);

    /// This server cannot serve the client now, which is to come again.
    pub const AGAIN: Self = Self::Closed(CloseCode::Again);
}
