//! Accounts, and the proof of who somebody is: sign-up, log-in, tokens, passwords.

mod logging_in;
mod passwords;
mod signing_up;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::connections::Connections;
use super::identity::{Identity, Session};
use super::invites::Invites;
use crate::auth::{Passwords, Tokens};
use crate::bus::Revocation;
use crate::config::{Config, Signup};
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Timestamp, User};
use crate::store::Store;

pub use signing_up::{NewAccount, add_account};

/// Accounts, and the proof of who somebody is.
pub struct Accounts {
    store: Arc<dyn Store>,
    limits: Arc<Limits>,
    connections: Arc<Connections>,
    invites: Arc<Invites>,
    passwords: Passwords,
    tokens: Tokens,
    signup: Signup,
    /// Somebody has an account, which does not change any more.
    has_users: AtomicBool,
}

impl Accounts {
    /// Those of a store.
    pub fn new(
        config: &Config,
        store: &Arc<dyn Store>,
        limits: &Arc<Limits>,
        connections: &Arc<Connections>,
        invites: &Arc<Invites>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            limits: Arc::clone(limits),
            connections: Arc::clone(connections),
            invites: Arc::clone(invites),
            passwords: Passwords::new(config.bcrypt_cost),
            tokens: Tokens::new(&config.jwt_secret, config.token_ttl),
            signup: config.signup,
            has_users: AtomicBool::new(false),
        }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], [`Error::Unauthorized`], [`Error::Storage`].
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Error> {
        let claims = self.tokens.verify(token)?;
        let user = self.store.user(claims.user).await?.ok_or(Error::Unauthorized)?;
        if !claims.hold(&user, Timestamp::now()) {
            return Err(Error::Unauthorized);
        }
        Ok(Identity { user, claims })
    }

    /// Ends all tokens of the user, and the sockets that came by them.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn logout_everywhere(&self, who: &Identity) -> Result<(), Error> {
        let user = self.store.end_tokens(who.user.id, Timestamp::now()).await?.ok_or(Error::Unauthorized)?;
        self.connections.revoke(user.id, user.token_version, Revocation::Ended);
        Ok(())
    }

    /// A new token for whoever has a good one, which goes on working.
    pub fn refresh(&self, who: &Identity) -> Session {
        self.session(who.user.clone())
    }

    fn session(&self, user: User) -> Session {
        Session { token: self.tokens.issue(&user), user, reset_at: None }
    }
}
