//! Invitations: a link by which people get an account, or into a room.

mod finding;
mod making;
mod using;

use std::net::IpAddr;
use std::sync::{Arc, Weak};

use super::identity::Identity;
use super::membership::Membership;
use super::rights::Rights;
use super::turns::Turns;
use super::views::{NAMED, Views};
use crate::config::{Config, Signup};
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Invite, InviteId, Room, RoomId, RoomKind, Timestamp, User, UserRef};
use crate::store::Store;
use crate::wire::{InvitationView, InviteView, RoomRef, RoomTitle, RoomView};

pub(crate) use finding::Invited;
pub use making::{NewInvite, link, new_invite};
pub(super) use using::Using;

/// Invitations.
pub struct Invites {
    me: Weak<Self>,
    store: Arc<dyn Store>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    views: Arc<Views>,
    membership: Arc<Membership>,
    signup: Signup,
    /// What is found out later of uses of one invitation comes one after another.
    turns: Turns,
}

impl Invites {
    /// Those of a store.
    pub fn new(
        config: &Config,
        store: &Arc<dyn Store>,
        limits: &Arc<Limits>,
        rights: &Arc<Rights>,
        views: &Arc<Views>,
        membership: &Arc<Membership>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: Arc::clone(store),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            views: Arc::clone(views),
            membership: Arc::clone(membership),
            signup: config.signup,
            turns: Turns::default(),
        })
    }

    /// Makes an invitation. `place` is what its link begins with.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`]; [`Error::NotAllowed`] where the user is not in the room, it is a direct one, or where
    /// sign-up is closed and it leads into none; [`Error::LimitReached`] where the user has 1,000.
    pub async fn create(&self, maker: &User, wish: NewInvite, place: &str) -> Result<InviteView, Error> {
        let room = match wish.room {
            Some(room) => Some(self.room_of(maker, room).await?),
            None if self.signup == Signup::Closed && !maker.is_administrator() => return Err(Error::NotAllowed),
            None => None,
        };
        let invite = new_invite(&self.store, maker.id, wish).await?;
        Ok(view(&invite, Some(UserRef::from(maker)), room.as_deref(), place))
    }

    async fn room_of(&self, maker: &User, room: RoomId) -> Result<Arc<Room>, Error> {
        let member = self.rights.member(maker.id, room).await?;
        match member.room().kind {
            RoomKind::Open | RoomKind::Private => Ok(Arc::clone(member.room())),
            RoomKind::Direct => Err(Error::NotAllowed),
        }
    }

    /// Those that are good, newest first: one's own, and to an administrator all.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn list(&self, who: &Identity, place: &str) -> Result<Vec<InviteView>, Error> {
        let of = (!who.user.is_administrator()).then_some(who.user.id);
        let good = self.good_of(self.store.invites(of, Timestamp::now()).await?).await?;
        let shown = |Invited { invite, maker, room }: Invited| {
            // An administrator is told of no room that is not to be seen.
            let room = room.filter(|room| room.is_seen_by(who.user.id));
            view(&invite, maker.as_ref().map(UserRef::from), room.as_deref(), place)
        };
        Ok(good.into_iter().map(shown).collect())
    }

    /// Takes one back: one's own, and an administrator any.
    ///
    /// # Errors
    /// [`Error::InviteNotFound`].
    pub async fn remove(&self, who: &Identity, id: InviteId) -> Result<(), Error> {
        let of = (!who.user.is_administrator()).then_some(who.user.id);
        let mine = self.store.invites(of, Timestamp::now()).await?.into_iter().find(|invite| invite.id == id);
        let invite = mine.ok_or(Error::InviteNotFound)?;
        if !self.store.remove_invite(id).await? {
            return Err(Error::InviteNotFound);
        }
        if invite.created_by != Some(who.user.id) {
            let by = &who.user.username;
            tracing::info!(by, invite = %id, "an administrator has taken an invitation back");
        }
        Ok(())
    }

    /// What whoever has a code is told of it.
    ///
    /// # Errors
    /// [`Error::InviteNotFound`]; [`Error::RateLimited`] where the address has tried too many that are none.
    pub async fn look(&self, address: IpAddr, code: &str) -> Result<InvitationView, Error> {
        let Invited { invite, maker, room } = self.find(address, code).await?.ok_or(Error::InviteNotFound)?;
        Ok(InvitationView {
            by: maker.as_ref().map(UserRef::from),
            room: room.map(|room| RoomTitle { name: room.name.clone() }),
            expires_at: invite.expires_at,
        })
    }

    /// Follows an invitation: the user is in its room then, and one use is gone where the user was not before.
    ///
    /// # Errors
    /// As [`Invites::look`].
    pub async fn accept(&self, who: &Identity, address: IpAddr, code: &str) -> Result<Option<RoomView>, Error> {
        let invited = self.find(address, code).await?.ok_or(Error::InviteNotFound)?;
        let Some(room) = &invited.room else { return Ok(None) };
        if room.has_participant(who.user.id) {
            return self.views.one(room, Some(who.user.id), NAMED).await.map(Some);
        }
        let entering = self.membership.admit(room.id, who.user.id);
        match self.used_for(Using::to_enter(&invited, who.user.id), entering).await {
            Ok(Some(_)) => {
                let seen = self.rights.seen(who.user.id, room.id).await?;
                self.views.one(seen.room(), Some(who.user.id), NAMED).await.map(Some)
            }
            Ok(None) | Err(Error::RoomNotFound) => Err(Error::InviteNotFound),
            Err(error) => Err(error),
        }
    }
}

fn view(invite: &Invite, by: Option<UserRef>, room: Option<&Room>, place: &str) -> InviteView {
    InviteView {
        object_id: invite.id,
        id: invite.id,
        code: invite.code.clone(),
        url: link(place, &invite.code),
        created_by: by,
        room: room.map(|room| RoomRef { object_id: room.id, id: room.id, name: room.name.clone() }),
        uses: invite.uses,
        used: invite.used,
        created_at: invite.created_at,
        expires_at: invite.expires_at,
    }
}
