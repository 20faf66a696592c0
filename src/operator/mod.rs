//! What the operator does by commands: on a store that this process has opened for it, or through the control socket
//! of the server that holds it.

mod accounts;
mod answering;
mod command;

pub use accounts::{Links, Operator};
pub use answering::Control;
pub use command::{Command, Done, Trouble, ask};
