//! What is passed over because it cannot be read, told to the operator once for each kind.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Fields that do not decode: text that is not UTF-8, or bytes that are no BSON.
pub(super) const UNDECODABLE: &str = "they are no valid BSON";
/// A user, room, message or call has an id of another type.
pub(super) const NO_ID: &str = "their _id is no ObjectId";
/// A user without a name.
pub(super) const NO_USERNAME: &str = "their username is missing or no text";
/// A room without a name.
pub(super) const NO_NAME: &str = "their name is missing or no text";
/// A message of no room.
pub(super) const NO_ROOM: &str = "their room is missing or no ObjectId";
/// A message whose number is of another kind than ours.
pub(super) const NO_NUMBER: &str = "their number is no whole number";
/// What lies in our collection of calls and is none.
pub(super) const NO_CALL: &str = "they are no calls of Tincan's";
/// What lies in our collection of invitations and is none.
pub(super) const NO_INVITE: &str = "they are no invitations of Tincan's";
/// A call with a word in it that a newer program may have written.
pub(super) const UNKNOWN_WORD: &str = "they hold a word that this version does not know";

/// Why a document is passed over, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Oddity {
    /// The rest of "documents are left out because", one of few.
    pub reason: &'static str,
    /// Its `_id`, as far as it can be shown.
    pub id: String,
}

/// What was told already, for each collection.
#[derive(Debug, Default)]
pub(super) struct Odd(Mutex<HashSet<(String, &'static str)>>);

impl Odd {
    fn told(&self) -> MutexGuard<'_, HashSet<(String, &'static str)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that documents of this kind were told of. Whether they were not before.
    pub(crate) fn first(&self, collection: &str, reason: &'static str) -> bool {
        self.told().insert((collection.to_owned(), reason))
    }

    /// A document was passed over.
    pub(crate) fn left_out(&self, collection: &str, Oddity { reason, id }: &Oddity) {
        if self.first(collection, reason) {
            tracing::warn!("{collection}: documents are left out because {reason} (one has the _id {id})");
        }
    }
}
