//! The way to the client of a connection, by whatever transport.

use crate::live::Outlet;

/// What the hub may do with it, besides sending.
pub trait Way: Outlet {
    /// Ends the transport at once, and the connection with it; its client comes back.
    fn cut(&self);

    /// Whether its client is there only when it asks.
    fn polls(&self) -> bool;

    /// Ends the connection where the transport has ended without a word.
    fn look(&self);
}
