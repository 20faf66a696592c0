//! Who somebody is: passwords and tokens.

mod hmac;
mod passwords;
mod queue;
mod tokens;

pub use passwords::Passwords;
pub use queue::Asker;
pub use tokens::{Claims, Tokens};
