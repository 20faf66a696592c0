//! Accounts: sign-up, log-in, tokens, passwords, the directory.

use std::net::IpAddr;

use crate::auth::Claims;
use crate::chat::Chat;
use crate::error::Error;
use crate::model::{Email, NewPassword, User, UserEntry, Username};

/// Who sends a request, by a token that was found good.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account as it is now.
    pub user: User,
    /// What the token said.
    pub claims: Claims,
}

/// A fresh token and whose it is.
#[derive(Clone, Debug)]
pub struct Session {
    /// Goes into `Authorization: Bearer`.
    pub token: String,
    /// The account.
    pub user: User,
}

impl Chat {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::SignupClosed`], [`Error::RateLimited`] by address, [`Error::UsernameTaken`] before [`Error::EmailTaken`], [`Error::Overloaded`].
    pub async fn signup(
        &self,
        address: IpAddr,
        username: Username,
        email: Email,
        password: NewPassword,
    ) -> Result<Session, Error> {
        todo!()
    }

    /// Lets somebody in by address or name (in any case) and password. `name` is trimmed here.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], for an unknown user as for a wrong password, in the same time;
    /// [`Error::RateLimited`] after too many failures; [`Error::Overloaded`].
    pub async fn login(&self, address: IpAddr, name: &str, password: &str) -> Result<Session, Error> {
        todo!()
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], [`Error::Unauthorized`], [`Error::Storage`].
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Error> {
        todo!()
    }

    /// Sets a new password; every older token of the user stops working, and its sockets are told and cut.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] where `current` is wrong, [`Error::RateLimited`] as at log-in, [`Error::Overloaded`].
    pub async fn change_password(
        &self,
        address: IpAddr,
        who: &Identity,
        current: &str,
        new: NewPassword,
    ) -> Result<Session, Error> {
        todo!()
    }

    /// A new token for whoever has a good one, which goes on working.
    pub fn refresh(&self, who: &Identity) -> Session {
        todo!()
    }

    /// Users whose name begins with `search` in any case, by lower-cased name.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn users(&self, search: &str, limit: usize) -> Result<Vec<UserEntry>, Error> {
        todo!()
    }
}
