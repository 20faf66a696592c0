//! What the driver reports, as the rest of the house understands it.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::StoreError;

/// Longest text of the driver that is passed on, in characters.
const LONGEST: usize = 300;
const DUPLICATE_KEY: i32 = 11000;
/// BadValue, FailedToParse, TypeMismatch, IllegalOperation, InvalidOptions: a command that this program should not have sent.
const OUR_MISTAKE: [i32; 5] = [2, 9, 14, 20, 72];

/// A failure of one command.
#[derive(Debug)]
pub(super) enum Failure {
    /// A unique index (of that name) has the value already. Nothing was written.
    Duplicate(String),
    /// Everything else.
    Other(StoreError),
}

impl From<Failure> for StoreError {
    /// Where no duplicate was to be expected, one is a mistake of this program.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Duplicate(index) => Self::Bug(format!("a value that is unique by {index} exists already")),
            Failure::Other(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let duplicate = match &*error.kind {
            ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY => Some(&write.message),
            ErrorKind::Command(command) if command.code == DUPLICATE_KEY => Some(&command.message),
            _ => None,
        };
        duplicate.map_or_else(|| Self::Other(store_error(&error)), |message| Self::Duplicate(index_in(message)))
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

/// The position of the document that a unique index refused, where an ordered insert failed by nothing else: those before it
/// are stored as the write concern demands, those behind it were not tried.
pub(super) fn refused_at(error: &Error) -> Option<usize> {
    let ErrorKind::InsertMany(insert) = &*error.kind else { return None };
    if insert.write_concern_error.is_some() {
        return None;
    }
    let [write] = insert.write_errors.as_deref()? else { return None };
    (write.code == DUPLICATE_KEY).then_some(write.index)
}

/// The driver's text on one line of bounded length. It names hosts, never credentials.
pub(super) fn brief(error: &Error) -> String {
    let text = error.kind.to_string().replace(['\n', '\r'], " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `E11000 duplicate key error collection: chat.users index: emailKey_1 dup key: { … }`
fn index_in(message: &str) -> String {
    let name = message.split_once(" index: ").map_or("", |(_, rest)| rest);
    name.split_whitespace().next().unwrap_or("an unknown index").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_that_refused_is_found_in_the_servers_text() {
        let text = "E11000 duplicate key error collection: x.users index: uniqueEmail dup key: { uniqueEmail: \"a\" }";
        assert_eq!(index_in(text), "uniqueEmail");
        assert_eq!(index_in("something else"), "an unknown index");
    }
}
