//! What the driver reports, as the rest of the house understands it.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::StoreError;

/// Longest text of the driver that is passed on, in characters.
const LONGEST: usize = 300;
pub(super) const DUPLICATE_KEY: i32 = 11000;
/// BadValue, FailedToParse, TypeMismatch, IllegalOperation, InvalidOptions: a command that this program should not have
/// sent.
const OUR_MISTAKE: [i32; 5] = [2, 9, 14, 20, 72];
/// Of a server that steps down, shuts down, is interrupted, has no disk space or no rights for us: nothing of one
/// document. HostUnreachable, HostNotFound, Unauthorized, LockTimeout, MaxTimeMSExpired, NetworkTimeout,
/// ShutdownInProgress, WriteConflict, PrimarySteppedDown, ExceededTimeLimit, SocketException, NotWritablePrimary,
/// InterruptedAtShutdown, Interrupted, InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary,
/// OutOfDiskSpace, StaleConfig, ClientDisconnect.
const OF_THE_SERVER: [i32; 20] =
    [6, 7, 13, 24, 50, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11601, 11602, 13435, 13436, 14031, 13388, 279];

/// A failure of one command.
#[derive(Debug)]
pub(super) enum CommandError {
    /// A unique index has the value already. Nothing was written.
    Duplicate {
        /// Its name.
        index: String,
        /// For the operator.
        text: String,
    },
    /// Everything else.
    Other(StoreError),
}

impl CommandError {
    /// What failed, put before how it failed.
    pub(crate) fn during(self, doing: &str) -> Self {
        match self {
            Self::Duplicate { index, text } => Self::Duplicate { index, text: format!("{doing}: {text}") },
            Self::Other(StoreError::Unavailable(text)) => {
                Self::Other(StoreError::Unavailable(format!("{doing}: {text}")))
            }
            Self::Other(StoreError::Corrupt(text)) => Self::Other(StoreError::Corrupt(format!("{doing}: {text}"))),
            Self::Other(StoreError::Bug(text)) => Self::Other(StoreError::Bug(format!("{doing}: {text}"))),
            Self::Other(refused @ (StoreError::Conflict(_) | StoreError::LastAdministrator)) => Self::Other(refused),
        }
    }
}

impl From<CommandError> for StoreError {
    /// Where no duplicate was to be expected: an id that exists is a mistake of this program, all else is an index of
    /// another program's.
    fn from(failure: CommandError) -> Self {
        match failure {
            CommandError::Duplicate { index, text } if index == "_id_" => Self::Bug(text),
            CommandError::Duplicate { text, .. } => Self::Unavailable(text),
            CommandError::Other(error) => error,
        }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let duplicate = match &*error.kind {
            ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY => Some(&write.message),
            ErrorKind::Command(command) if command.code == DUPLICATE_KEY => Some(&command.message),
            _ => None,
        };
        duplicate.map_or_else(
            || Self::Other(store_error(&error)),
            |message| Self::Duplicate { index: index_in(message), text: duplicate_text(message) },
        )
    }
}

/// The failure of a command that cannot meet a duplicate.
pub(super) fn store_error(error: &Error) -> StoreError {
    match &*error.kind {
        ErrorKind::BsonDeserialization(_) => StoreError::Corrupt(brief(error)),
        ErrorKind::InvalidArgument { .. } | ErrorKind::BsonSerialization(_) => StoreError::Bug(brief(error)),
        ErrorKind::Command(command) if OUR_MISTAKE.contains(&command.code) => StoreError::Bug(brief(error)),
        _ => StoreError::Unavailable(brief(error)),
    }
}

/// Whether a code tells of the whole server and not of the document that was written.
pub(super) fn is_of_the_server(code: i32) -> bool {
    OF_THE_SERVER.contains(&code)
}

/// Why an ordered insert stopped at a document.
#[derive(Debug)]
pub(super) struct RefusedAt {
    /// Its position. Those before it are stored as the write concern demands, those behind it were not tried.
    pub position: usize,
    /// The unique index that has its value already; `None` where it was refused by anything else.
    pub index: Option<String>,
    /// For the operator.
    pub text: String,
}

/// The document that an ordered insert stopped at, where it failed by nothing else.
pub(super) fn refused_at(error: &Error) -> Option<RefusedAt> {
    let ErrorKind::InsertMany(insert) = &*error.kind else { return None };
    if insert.write_concern_error.is_some() {
        return None;
    }
    let [write] = insert.write_errors.as_deref()? else { return None };
    if is_of_the_server(write.code) {
        return None;
    }
    let duplicate = write.code == DUPLICATE_KEY;
    let text = if duplicate {
        duplicate_text(&write.message)
    } else {
        shortened(&format!("a document is refused: {} (code {})", write.message, write.code))
    };
    Some(RefusedAt { position: write.index, index: duplicate.then(|| index_in(&write.message)), text })
}

/// The driver's text on one line of bounded length. It names hosts, never credentials.
pub(super) fn brief(error: &Error) -> String {
    shortened(&error.kind.to_string())
}

fn shortened(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The word behind a label in the text of a duplicate:
/// `E11000 duplicate key error collection: chat.users index: emailKey_1 dup key: { … }`.
fn word_behind<'a>(message: &'a str, label: &str) -> &'a str {
    let rest = message.split_once(label).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or("unknown")
}

pub(super) fn index_in(message: &str) -> String {
    word_behind(message, " index: ").to_owned()
}

/// Names collection and index, and not the value, which may be an address.
fn duplicate_text(message: &str) -> String {
    let (collection, index) = (word_behind(message, " collection: "), word_behind(message, " index: "));
    format!("the unique index {index} of the collection {collection} has the value of another document already")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_that_refused_is_found_in_the_servers_text() {
        let text = "E11000 duplicate key error collection: x.users index: uniqueEmail dup key: { uniqueEmail: \"a\" }";
        assert_eq!(index_in(text), "uniqueEmail");
        assert_eq!(
            duplicate_text(text),
            "the unique index uniqueEmail of the collection x.users has the value of another document already"
        );
        assert_eq!(index_in("something else"), "unknown");
    }
}
