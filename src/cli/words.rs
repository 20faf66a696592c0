//! What the operator is told of a store or a copy that failed: what it was, where, and what to do.
//!
//! `tincan::error` has sentences for clients, which name no cause; none of them is told here.

use tincan::store::{OpenError, Place, StoreError, Taken, polodb};
use tincan::transfer::TransferError;

use super::failure::Failure;
use super::failure::reason;

/// A store that does not open. These errors are made for operators.
pub(super) fn unopened(error: &OpenError) -> Failure {
    Failure::other(match error {
        OpenError::PoloDb(polodb::OpenError::InUse(directory)) => format!(
            "{} is in use by another process, most likely a server; stop that one, or choose another directory with \
             --data-dir",
            directory.display()
        ),
        other => strip(&other.to_string()),
    })
}

/// A store that was open and then did not do something. `what` says what, as in `the accounts could not be read`.
pub(super) fn store(place: &Place, what: &str, error: &StoreError) -> Failure {
    let name = named(place);
    Failure::other(match error {
        StoreError::Conflict(Taken::Username) => "this name is taken; choose another".to_owned(),
        StoreError::Conflict(Taken::Email) => "this address has an account already; see tincan user list".to_owned(),
        StoreError::Conflict(Taken::RoomName) => format!("{what} in {name}: two rooms have the same name"),
        StoreError::LastAdministrator => "at least one administrator must stay who is not disabled; make another one \
                                          first, with tincan user admin NAME"
            .to_owned(),
        StoreError::Unavailable(reason) => format!("{what} in {name}: {}; {}", strip(reason), remedy(place)),
        StoreError::Corrupt(reason) => format!("{what} in {name}: {}; {}", strip(reason), repair(place)),
        StoreError::Bug(reason) => {
            format!("{what} in {name}: {}; this is a mistake in tincan, please report it", strip(reason))
        }
    })
}

/// A copy that came to nothing. `what` says which, as in `nothing was exported`; `place` is whose store may have
/// failed.
pub(super) fn transfer(place: &Place, what: &str, error: &TransferError) -> Failure {
    match error {
        TransferError::Store(error) => store(place, what, error),
        TransferError::File { path, error } => Failure::other(format!("{what}: {path}: {}", reason(error))),
        other => Failure::other(other.to_string()),
    }
}

fn named(place: &Place) -> String {
    match place {
        Place::Directory(_) => format!("the store in {}", place.name()),
        Place::MongoDb(_) => format!("the database {}", place.name()),
    }
}

const fn remedy(place: &Place) -> &'static str {
    match place {
        Place::Directory(_) => "see to its disk and to who may write there, and run this again",
        Place::MongoDb(_) => {
            "see that the database runs, can be reached and lets this user read and write, and run this again"
        }
    }
}

const fn repair(place: &Place) -> &'static str {
    match place {
        Place::Directory(_) => {
            "restore a backup, or start tincan with --accept-damage to go on without what is missing"
        }
        Place::MongoDb(_) => "mend or remove that document in the database",
    }
}

/// Without the numbers that the system adds for programmers.
fn strip(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut stripped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        stripped.push_str(part.split_once(')').map_or("", |(_, rest)| rest));
    }
    stripped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_is_told_with_its_place_its_cause_and_what_to_do() {
        let directory = Place::parse("/srv/chat");
        let database = Place::parse("mongodb://ann:secret@db:1/chat");
        for (place, error, parts) in [
            (
                &directory,
                StoreError::Unavailable("No space left (os error 28); x".into()),
                ["/srv/chat", "left; x", "disk"],
            ),
            (&database, StoreError::Unavailable("gone".into()), ["mongodb://db:1/chat", "gone", "can be reached"]),
            (&directory, StoreError::Corrupt("room 1".into()), ["/srv/chat", "room 1", "--accept-damage"]),
            (&database, StoreError::Corrupt("users 1".into()), ["mongodb://db:1/chat", "users 1", "mend or remove"]),
            (&database, StoreError::Bug("odd".into()), ["mongodb://db:1/chat", "odd", "report"]),
        ] {
            let told = store(place, "the accounts could not be read", &error).to_string();
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
            assert!(!told.contains("secret") && !told.contains("try again") && !told.contains("os error"), "{told}");
        }
    }
}
