//! What is true only while the process runs: who is connected where, who is in which call, and how often somebody did
//! something.
//!
//! State machines in memory: commands go in, events with their addressees come out, both plain data. No I/O, no
//! sockets, no clock of
//! their own (the time is a parameter).

mod backlog;
mod calls;
mod limits;
mod outlet;
mod presence;
mod ways;

pub use backlog::Backlog;
pub use calls::{Accepted, CallMachine, Change, Refusal, Which};
pub use limits::{Attempt, EventClass, Full, Handshake, Limits, Place, Places, SocketLimits, network};
pub use outlet::{Frame, Outlet, Outlets, Reachable};
pub use presence::{Departure, Presence};
