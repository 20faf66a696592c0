//! Tokens: JWT, HS256, as the Node backend made them and with the number of the password they were made under.

use std::time::Duration;

use crate::config::Secret;
use crate::error::Error;
use crate::model::{Timestamp, User, UserId};

/// Issues and verifies tokens.
#[derive(Debug)]
pub struct Tokens {}

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// [`User::token_version`] when it was made; 0 where it does not say.
    pub version: u32,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

impl Tokens {
    /// Tokens signed with `secret` that live for `ttl`.
    pub fn new(secret: &Secret, ttl: Duration) -> Self {
        let _ = (secret, ttl);
        todo!()
    }

    /// A new token.
    pub fn issue(&self, user: &User) -> String {
        let _ = user;
        todo!()
    }

    /// Checks signature, algorithm and expiry, not whether the user exists.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], or [`Error::Unauthorized`] for everything else.
    pub fn verify(&self, token: &str) -> Result<Claims, Error> {
        let _ = token;
        todo!()
    }
}
