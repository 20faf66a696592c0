//! Looks up what may be missing or unreadable, where that is no failure.

use super::layout::{self, StoredMessage};
use super::txn::Txn;
use crate::model::{Message, RoomId};
use crate::store::{Result, StoreError};

/// A message, if it is there and can be read; there is none of the number 0.
///
/// # Errors
/// The database's.
pub(crate) fn message(txn: &Txn<'_>, room: RoomId, seq: u64) -> Result<Option<Message>> {
    if seq == 0 {
        return Ok(None);
    }
    let found = readable(txn.get::<StoredMessage>(layout::MESSAGES, layout::message_key(room, seq)))?;
    readable(found.map(layout::message_of).transpose())
}

/// What was found, if it is there and can be read.
///
/// # Errors
/// The database's.
pub(crate) fn readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(StoreError::Corrupt(_)) => Ok(None),
        found => found,
    }
}
