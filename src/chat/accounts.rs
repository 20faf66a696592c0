//! Accounts: sign-up, log-in, tokens, passwords, the directory.

use std::net::IpAddr;

use crate::auth::{Asker, Claims};
use crate::chat::Chat;
use crate::error::Error;
use crate::live::{Attempt, network};
use crate::model::{Email, NameKey, NewPassword, Timestamp, User, UserId, Username};

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
        if !self.config.signup_open {
            return Err(Error::SignupClosed);
        }
        self.limits.signup(address)?;
        let user = self.add_user(address, username, email, password).await?;
        Ok(self.session(user))
    }

    /// Makes an account, whoever asks.
    ///
    /// # Errors
    /// [`Error::UsernameTaken`] before [`Error::EmailTaken`], [`Error::Overloaded`], [`Error::Storage`].
    async fn add_user(
        &self,
        address: IpAddr,
        username: Username,
        email: Email,
        password: NewPassword,
    ) -> Result<User, Error> {
        // Hashing costs a tenth of a second of a core: not for a name that is known to be taken. The store decides all the same.
        if self.store.user_by_name(username.as_str()).await?.is_some() {
            return Err(Error::UsernameTaken);
        }
        if self.store.user_by_email(&email).await?.is_some() {
            return Err(Error::EmailTaken);
        }
        let id = UserId::new();
        // Each new account waits as one of its own: of many who want one name all but one are to be told that it is taken.
        let asker = Asker { address: network(address), account: &id.to_string() };
        let user = User {
            id,
            username: username.into_string(),
            email: email.into_string(),
            password: self.passwords.hash(asker, password).await?,
            created_at: Timestamp::now(),
            token_version: 0,
        };
        self.store.insert_user(user.clone()).await?;
        Ok(user)
    }

    /// Lets somebody in by address or name (in any case) and password. `name` is trimmed here.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], for an unknown user as for a wrong password, in the same time;
    /// [`Error::RateLimited`] after too many failures; [`Error::Overloaded`].
    pub async fn login(&self, address: IpAddr, name: &str, password: &str) -> Result<Session, Error> {
        let name = name.trim();
        let found = self.find_account(name).await?;
        // By name or by address, in whatever spelling: an account has one budget of failures.
        let account = found.as_ref().map_or_else(|| NameKey::of(name).as_str().to_owned(), |user| user.id.to_string());
        let attempt = self.limits.login(address, &account)?;
        let asker = Asker { address: network(address), account: &account };
        let hash = found.as_ref().map(|user| &user.password);
        let verified = self.passwords.verify(asker, password, hash, || attempt.check()).await;
        match (verified, found) {
            (Ok(true), Some(user)) => {
                attempt.not_failed();
                Ok(self.session(user))
            }
            (verified, _) => Err(failed(attempt, verified.err())),
        }
    }

    async fn find_account(&self, name: &str) -> Result<Option<User>, Error> {
        if let Ok(email) = Email::parse(name)
            && let Some(user) = self.store.user_by_email(&email).await?
        {
            return Ok(Some(user));
        }
        Ok(self.store.user_by_name(name).await?)
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], [`Error::Unauthorized`], [`Error::Storage`].
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Error> {
        let claims = self.tokens.verify(token)?;
        let user = self.store.user(claims.user).await?.ok_or(Error::Unauthorized)?;
        if user.token_version != claims.version {
            return Err(Error::Unauthorized);
        }
        Ok(Identity { user, claims })
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
        let account = who.user.id.to_string();
        let attempt = self.limits.login(address, &account)?;
        let asker = Asker { address: network(address), account: &account };
        match self.passwords.verify(asker, current, Some(&who.user.password), || attempt.check()).await {
            Ok(true) => attempt.not_failed(),
            verified => return Err(failed(attempt, verified.err())),
        }
        let hash = self.passwords.hash(asker, new).await?;
        let changed = self.store.set_password(who.user.id, Some(&who.user.password), hash).await?;
        // Nothing was changed: another request has changed it first, so `current` is no longer right.
        let user = changed.ok_or(Error::InvalidCredentials)?;
        self.revoke_sessions(user.id, user.token_version);
        Ok(self.session(user))
    }

    /// A new token for whoever has a good one, which goes on working.
    pub fn refresh(&self, who: &Identity) -> Session {
        self.session(who.user.clone())
    }

    fn session(&self, user: User) -> Session {
        Session { token: self.tokens.issue(&user), user }
    }
}

/// Why a log-in failed: it counts where the password was wrong, not where the server could not look (`trouble`).
fn failed(attempt: Attempt<'_>, trouble: Option<Error>) -> Error {
    match trouble {
        Some(trouble) => {
            attempt.not_failed();
            trouble
        }
        None => Error::InvalidCredentials,
    }
}
