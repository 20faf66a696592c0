//! New passwords: by the old one, or by a code that an administrator gave out.

use std::net::IpAddr;

use super::Accounts;
use super::logging_in::failed;
use crate::auth::{Asker, ResetCode};
use crate::bus::Revocation;
use crate::chat::identity::{Identity, Session};
use crate::error::Error;
use crate::live::network;
use crate::model::{NewPassword, Proof, Timestamp, User};

impl Accounts {
    /// Sets a new password; every older token of the user stops working, and its sockets are told and cut.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`] where `current` is wrong, [`Error::RateLimited`] as at log-in,
    /// [`Error::Overloaded`].
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
        let proof = Proof::Password(who.user.password.clone());
        let Some(user) = self.store.set_password(who.user.id, proof, hash, Timestamp::now()).await? else {
            // Another request has changed it first, so `current` is no longer right; or the account cannot be used
            // any more.
            let usable = self.store.user(who.user.id).await?.is_some_and(|user| !user.disabled);
            return Err(if usable { Error::InvalidCredentials } else { Error::Unauthorized });
        };
        self.connections.revoke(user.id, user.token_version, Revocation::Ended);
        Ok(self.session(user))
    }

    /// Sets a password by a code that was given out for it. The code works once, older tokens no more.
    ///
    /// # Errors
    /// [`Error::ResetNotFound`], [`Error::AccountDisabled`], after which the code stays good, [`Error::RateLimited`]
    /// where the address has tried too many that are none, [`Error::Overloaded`].
    pub async fn reset(&self, address: IpAddr, code: &str, new: NewPassword) -> Result<Session, Error> {
        self.limits.code(address)?;
        let Some((code, user)) = self.find_reset(code).await? else {
            self.limits.code_not_found(address);
            return Err(Error::ResetNotFound);
        };
        if user.disabled {
            return Err(Error::AccountDisabled);
        }
        let asker = Asker { address: network(address), account: &user.id.to_string() };
        let hash = self.passwords.hash(asker, new).await?;
        let set = self.store.set_password(user.id, Proof::Reset(code.hash()), hash, Timestamp::now()).await?;
        let Some(user) = set else {
            // Somebody was faster: with the code, or in disabling the account.
            let disabled = self.store.user(user.id).await?.is_some_and(|user| user.disabled);
            return Err(if disabled { Error::AccountDisabled } else { Error::ResetNotFound });
        };
        tracing::info!(username = user.username, "a password was set by a link");
        self.connections.revoke(user.id, user.token_version, Revocation::Ended);
        Ok(self.session(user))
    }

    async fn find_reset(&self, code: &str) -> Result<Option<(ResetCode, User)>, Error> {
        let Some(code) = ResetCode::parse(code.trim()) else { return Ok(None) };
        let user = self.store.user(code.user()).await?;
        let good = |user: &User| {
            let reset = user.reset.as_ref().filter(|reset| reset.expires_at > Timestamp::now());
            reset.is_some_and(|reset| code.is(&reset.hash))
        };
        Ok(user.filter(good).map(|user| (code, user)))
    }
}
