//! Invitations: a link by which people get an account, or into a room.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::identity::Identity;
use super::membership::Membership;
use super::rights::Rights;
use super::views::{NAMED, Views};
use crate::auth::invite_code;
use crate::config::{Config, Signup};
use crate::error::Error;
use crate::live::Limits;
use crate::model::{Invite, InviteId, Room, RoomId, RoomKind, Timestamp, User, UserId, UserRef};
use crate::store::Store;
use crate::wire::{InvitationView, InviteView, RoomRef, RoomTitle, RoomView};

/// How many invitations that are left one user may have.
const MOST_OF_USER: usize = 1000;

/// How long the invitation to the first account is good.
const FIRST_LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long an invitation that has ended is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What a new invitation is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewInvite {
    /// Where it leads.
    pub room: Option<RoomId>,
    /// How often it can be used.
    pub uses: u32,
    /// For how long.
    pub lasts: Duration,
}

impl NewInvite {
    /// How often it can be used where nobody says.
    pub const USES: u32 = 25;
    /// For how long where nobody says.
    pub const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);
    /// The shortest time.
    pub const SHORTEST: Duration = Duration::from_secs(60);
    /// The longest time.
    pub const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);

    /// A time as people write it, as in `7d`; `None` where it is none, or out of bounds.
    pub fn lasts(text: &str) -> Option<Duration> {
        let lasts = humantime::parse_duration(text.trim()).ok()?;
        (Self::SHORTEST..=Self::LONGEST).contains(&lasts).then_some(lasts)
    }
}

/// An invitation that is good, with what it rests on.
#[derive(Debug)]
pub struct Invited {
    invite: Invite,
    /// Who made it; nobody that to the first account.
    pub maker: Option<User>,
    room: Option<Arc<Room>>,
}

/// What was found on the way, for several invitations.
#[derive(Default)]
struct Found {
    makers: HashMap<UserId, Option<User>>,
    rooms: HashMap<RoomId, Option<Arc<Room>>>,
}

/// Invitations.
pub struct Invites {
    store: Arc<dyn Store>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    views: Arc<Views>,
    membership: Arc<Membership>,
    signup: Signup,
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
        Arc::new(Self {
            store: Arc::clone(store),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            views: Arc::clone(views),
            membership: Arc::clone(membership),
            signup: config.signup,
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
        let (mut found, mut views) = (Found::default(), Vec::new());
        for invite in self.store.invites(of, Timestamp::now()).await? {
            if let Some(Invited { invite, maker, room }) = self.examined(invite, &mut found).await? {
                // An administrator is told of no room that is not to be seen.
                let room = room.filter(|room| room.is_seen_by(who.user.id));
                views.push(view(&invite, maker.as_ref().map(UserRef::from), room.as_deref(), place));
            }
        }
        Ok(views)
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
        let invite = self.spend(&invited).await?.ok_or(Error::InviteNotFound)?;
        match self.membership.admit(room.id, who.user.id).await {
            Ok(_) => {
                let seen = self.rights.seen(who.user.id, room.id).await?;
                self.views.one(seen.room(), Some(who.user.id), NAMED).await.map(Some)
            }
            Err(Error::RoomNotFound) => {
                self.give_back(invite.id).await;
                Err(Error::InviteNotFound)
            }
            Err(error) => Err(error),
        }
    }

    /// The good invitation of a code. One that is not found counts against the address.
    ///
    /// # Errors
    /// [`Error::RateLimited`], [`Error::Storage`].
    pub(super) async fn find(&self, address: IpAddr, code: &str) -> Result<Option<Invited>, Error> {
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

    /// Uses one once; `None` where others have used it up meanwhile.
    pub(super) async fn spend(&self, invited: &Invited) -> Result<Option<Invite>, Error> {
        Ok(self.store.use_invite(invited.invite.id, Timestamp::now()).await?)
    }

    /// Gives a use back that came to nothing.
    pub(super) async fn give_back(&self, id: InviteId) {
        if let Err(error) = self.store.give_invite_back(id).await {
            Error::from(error).log("an invitation has lost a use that came to nothing");
        }
    }

    /// Makes a new user a participant of the room of the invitation. Where that fails the account is there all the
    /// same, and the link leads into the room once more.
    pub(super) async fn lead_in(&self, invite: &Invite, user: &User) {
        let Some(room) = invite.room else { return };
        if let Err(error) = self.membership.admit(room, user.id).await {
            error.log("a new user is not in the room of the invitation");
        }
    }

    /// The code of the invitation to the first account, where nobody has one and one is needed; the one that there is,
    /// or a new one. Not for the log.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn to_first_account(&self) -> Result<Option<String>, Error> {
        if self.signup != Signup::Invite || self.store.has_users().await? {
            return Ok(None);
        }
        let now = Timestamp::now();
        let there = self.store.invites(None, now).await?.into_iter().find(|invite| invite.created_by.is_none());
        if let Some(invite) = there {
            return Ok(Some(invite.code));
        }
        let code = invite_code();
        let (id, expires_at) = (InviteId::new(), now.plus(FIRST_LASTS));
        let invite = Invite {
            id,
            code: code.clone(),
            created_by: None,
            room: None,
            uses: 1,
            used: 0,
            created_at: now,
            expires_at,
        };
        self.store.insert_invite(invite).await?;
        Ok(Some(code))
    }
}

/// Makes an invitation, whoever asks, and takes away those that ended long ago.
///
/// # Errors
/// [`Error::LimitReached`] where its maker has as many as one may, [`Error::Storage`].
pub async fn new_invite(store: &Arc<dyn Store>, maker: UserId, wish: NewInvite) -> Result<Invite, Error> {
    let now = Timestamp::now();
    if store.invites(Some(maker), now).await?.len() >= MOST_OF_USER {
        return Err(Error::LimitReached);
    }
    store.remove_ended_invites(Timestamp::from_millis(now.millis() - KEPT.as_millis() as i64)).await?;
    let invite = Invite {
        id: InviteId::new(),
        code: invite_code(),
        created_by: Some(maker),
        room: wish.room,
        uses: wish.uses,
        used: 0,
        created_at: now,
        expires_at: now.plus(wish.lasts),
    };
    store.insert_invite(invite.clone()).await?;
    Ok(invite)
}

/// The link of an invitation.
pub fn link(place: &str, code: &str) -> String {
    format!("{place}/#/invite/{code}")
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
