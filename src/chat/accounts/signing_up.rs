//! Signing up: who may, with what name, and who is the first.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Accounts;
use crate::auth::Asker;
use crate::chat::identity::Session;
use crate::chat::invites::{Invited, Using};
use crate::config::Signup;
use crate::error::Error;
use crate::live::network;
use crate::model::{Email, NewPassword, Role, Timestamp, User, UserId, Username};
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

impl Accounts {
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
        let (using, first_alone) = (Using::to_sign_up(&invited, user.id), invited.maker.is_none());
        let added = self.invites.used_for(using, self.add(user, first_alone)).await?;
        Ok(self.session(added.ok_or(Error::InviteRequired)?))
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
