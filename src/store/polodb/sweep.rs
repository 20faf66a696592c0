//! The messages of deleted rooms, removed behind everybody's back: a few at a time, and on after a restart.

use super::batch::Batch;
use super::change::Doomed;
use super::layout;
use crate::model::UserId;
use crate::store::Result;

/// Removes up to `count` messages of a deleted room, with their client ids.
///
/// # Errors
/// The database's.
pub fn sweep(batch: &mut Batch<'_>, count: u64) -> Result<()> {
    let Some((room, Doomed { next, last })) = batch.catalog().doomed().first_key_value().map(|(id, left)| (*id, *left))
    else {
        return Ok(());
    };
    let end = last.min(next.saturating_add(count - 1));
    batch.write(|txn| {
        for seq in next..=end {
            let Some(message) = txn.take(layout::MESSAGES, layout::message_key(room, seq))? else { continue };
            if let (Ok(client_id), Ok(sender)) = (message.get_str("clientId"), message.get_object_id("sender")) {
                let sender = UserId::from_bytes(sender.bytes());
                txn.take(layout::CLIENT_IDS, layout::client_id_key(room, sender, client_id))?;
            }
        }
        Ok(())
    })?;
    batch.set_doomed(room, (end < last).then_some(Doomed { next: end + 1, last }))
}
