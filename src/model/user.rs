//! A user's account, and how others see a user.

use serde::Serialize;

use super::{SocketId, Timestamp, UserId};

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

/// What a user may do beyond their own affairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Role {
    /// Nothing.
    #[default]
    #[serde(rename = "member")]
    Member,
    /// Looks after the server: its people, their invitations, its open rooms.
    #[serde(rename = "admin")]
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Member, Self::Administrator];

    /// As clients, databases and archives have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Administrator => "admin",
        }
    }

    /// Reads [`Role::as_str`]; nothing else is a role.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A code by which the password of an account may be set once, as it is stored: the code itself is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// SHA-256 of the code.
    pub hash: CodeHash,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

/// The SHA-256 of a code. Its `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeHash(pub [u8; 32]);

impl std::fmt::Debug for CodeHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CodeHash(…)")
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
    /// How often the tokens were ended: by a new password, a log-out everywhere, or because the account was disabled. A
    /// token of ours carries the number of its time (none is 0), and counts only while it is still so.
    pub token_version: u32,
    /// When that was last. A token of another program carries no number, and counts where it was issued since.
    pub tokens_ended_at: Option<Timestamp>,
    /// What the user may do.
    pub role: Role,
    /// The account stays as it is, and nobody can use it.
    pub disabled: bool,
    /// The code that was given out to set a new password.
    pub reset: Option<Reset>,
    /// When the password was set by such a code; none once the user has logged in with it and was told.
    pub reset_at: Option<Timestamp>,
    /// When the last socket went, or was there last: true to 5 minutes.
    pub last_seen_at: Option<Timestamp>,
}

impl User {
    /// A new account of a member.
    pub const fn new(
        id: UserId,
        username: String,
        email: String,
        password: PasswordHash,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            username,
            email,
            password,
            created_at,
            token_version: 0,
            tokens_ended_at: None,
            role: Role::Member,
            disabled: false,
            reset: None,
            reset_at: None,
            last_seen_at: None,
        }
    }

    /// Looks after the server.
    pub fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }

    /// An administrator whose account can be used. One at least there always is, once there was one.
    pub fn administers(&self) -> bool {
        self.is_administrator() && !self.disabled
    }
}

/// What of an account an administrator changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountPatch {
    /// Another role.
    pub role: Option<Role>,
    /// Whether it is disabled. Disabling it ends its tokens for good.
    pub disabled: Option<bool>,
}

/// By what right a new password is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The operator's.
    Operator,
    /// The password is still this one.
    Password(PasswordHash),
    /// This code was given out for it, and has not expired.
    Reset(CodeHash),
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

/// Who acts: a socket and the user that it belongs to. What the server stamps on what it relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The socket.
    pub socket: SocketId,
    /// Whose it is.
    pub user: UserRef,
}
