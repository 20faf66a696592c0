//! A user's account, and how others see a user.

use serde::Serialize;
use utoipa::ToSchema;

use super::schema::wire_schema;
use super::{Timestamp, UserId};

/// A bcrypt hash in modular crypt form (`$2a$`, `$2b$`). Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash as made or as stored.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// The hash itself, for the verifier and the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PasswordHash(…)")
    }
}

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// In the spelling chosen at sign-up.
    pub username: String,
    /// Lower-case.
    pub email: String,
    /// Never leaves the server.
    pub password: PasswordHash,
    /// When the account was made.
    pub created_at: Timestamp,
    /// How often the password was changed. A token carries the number of its time (none is 0), and counts only while it is still so.
    pub token_version: u32,
}

/// A user as others see it: `{_id, id, username}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRef {
    /// The user's id.
    pub id: UserId,
    /// In the user's own spelling.
    pub username: String,
}

impl UserRef {
    /// The name shown where the user is no more.
    pub const REMOVED: &str = "[removed]";
}

impl From<&User> for UserRef {
    fn from(user: &User) -> Self {
        Self { id: user.id, username: user.username.clone() }
    }
}

/// What of it goes over the wire, in the wire's names.
#[derive(Serialize, ToSchema)]
#[schema(as = UserRef, description = "A user, as others see one.")]
struct Wire<'a> {
    #[serde(rename = "_id")]
    object_id: UserId,
    id: UserId,
    username: &'a str,
}

impl Serialize for UserRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire { object_id: self.id, id: self.id, username: &self.username }.serialize(serializer)
    }
}

wire_schema!(UserRef, Wire<'_>);
