//! Who somebody is: passwords and tokens.

mod codes;
mod hmac;
mod passwords;
mod queue;
mod relay;
mod tokens;

pub use codes::{ResetCode, invite_code};
pub use passwords::Passwords;
pub use queue::Asker;
pub use relay::{RelayKeys, RelayName, shared_credential};
pub use tokens::{Claims, Tokens};
