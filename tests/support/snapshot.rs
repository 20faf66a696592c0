//! Everything that a store tells, to compare.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tincan::model::{Call, Invite, Message, NameKey, Page, Reading, Room, Timestamp, User, UserId};
use tincan::store::{Result, Store, StoreError};

use crate::support::app::PATIENCE;

/// All that a store tells.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    users: Vec<User>,
    invites: Vec<Invite>,
    rooms: Vec<(Room, Vec<Message>, BTreeMap<UserId, Reading>)>,
    calls: BTreeMap<UserId, Vec<Call>>,
    open_calls: Vec<Call>,
}

impl Snapshot {
    /// Of a store that may be unavailable for a while; calls as these users have them.
    pub(crate) async fn of(store: &Arc<dyn Store>, callers: &[UserId]) -> Self {
        loop {
            match Self::read(store, callers).await {
                Ok(snapshot) => return snapshot,
                Err(StoreError::Unavailable(_)) => until_healthy(store).await,
                Err(error) => panic!("it cannot be read: {error}"),
            }
        }
    }

    async fn read(store: &Arc<dyn Store>, callers: &[UserId]) -> Result<Self> {
        let mut users = Vec::new();
        for user in store.list_users(&NameKey::of(""), None, usize::MAX).await? {
            users.extend(store.user(user.id).await?);
        }
        let mut rooms = Vec::new();
        for room in store.rooms().await? {
            let page = store.messages(room.id, Page::After(0), 10_000).await?;
            let messages = page.expect("a room that is listed is there").messages;
            let readings = store.readings_in(&room, &room.participants).await?.into_iter().collect();
            rooms.push((Room::clone(&room), messages, readings));
        }
        let mut calls = BTreeMap::new();
        for caller in callers {
            calls.insert(*caller, store.calls_of(*caller, None, 10_000).await?);
        }
        let invites = store.invites(None, Timestamp::from_millis(0)).await?;
        Ok(Self { users, invites, rooms, calls, open_calls: store.open_calls().await? })
    }
}

/// Waits until it takes writes.
pub(crate) async fn until_healthy(store: &Arc<dyn Store>) {
    let healthy = async {
        while store.health().await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, healthy).await.expect("it heals");
}
