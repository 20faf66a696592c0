//! A store that is being filled. A copy that broke off is gone on with, also where its source has changed since.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::TransferError;
use super::walk::Sink;
use crate::model::{InviteId, Role, RoomId, User, UserId};
use crate::store::{Loading, Records, Result as StoreResult, Store};

/// Messages of how many rooms are written at once: the embedded store makes one commit of them.
const ROOMS_AT_ONCE: usize = 64;

/// A store that is being filled.
pub(super) struct Filling {
    target: Arc<dyn Store>,
    /// Up to where the messages of a room were there when it was first looked at; asked for only where a copy goes on.
    there: HashMap<RoomId, u64>,
    /// Whom and what the source has, where a copy goes on: others are taken away again.
    resumed: Option<Seen>,
}

#[derive(Default)]
struct Seen {
    users: HashSet<UserId>,
    rooms: HashSet<RoomId>,
    invites: HashSet<InviteId>,
    /// Accounts that are no more were taken away.
    without_users: bool,
}

impl Filling {
    /// Begins to fill it, or goes on.
    pub(crate) async fn begin(target: &Arc<dyn Store>, origin: &str, name: &str) -> Result<Self, TransferError> {
        let resumed = match target.begin_load(origin).await? {
            Loading::Refused => return Err(TransferError::NotEmpty(name.to_owned())),
            Loading::Begun => None,
            Loading::Resumed => Some(Seen::default()),
        };
        let mut this = Self { target: Arc::clone(target), there: HashMap::new(), resumed };
        if this.resumed.is_some() {
            let rooms = target.rooms().await?;
            let newest = |room: &Arc<crate::model::Room>| room.last_message.as_ref().map_or(0, |message| message.seq);
            this.there = rooms.iter().map(|room| (room.id, newest(room))).collect();
        }
        Ok(this)
    }

    /// All records came: what the source has no more goes.
    pub(crate) async fn end(mut self) -> StoreResult<()> {
        self.without_users_that_are_gone().await?;
        let Some(seen) = self.resumed else { return Ok(()) };
        for invite in self.target.dump_invites(None, usize::MAX).await? {
            if !seen.invites.contains(&invite.id) {
                self.target.remove_invite(invite.id).await?;
            }
        }
        for room in self.there.keys().filter(|room| !seen.rooms.contains(room)) {
            self.target.delete_room(*room).await?;
        }
        Ok(())
    }

    /// Before the rooms are written: whoever is removed leaves all rooms, and those that are written then are as in the
    /// source.
    async fn without_users_that_are_gone(&mut self) -> StoreResult<()> {
        const PAGE: usize = 1000;
        let Some(seen) = self.resumed.as_mut().filter(|seen| !seen.without_users) else { return Ok(()) };
        seen.without_users = true;
        let mut last = None;
        loop {
            let page = self.target.dump_users(last, PAGE).await?;
            let Some(newest) = page.last() else { return Ok(()) };
            last = Some(newest.id);
            for user in page.into_iter().filter(|user| !seen.users.contains(&user.id)) {
                let id = user.id;
                if user.administers() {
                    // A copy is as its source is, also where nobody looks after that any more.
                    let member = User { role: Role::Member, ..user };
                    self.target.load(Records::Users(vec![member])).await?;
                }
                self.target.remove_user(id).await?;
            }
        }
    }

    async fn prepare(&mut self, records: &Records) -> StoreResult<()> {
        match (records, &mut self.resumed) {
            (Records::Users(users), Some(seen)) => seen.users.extend(users.iter().map(|user| user.id)),
            (Records::Invites(invites), Some(seen)) => {
                seen.invites.extend(invites.iter().map(|invite| invite.id));
            }
            (Records::Rooms(rooms), Some(seen)) => {
                seen.rooms.extend(rooms.iter().map(|room| room.id));
                self.without_users_that_are_gone().await?;
            }
            _ => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Sink for Filling {
    async fn take(&mut self, records: Vec<Records>, _: Vec<u8>) -> Result<(), TransferError> {
        let mut of_rooms = Vec::new();
        for mut records in records {
            if let Records::Messages(room, messages) = &mut records {
                let there = self.there.get(room).copied().unwrap_or(0);
                messages.retain(|message| message.seq > there);
                if !messages.is_empty() {
                    of_rooms.push(records);
                }
            } else {
                self.prepare(&records).await?;
                self.target.load(records).await?;
            }
        }
        let target = &self.target;
        let loads = stream::iter(of_rooms).map(|records| target.load(records));
        Ok(loads.buffer_unordered(ROOMS_AT_ONCE).try_collect().await?)
    }

    async fn gone(&mut self, room: RoomId) -> Result<(), TransferError> {
        self.target.delete_room(room).await?;
        Ok(())
    }
}
