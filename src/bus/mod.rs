//! The bus: what was done is published here, and whoever subscribes turns it into something.
//!
//! A verb says who is meant ([`Audience`](crate::wire::Audience)) and what they get; it knows no socket to send to, and
//! holds no lock while something is sent. On several servers the bus carries it to the sockets of all.

mod carrying;
mod fact;
mod inspect;
mod local;
mod mongodb;
mod notice;
mod open;
mod server_info;
mod shelf;
mod subscriber;

pub use carrying::{Bus, Mark};
pub use fact::Fact;
pub use inspect::{Inspected, inspect_database};
pub use local::{Changing, Local};
pub use notice::{Notice, Revocation};
pub use open::{OpenError, open};
pub use server_info::ServerInfo;
pub use shelf::Shelf;
pub use subscriber::Subscriber;
