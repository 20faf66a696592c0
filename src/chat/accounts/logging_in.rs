//! Logging in.

use std::net::IpAddr;

use super::Accounts;
use crate::auth::Asker;
use crate::chat::identity::Session;
use crate::error::Error;
use crate::live::{Attempt, network};
use crate::model::{Email, NameKey, User};

impl Accounts {
    /// Lets somebody in by address or name (in any case) and password. `name` is trimmed here.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], for an unknown user as for a wrong password, in the same time;
    /// [`Error::AccountDisabled`], with the right password alone; [`Error::RateLimited`] after too many failures;
    /// [`Error::Overloaded`].
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
                if user.disabled {
                    return Err(Error::AccountDisabled);
                }
                Ok(self.told_of_reset(self.session(user)).await)
            }
            (verified, _) => Err(failed(attempt, verified.err())),
        }
    }

    /// Tells a user who logs in that the password was set by a link, once.
    async fn told_of_reset(&self, session: Session) -> Session {
        let reset_at = session.user.reset_at;
        if reset_at.is_some()
            && let Err(error) = self.store.note_reset_told(session.user.id).await
        {
            Error::from(error).log("a user is told once more of a password that was set by a link");
        }
        Session { reset_at, ..session }
    }

    async fn find_account(&self, name: &str) -> Result<Option<User>, Error> {
        if let Ok(email) = Email::parse(name)
            && let Some(user) = self.store.user_by_email(&email).await?
        {
            return Ok(Some(user));
        }
        Ok(self.store.user_by_name(name).await?)
    }
}

/// Why a log-in failed: it counts where the password was wrong, not where the server could not look (`trouble`).
pub(super) fn failed(attempt: Attempt<'_>, trouble: Option<Error>) -> Error {
    match trouble {
        Some(trouble) => {
            attempt.not_failed();
            trouble
        }
        None => Error::InvalidCredentials,
    }
}
