//! The messages of deleted rooms, removed behind everybody's back: a few at a time, and on after a restart.

use super::batch::Batch;
use super::change::Doomed;
use super::layout;
use super::lost::Lost;
use crate::model::UserId;
use crate::store::Result;

/// Removes up to `count` messages of a deleted room, with their client ids.
///
/// # Errors
/// The database's.
pub(crate) fn sweep(batch: &mut Batch<'_>, count: u64) -> Result<()> {
    let Some((room, doomed)) = batch.catalog().doomed().first_key_value().map(|(id, left)| (*id, left.clone())) else {
        return Ok(());
    };
    let Doomed { next, last, lost } = doomed;
    let there = std::iter::successors(Some(lost.up(next)), |seq| Some(lost.up(seq.saturating_add(1))));
    let numbers: Vec<u64> = there.take_while(|seq| *seq <= last).take(count as usize).collect();
    batch.write(|txn| {
        for seq in numbers.iter().copied() {
            let Some(message) = txn.take(layout::MESSAGES, layout::message_key(room, seq))? else { continue };
            if let (Ok(client_id), Ok(sender)) = (message.get_str("clientId"), message.get_object_id("sender")) {
                let sender = UserId::from_bytes(sender.bytes());
                txn.take(layout::CLIENT_IDS, layout::client_id_key(room, sender, client_id))?;
            }
        }
        Ok(())
    })?;
    let next = numbers.last().map_or(u64::MAX, |seq| lost.up(seq + 1));
    let lost = Lost::new(lost.ranges().iter().filter(|(first, _)| *first > next).copied().collect());
    batch.set_doomed(room, (next <= last).then_some(Doomed { next, last, lost }))
}
