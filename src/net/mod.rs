//! What listens: connections are let in, watched, and can be cut; who is at their other end; and the relay for calls.

mod accept;
mod addresses;
mod binding;
mod bodies;
pub mod dial;
mod doors;
mod first_byte;
mod halves;
mod kill_switch;
mod line;
mod mdns;
mod opening;
pub mod relay;
pub mod remote;
mod secure;
mod tls;
mod tuning;

pub use accept::{Served, accept};
pub use addresses::{address_in_network, network_addresses};
pub use binding::{listen, on_this_machine};
pub use doors::Doors;
pub use halves::{Halves, Reading, Writing, take_back};
pub use kill_switch::{KillSwitch, Meter, Switched};
pub use mdns::{Announced, local_name};
pub use tls::{Tls, Trust};
pub use tuning::told;
