//! What is true only while the process runs: who is connected where, who is in which call, and how often somebody did something.
//!
//! State machines in memory: commands go in, events with their addressees come out, both plain data. No I/O, no sockets, no clock of
//! their own (the time is a parameter).

mod calls;
mod limits;
mod presence;

pub use calls::{Accepted, Calls, Change, Refusal, Restored, Which};
pub use limits::{Attempt, EventClass, Full, Handshake, Limits, Place, Places, SocketLimits, network};
pub use presence::{Departure, Presence};
