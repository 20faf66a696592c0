//! Commands and what came of them, as they go through the control socket: a line of JSON each way.

use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::control;
use crate::model::PasswordHash;
use crate::store::{StoreError, Taken};

/// Something to be done. Passwords are hashed by whoever asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// List all accounts.
    List,
    /// Add an account.
    Add {
        /// Its name, found good.
        name: String,
        /// Its address, found good.
        email: String,
        /// Of its password.
        hash: Hash,
    },
    /// Set a password and end every log-in.
    Password {
        /// Name or address of the account.
        name: String,
        /// Of the new password.
        hash: Hash,
    },
    /// Remove an account.
    Remove {
        /// Its name or address.
        name: String,
    },
    /// Make somebody an administrator.
    Administrator {
        /// Name or address of the account.
        name: String,
        /// No more, instead.
        off: bool,
    },
    /// Disable an account.
    Disable {
        /// Its name or address.
        name: String,
        /// Let it be used again, instead.
        off: bool,
    },
    /// Make an invitation.
    Invite {
        /// The name of the room that it leads into.
        room: Option<String>,
        /// How often it can be used.
        uses: u32,
        /// For how long, in seconds.
        lasts: u64,
    },
}

/// A password's hash on its way. Its `Debug` shows nothing.
#[derive(Serialize, Deserialize)]
pub struct Hash(String);

impl From<PasswordHash> for Hash {
    fn from(hash: PasswordHash) -> Self {
        Self(hash.expose().to_owned())
    }
}

impl From<Hash> for PasswordHash {
    fn from(hash: Hash) -> Self {
        Self::new(hash.0)
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Hash(…)")
    }
}

/// What a command has brought about, for people.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Done {
    /// In a sentence.
    Said(String),
    /// Accounts, a row each.
    Table(Vec<[String; 5]>),
    /// A link, and what is said of it.
    Link {
        /// What it is.
        said: String,
        /// The link.
        link: String,
    },
}

/// Why nothing was done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trouble {
    /// What the operator is to change, in a sentence.
    Said(String),
    /// No administrator would be left.
    LastAdministrator,
    /// The name is taken.
    UsernameTaken,
    /// The address is taken.
    EmailTaken,
    /// The store does not answer, or does not write.
    Unavailable(String),
    /// What was read cannot be as it was written.
    Corrupt(String),
    /// A mistake of this program.
    Mistake(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Taken::Email) => Self::EmailTaken,
            StoreError::Conflict(Taken::Username | Taken::RoomName) => Self::UsernameTaken,
            StoreError::LastAdministrator => Self::LastAdministrator,
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
            StoreError::Corrupt(reason) => Self::Corrupt(reason),
            StoreError::Bug(reason) => Self::Mistake(reason),
        }
    }
}

/// Has the server that runs on a data directory do something.
///
/// # Errors
/// That of the socket: nobody answers there, or in another way than this version does.
pub fn ask(directory: &Path, command: &Command) -> io::Result<Result<Done, Trouble>> {
    let mut connection = control::ask(directory, &serde_json::to_string(command)?)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(serde_json::from_slice(&answer)?)
}
