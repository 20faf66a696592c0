//! Pages of messages and of the calls' history: which documents make one up is worked out first, then just those are
//! read.

use super::change::RoomEntry;
use super::layout::{self, StoredMessage};
use super::shared::Shared;
use super::txn::Txn;
use crate::model::{Call, CallId, Message, MessagePage, Page, RoomId, UserId};
use crate::store::records::{CallRecord, Stored};
use crate::store::{Result, StoreError};

/// The numbers that make up a page, and what lies around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The numbers of the messages on the page, from the smallest to the greatest.
    pub numbers: Vec<u64>,
    older: bool,
    newer: bool,
    last_seq: u64,
}

impl Plan {
    /// Of a room as it is now.
    pub(crate) fn new(entry: &RoomEntry, page: Page, limit: usize) -> Self {
        let (lost, last_seq) = (&entry.lost, entry.room.last_seq());
        let mut numbers = Vec::with_capacity(limit.min(256));
        if let Page::After(after) = page {
            let mut seq = lost.up(after.saturating_add(1));
            while seq <= last_seq && numbers.len() < limit {
                numbers.push(seq);
                seq = lost.up(seq + 1);
            }
        } else {
            let before = if let Page::Before(before) = page { before } else { u64::MAX };
            let mut seq = lost.down(last_seq.min(before.saturating_sub(1)));
            while seq > 0 && numbers.len() < limit {
                numbers.push(seq);
                seq = lost.down(seq - 1);
            }
            numbers.reverse();
        }
        // An empty page lies at its cursor.
        let (below, above) = match (numbers.first(), numbers.last(), page) {
            (Some(first), Some(last), _) => (first - 1, last + 1),
            (_, _, Page::Before(before)) => (before.saturating_sub(1), before.max(1)),
            (_, _, Page::After(after)) => (after, after.saturating_add(1)),
            (_, _, Page::Newest) => (0, 1),
        };
        let older = lost.down(last_seq.min(below)) > 0;
        Self { numbers, older, newer: lost.up(above) <= last_seq, last_seq }
    }

    /// The page, with its messages.
    pub(crate) fn page(self, messages: Vec<Message>) -> MessagePage {
        MessagePage { messages, older: self.older, newer: self.newer, last_seq: self.last_seq }
    }
}

/// Reads the messages of these numbers. `None` where one is missing.
///
/// # Errors
/// The database's.
pub(crate) fn read_messages(txn: &Txn<'_>, room: RoomId, numbers: &[u64]) -> Result<Result<Vec<Message>, u64>> {
    let mut messages = Vec::with_capacity(numbers.len());
    for seq in numbers {
        match txn.get::<StoredMessage>(layout::MESSAGES, layout::message_key(room, *seq))? {
            Some(record) => messages.push(layout::message_of(record)?),
            None => return Ok(Err(*seq)),
        }
    }
    Ok(Ok(messages))
}

/// The calls of a user's history below `before`, newest first, at most `limit`.
///
/// # Errors
/// The database's.
pub(crate) fn read_calls(
    shared: &Shared,
    txn: &Txn<'_>,
    user: UserId,
    before: Option<CallId>,
    limit: usize,
) -> Result<Vec<Call>> {
    let mut found = Vec::new();
    let mut before = before;
    while found.len() < limit {
        let wanted = limit - found.len();
        let ids: Vec<CallId> = shared.look(|catalog| {
            let all = catalog.calls_of(user);
            let end = before.map_or(all.len(), |before| all.partition_point(|id| *id < before));
            all[..end].iter().rev().take(wanted).copied().collect()
        })?;
        let Some(last) = ids.last() else { break };
        before = Some(*last);
        for id in ids {
            match call(shared, txn, id) {
                // One that no longer concerns the user stays in the order, and is passed over.
                Ok(call) => found.extend(call.filter(|call| call.concerns(user))),
                // One that cannot be read hides no other.
                Err(StoreError::Corrupt(what)) => {
                    tracing::error!(call = %id, "a call is left out of a history: {what}");
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

/// A call that is known to be there.
///
/// # Errors
/// The database's; [`StoreError::Corrupt`] where it is missing.
pub(crate) fn call(shared: &Shared, txn: &Txn<'_>, id: CallId) -> Result<Option<Call>> {
    let open = |shared: &Shared| shared.look(|catalog| catalog.open_call(id).map(|call| Call::clone(call)));
    if let Some(call) = open(shared)? {
        return Ok(Some(call));
    }
    match ended_call(txn, id)? {
        Some(call) => Ok(Some(call)),
        // It may have been opened again, or lies in a commit that this moment is not yet published.
        None => open(shared)?
            .map_or_else(|| Err(StoreError::Corrupt(format!("call {id} is missing"))), |call| Ok(Some(call))),
    }
}

/// The ended call of an id.
///
/// # Errors
/// The database's.
pub(crate) fn ended_call(txn: &Txn<'_>, id: CallId) -> Result<Option<Call>> {
    txn.get::<CallRecord>(layout::CALLS, id.object_id())?.map(Call::try_from).transpose()
}
