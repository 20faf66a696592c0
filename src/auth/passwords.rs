//! bcrypt, off the async threads, by a bounded number of hands with a bounded queue.

use crate::error::Error;
use crate::model::{NewPassword, PasswordHash};

/// Hashes and verifies passwords.
#[derive(Debug)]
pub struct Passwords {
    cost: u32,
}

impl Passwords {
    /// `cost` is bcrypt's, 4–31.
    pub fn new(cost: u32) -> Self {
        Self { cost }
    }

    /// # Errors
    /// [`Error::Overloaded`] where the queue is full.
    pub async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        let _ = (self.cost, password);
        todo!()
    }

    /// Whether it is the password of `hash`. Without a hash it takes the same time and is `false`, so that an unknown user is not told from a wrong password.
    ///
    /// # Errors
    /// [`Error::Overloaded`] where the queue is full.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, Error> {
        let _ = (password, hash);
        todo!()
    }
}
