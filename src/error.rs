//! What can go wrong for a client: one closed enum with a stable code, a public message and a class for each.
//!
//! It knows neither HTTP nor sockets. What is told never names a cause inside the server; the log is told that, once,
//! where the failure leaves the process.

use std::time::Duration;

use crate::model::CallId;
use crate::seldom::Seldom;
use crate::store::{StoreError, Taken};

/// Where a wrong value stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// In the body, or in an event's payload.
    Body,
    /// In the query string.
    Query,
}

/// One wrong value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Where it stood.
    pub location: Location,
    /// The field's name, empty for the body as a whole.
    pub path: String,
    /// What it must be.
    pub msg: String,
}

impl FieldError {
    /// Of the field of this name.
    pub fn new(location: Location, path: &str, msg: &str) -> Self {
        Self { location, path: path.to_owned(), msg: msg.to_owned() }
    }
}

/// What kind of failure it is; the web layer makes a status of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request is wrong as it stands.
    BadRequest,
    /// No or no good credentials.
    Unauthorized,
    /// Not this user, or not now.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// There is such a path, but not with this method.
    MethodNotAllowed,
    /// It exists already, or is in another state.
    Conflict,
    /// Larger than is taken.
    TooLarge,
    /// Not JSON.
    UnsupportedMedia,
    /// Too often.
    TooMany,
    /// The server cannot now; the same request may succeed later.
    Unavailable,
    /// A mistake of the server.
    Internal,
}

/// A failure as a client is told of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum Error {
    /// Values that break a rule, one entry each.
    Validation(Vec<FieldError>),
    /// The body is no JSON.
    InvalidJson,
    /// No token, or one that is not good.
    Unauthorized,
    /// The token was good once.
    TokenExpired,
    /// Unknown user or wrong password; which is not told.
    InvalidCredentials,
    /// The account is there and the password right, but an administrator has disabled it.
    AccountDisabled,
    /// The operator has closed sign-up.
    SignupClosed,
    /// Only with an invitation, and there is none, or it is good no more.
    InviteRequired,
    /// The invitation is unknown, used up or over.
    InviteNotFound,
    /// The code to set a password is unknown, used or over.
    ResetNotFound,
    /// Nobody would be left who looks after the server.
    LastAdministrator,
    /// A name that exists in any case.
    UsernameTaken,
    /// An address that has an account.
    EmailTaken,
    /// A room's name that exists in any case.
    RoomNameTaken,
    /// No such room.
    RoomNotFound,
    /// No such path.
    NotFound,
    /// Another method is allowed.
    MethodNotAllowed,
    /// Larger than 64 KiB.
    PayloadTooLarge,
    /// A body that is not declared as JSON.
    UnsupportedMediaType,
    /// The socket has not joined the room.
    NotInRoom,
    /// Not for this user, or not now.
    NotAllowed,
    /// Nobody is connected there.
    PeerUnavailable,
    /// No such user.
    UserNotFound,
    /// The user has no socket.
    UserOffline,
    /// In a call or being rung; with the call that goes on where one is meant.
    UserBusy(Option<CallId>),
    /// The call is unknown or over.
    CallNotFound,
    /// Too often; when it may be tried again.
    RateLimited(Duration),
    /// A bound of the protocol was reached, not one of rate.
    LimitReached,
    /// No such event.
    UnknownEvent,
    /// The store failed. Where it is away, the change is not known to be durable; all else is a mistake or a damage of
    /// the server's own.
    Storage(#[source] StoreError),
    /// Too much work is waiting.
    Overloaded,
    /// A mistake of the server.
    Internal,
}

impl Error {
    /// One wrong value in a body or payload.
    pub fn field(path: &str, msg: &str) -> Self {
        Self::Validation(vec![FieldError::new(Location::Body, path, msg)])
    }

