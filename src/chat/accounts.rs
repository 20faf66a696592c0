//! Accounts: sign-up, log-in, tokens, passwords, the directory.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::connections::Connections;
use super::identity::{Identity, Session};
use super::invites::{Invited, Invites};
use crate::auth::{Asker, Passwords, ResetCode, Tokens};
use crate::bus::Revocation;
use crate::config::{Config, Signup};
use crate::error::Error;
use crate::live::{Attempt, Limits, network};
use crate::model::{Email, NameKey, NewPassword, Proof, Role, Timestamp, User, UserId, Username};
use crate::store::{Store, StoreError};

/// What a new account needs.
#[derive(Debug)]
pub struct NewAccount {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// The password.
    pub password: NewPassword,
}

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

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn first(&self) -> Result<bool, Error> {
        if !self.has_users.load(Ordering::Relaxed) && self.store.has_users().await? {
            self.has_users.store(true, Ordering::Relaxed);
        }
        Ok(!self.has_users.load(Ordering::Relaxed))
    }

    /// Makes an account, by an invitation where one is needed or given; the first of all is an administrator's. An
    /// invitation is used once, and its room has the user in it.
    ///
    /// # Errors
    /// [`Error::InviteRequired`], [`Error::SignupClosed`], [`Error::RateLimited`] by address,
    /// [`Error::UsernameTaken`] before [`Error::EmailTaken`], [`Error::Overloaded`].
    pub async fn signup(&self, address: IpAddr, wish: NewAccount, code: Option<&str>) -> Result<Session, Error> {
        let invited = self.invitation(address, code).await?;
        self.limits.signup(address)?;
        let user = self.new_user(address, wish).await?;
        let Some(invited) = invited else { return Ok(self.session(self.add(user, false).await?)) };
        let invite = self.invites.spend(&invited).await?.ok_or(Error::InviteRequired)?;
        let added = self.add(user, invite.created_by.is_none()).await;
        // Where the store gave no answer, there may be the account.
        if added.as_ref().is_err_and(|error| !error.is_store_away()) {
            self.invites.give_back(invite.id).await;
        }
        let user = added?;
        self.invites.lead_in(&invite, &user).await;
        Ok(self.session(user))
    }

    /// The invitation by which somebody comes; `None` where none is needed and none was given.
    async fn invitation(&self, address: IpAddr, code: Option<&str>) -> Result<Option<Invited>, Error> {
        let Some(code) = code else {
            return match self.signup {
                Signup::Open => Ok(None),
                Signup::Invite => Err(Error::InviteRequired),
                Signup::Closed => Err(Error::SignupClosed),
            };
        };
        let found = self.invites.find(address, code).await?.ok_or(Error::InviteRequired)?;
        let by_administrator = found.maker.as_ref().is_some_and(User::is_administrator);
        if self.signup == Signup::Closed && !by_administrator { Err(Error::SignupClosed) } else { Ok(Some(found)) }
    }

    async fn new_user(&self, address: IpAddr, wish: NewAccount) -> Result<User, Error> {
        let NewAccount { username, email, password } = wish;
        // Hashing costs a tenth of a second of a core: not for a name that is known to be taken. The store decides all
        // the same.
        if self.store.user_by_name(username.as_str()).await?.is_some() {
            return Err(Error::UsernameTaken);
        }
        if self.store.user_by_email(&email).await?.is_some() {
            return Err(Error::EmailTaken);
        }
        let id = UserId::new();
        // Each new account waits as one of its own: of many who want one name all but one are to be told that it is
        // taken.
        let asker = Asker { address: network(address), account: &id.to_string() };
        let password = self.passwords.hash(asker, password).await?;
        Ok(User::new(id, username.into_string(), email.into_string(), password, Timestamp::now()))
    }

    /// Stores an account, of an administrator where it is the first. One that is to be `first_alone` is not stored
    /// where somebody was faster.
    async fn add(&self, user: User, first_alone: bool) -> Result<User, Error> {
        if !self.first().await? {
            if first_alone {
                return Err(Error::InviteRequired);
            }
            self.store.insert_user(user.clone()).await?;
            return Ok(user);
        }
        match add_first(&self.store, &user).await? {
            Some(first) => {
                tracing::info!(username = first.username, "the first account was made; it is an administrator's");
                Ok(first)
            }
            None if first_alone => Err(Error::InviteRequired),
            None => {
                self.store.insert_user(user.clone()).await?;
                Ok(user)
            }
        }
    }

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
        let changed = self.store.set_password(who.user.id, proof, hash, Timestamp::now()).await?;
        // Nothing was changed: another request has changed it first, so `current` is no longer right.
        let user = changed.ok_or(Error::InvalidCredentials)?;
        self.connections.revoke(user.id, user.token_version, Revocation::Ended);
        Ok(self.session(user))
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
        let user = set.ok_or(Error::ResetNotFound)?;
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

    /// A new token for whoever has a good one, which goes on working.
    pub fn refresh(&self, who: &Identity) -> Session {
        self.session(who.user.clone())
    }

    fn session(&self, user: User) -> Session {
        Session { token: self.tokens.issue(&user), user, reset_at: None }
    }
}

/// Stores an account as an administrator's, where nobody has one yet.
async fn add_first(store: &Arc<dyn Store>, user: &User) -> Result<Option<User>, StoreError> {
    let first = User { role: Role::Administrator, ..user.clone() };
    Ok(store.insert_first_user(first.clone()).await?.then_some(first))
}

/// Stores an account whoever asks, of an administrator where it is the first.
///
/// # Errors
/// As [`Store::insert_user`].
pub async fn add_account(store: &Arc<dyn Store>, user: User) -> Result<User, StoreError> {
    if let Some(first) = add_first(store, &user).await? {
        return Ok(first);
    }
    store.insert_user(user.clone()).await?;
    Ok(user)
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
