//! Signalling.
/// a
pub struct Signal;
