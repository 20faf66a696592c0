//! Who asks, and what whoever logs in gets.

use crate::auth::Claims;
use crate::error::Error;
use crate::model::{Timestamp, User};

/// Who sends a request, by a token that was found good.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The account as it is now.
    pub user: User,
    /// What the token said.
    pub claims: Claims,
}

impl Identity {
    /// The proof that it is an administrator who asks.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub fn administrator(&self) -> Result<Administrator<'_>, Error> {
        if self.user.is_administrator() { Ok(Administrator(&self.user)) } else { Err(Error::NotAllowed) }
    }
}

/// An administrator who asks. A verb that takes it cannot forget the check.
#[derive(Clone, Copy, Debug)]
pub struct Administrator<'a>(&'a User);

impl Administrator<'_> {
    /// The account.
    pub const fn user(&self) -> &User {
        self.0
    }
}

/// A fresh token and whose it is.
#[derive(Clone, Debug)]
pub struct Session {
    /// Goes into `Authorization: Bearer`.
    pub token: String,
    /// The account.
    pub user: User,
    /// The password was set by a link of an administrator's at this time, and the user is told for the first time.
    pub reset_at: Option<Timestamp>,
}
