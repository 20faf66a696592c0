//! Finding the invitation of a code, with all that it rests on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use super::Invites;
use crate::error::Error;
use crate::model::{Invite, Room, RoomId, Timestamp, User, UserId};

/// An invitation that is good, with what it rests on.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(super) invite: Invite,
    /// Who made it; nobody that to the first account.
    pub maker: Option<User>,
    pub(super) room: Option<Arc<Room>>,
}

/// What was found on the way, for several invitations.
#[derive(Default)]
struct Found {
    makers: HashMap<UserId, Option<User>>,
    rooms: HashMap<RoomId, Option<Arc<Room>>>,
}

impl Invites {
    /// The good invitation of a code. One that is not found counts against the address.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Storage`].
    pub(in crate::chat) async fn find(&self, address: IpAddr, code: &str) -> Result<Option<Invited>, Error> {
        self.limits.code(address)?;
        // As people type it.
        let code = code.trim().to_ascii_lowercase();
        let invite = self.store.invite_by_code(&code).await?.filter(|invite| invite.is_left(Timestamp::now()));
        let found = match invite {
            Some(invite) => self.examined(invite, &mut Found::default()).await?,
            None => None,
        };
        if found.is_none() {
            self.limits.code_not_found(address);
        }
        Ok(found)
    }

    /// Those of these that are good, with what they rest on.
    pub(super) async fn good_of(&self, invites: Vec<Invite>) -> Result<Vec<Invited>, Error> {
        let (mut found, mut good) = (Found::default(), Vec::new());
        for invite in invites {
            good.extend(self.examined(invite, &mut found).await?);
        }
        Ok(good)
    }

    /// The invitation with what it rests on, where that is all there: its maker, who is not disabled, and its room with
    /// the maker in it. That to the first account rests on nobody having one.
    async fn examined(&self, invite: Invite, found: &mut Found) -> Result<Option<Invited>, Error> {
        let Some(maker) = invite.created_by else {
            let first = !self.store.has_users().await?;
            return Ok(first.then_some(Invited { invite, maker: None, room: None }));
        };
        let known = match found.makers.entry(maker) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.store.user(maker).await?),
        };
        let Some(user) = known.clone().filter(|user| !user.disabled) else { return Ok(None) };
        let Some(id) = invite.room else { return Ok(Some(Invited { invite, maker: Some(user), room: None })) };
        let known = match found.rooms.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(self.store.room(id).await?),
        };
        let room = known.clone().filter(|room| room.has_participant(maker));
        Ok(room.map(|room| Invited { invite, maker: Some(user), room: Some(room) }))
    }
}
