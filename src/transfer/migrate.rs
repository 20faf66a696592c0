//! From one store into another one, empty one, with a verification at the end.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::walk::{Nowhere, Sink, walk};
use super::{Totals, TransferError, Watch};
use crate::model::{RoomId, UserId};
use crate::store::{Loading, Records, Result as StoreResult, Store};

/// How much there is to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Accounts.
    pub users: u64,
    /// Rooms.
    pub rooms: u64,
    /// Messages.
    pub messages: u64,
}

/// How much a store holds.
///
/// # Errors
/// The store's.
pub async fn size(store: &Arc<dyn Store>) -> StoreResult<Size> {
    let rooms = store.rooms().await?;
    let messages = rooms.iter().map(|room| room.last_seq()).sum();
    let (mut users, mut last): (u64, Option<UserId>) = (0, None);
    loop {
        let page = store.dump_users(last, 1000).await?;
        let Some(newest) = page.last() else { break };
        last = Some(newest.id);
        users += page.len() as u64;
    }
    Ok(Size { users, rooms: rooms.len() as u64, messages })
}

/// Copies everything into a store that was opened to be filled, and compares what is there then. `origin` names the source, by which a
/// copy that broke off is known again; `target_name` is for people.
///
/// # Errors
/// See [`TransferError`].
pub async fn migrate(
    source: &Arc<dyn Store>,
    origin: &str,
    target: &Arc<dyn Store>,
    target_name: &str,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    let mut sink = Filling::begin(target, origin, target_name).await?;
    let copied = walk(source, &mut sink, "copying", watch).await?;
    finish(target, &copied, watch).await?;
    Ok(copied)
}

/// Compares what is in the target with what was copied, and lets it open as any other store.
pub(super) async fn finish(
    target: &Arc<dyn Store>,
    copied: &Totals,
    watch: &mut dyn Watch,
) -> Result<(), TransferError> {
    let there = walk(target, &mut Nowhere, "verifying", watch).await?;
    if let Some(kind) = copied.difference(&there) {
        return Err(TransferError::Differs(kind));
    }
    Ok(target.end_load().await?)
}

/// A store that is being filled. What is there already is passed over.
pub(super) struct Filling {
    target: Arc<dyn Store>,
    /// How far each room had come when it was first looked at.
    ends: HashMap<RoomId, u64>,
}

impl Filling {
    pub async fn begin(target: &Arc<dyn Store>, origin: &str, name: &str) -> Result<Self, TransferError> {
        match target.begin_load(origin).await? {
            Loading::Refused => Err(TransferError::NotEmpty(name.to_owned())),
            Loading::Begun | Loading::Resumed => Ok(Self { target: Arc::clone(target), ends: HashMap::new() }),
        }
    }

    async fn end(&mut self, room: RoomId) -> StoreResult<u64> {
        if let Some(end) = self.ends.get(&room) {
            return Ok(*end);
        }
        // Not the highest number given: that is known of the source before its messages are copied.
        let newest = self.target.room(room).await?.and_then(|room| room.last_message.clone());
        let end = newest.map_or(0, |message| message.seq);
        self.ends.insert(room, end);
        Ok(end)
    }
}

#[async_trait]
impl Sink for Filling {
    /// What was copied of a room that is gone cannot be taken back.
    async fn again(&mut self) -> bool {
        false
    }

    async fn take(&mut self, mut records: Records, _: Vec<u8>) -> Result<(), TransferError> {
        if let Records::Messages(room, messages) = &mut records {
            let end = self.end(*room).await?;
            messages.retain(|message| message.seq > end);
            if messages.is_empty() {
                return Ok(());
            }
        }
        Ok(self.target.load(records).await?)
    }
}