    /// The stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "validation_failed",
            Self::InvalidJson => "invalid_json",
            Self::Unauthorized => "unauthorized",
            Self::TokenExpired => "token_expired",
            Self::InvalidCredentials => "invalid_credentials",
            Self::AccountDisabled => "account_disabled",
            Self::SignupClosed => "signup_closed",
            Self::InviteRequired => "invite_required",
            Self::InviteNotFound => "invite_not_found",
            Self::ResetNotFound => "reset_not_found",
            Self::LastAdministrator => "last_administrator",
            Self::UsernameTaken => "username_taken",
            Self::EmailTaken => "email_taken",
            Self::RoomNameTaken => "room_name_taken",
            Self::RoomNotFound => "room_not_found",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NotInRoom => "not_in_room",
            Self::NotAllowed => "not_allowed",
            Self::PeerUnavailable => "peer_unavailable",
            Self::UserNotFound => "user_not_found",
            Self::UserOffline => "user_offline",
            Self::UserBusy(_) => "user_busy",
            Self::CallNotFound => "call_not_found",
            Self::RateLimited(_) => "rate_limited",
            Self::LimitReached => "limit_reached",
            Self::UnknownEvent => "unknown_event",
            Self::Storage(StoreError::Unavailable(_)) => "storage",
            Self::Overloaded => "overloaded",
            Self::Storage(_) | Self::Internal => "internal",
        }
    }

    /// The sentence for people.
    pub fn message(&self) -> String {
        let text = match self {
            Self::Validation(errors) => {
                let told = |error: &FieldError| match error.path.as_str() {
                    "" => format!("The body {}", error.msg),
                    path => format!("{path} {}", error.msg),
                };
                let parts: Vec<String> = errors.iter().map(told).collect();
                return parts.join("; ");
            }
            Self::RateLimited(wait) => {
                return format!("Too many requests; try again in {} s", wait.as_secs_f64().ceil().max(1.0));
            }
            Self::InvalidJson => "The body must be JSON, nested at most 128 deep",
            Self::Unauthorized => "Log in first: send a valid token",
            Self::TokenExpired => "The session has expired; log in again",
            Self::InvalidCredentials => "The name or address or the password is wrong",
            Self::SignupClosed => "Sign-up is closed on this server; ask its operator for an account",
            Self::AccountDisabled => "This account is disabled; ask an administrator of this server",
            Self::InviteRequired => "This needs an invitation that is still good; ask for one",
            Self::InviteNotFound => "This invitation is good no more; ask for another one",
            Self::ResetNotFound => "This link is good no more; ask an administrator for another one",
            Self::LastAdministrator => "At least one administrator must stay who is not disabled",
            Self::UsernameTaken => "This username is taken",
            Self::EmailTaken => "This e-mail address has an account already",
            Self::RoomNameTaken => "There is a room of this name already",
            Self::RoomNotFound => "There is no such room",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "This method is not allowed here",
            Self::PayloadTooLarge => "The body is larger than 64 KiB",
            Self::UnsupportedMediaType => "Send the body as application/json",
            Self::NotInRoom => "Join the room first",
            Self::NotAllowed => "This is not allowed",
            Self::PeerUnavailable => "Nobody is connected there",
            Self::UserNotFound => "There is no such user",
            Self::UserOffline => "Nobody is there to be rung",
            Self::UserBusy(_) => "Busy in a call",
            Self::CallNotFound => "There is no such call",
            Self::LimitReached => "The limit is reached",
            Self::UnknownEvent => "There is no such event",
            Self::Storage(StoreError::Unavailable(_)) => "The server could not store this; try again",
            Self::Overloaded => "The server has too much to do; try again",
            Self::Storage(_) | Self::Internal => "Something went wrong on the server",
        };
        text.to_owned()
    }

    /// The kind of failure.
    pub const fn class(&self) -> Class {
        match self {
            Self::Validation(_) | Self::InvalidJson | Self::UnknownEvent => Class::BadRequest,
            Self::Unauthorized | Self::TokenExpired | Self::InvalidCredentials => Class::Unauthorized,
            Self::SignupClosed | Self::InviteRequired | Self::AccountDisabled => Class::Forbidden,
            Self::NotAllowed | Self::NotInRoom => Class::Forbidden,
            Self::RoomNotFound | Self::NotFound | Self::UserNotFound | Self::CallNotFound | Self::PeerUnavailable => {
                Class::NotFound
            }
            Self::InviteNotFound | Self::ResetNotFound => Class::NotFound,
            Self::LastAdministrator => Class::Conflict,
            Self::MethodNotAllowed => Class::MethodNotAllowed,
            Self::UsernameTaken | Self::EmailTaken | Self::RoomNameTaken => Class::Conflict,
            Self::UserOffline | Self::UserBusy(_) | Self::LimitReached => Class::Conflict,
            Self::PayloadTooLarge => Class::TooLarge,
            Self::UnsupportedMediaType => Class::UnsupportedMedia,
            Self::RateLimited(_) => Class::TooMany,
            Self::Storage(StoreError::Unavailable(_)) | Self::Overloaded => Class::Unavailable,
            Self::Storage(_) | Self::Internal => Class::Internal,
        }
    }

    /// After how many milliseconds it may be tried again, where that is known.
    pub fn retry_after_ms(&self) -> Option<u64> {
        if let Self::RateLimited(wait) = self { Some(wait.as_millis().max(1) as u64) } else { None }
    }

    /// The store gave no answer, or refused for now: what was asked of it may have been done all the same.
    pub const fn is_store_away(&self) -> bool {
        matches!(self, Self::Storage(StoreError::Unavailable(_)))
    }

    /// Tells the log of it where it leaves the process, with the cause, which clients are not told. `what` says what
    /// came of it.
    pub fn log(&self, what: &str) {
        static STORE_AWAY: Seldom = Seldom::new();
        match self {
            Self::Storage(error @ StoreError::Unavailable(_)) => {
                STORE_AWAY.say(|count| tracing::warn!(%error, count, "{what}"));
            }
            Self::Storage(error) => tracing::error!(%error, "{what}"),
            _ => tracing::debug!(code = self.code(), "{what}"),
        }
    }
}

/// That something is absent was decided before; what is left is a name that is taken, or the store's own trouble.
impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Taken::Username) => Self::UsernameTaken,
            StoreError::Conflict(Taken::Email) => Self::EmailTaken,
            StoreError::Conflict(Taken::RoomName) => Self::RoomNameTaken,
            StoreError::LastAdministrator => Self::LastAdministrator,
            other => Self::Storage(other),
        }
    }
}
