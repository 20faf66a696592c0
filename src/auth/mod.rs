//! Who somebody is: passwords and tokens.

mod hmac;
mod passwords;
mod tokens;

pub use passwords::Passwords;
pub use tokens::{Claims, Tokens};
