//! Administration: what administrators do about the people of a server, and what they see of it.

use std::sync::Arc;
use std::time::Duration;

use super::connections::Connections;
use super::identity::Administrator;
use super::membership::Membership;
use super::turns::Turns;
use crate::auth::ResetCode;
use crate::bus::{Bus, Revocation};
use crate::error::Error;
use crate::model::{AccountPatch, NameKey, Reset, Room, Timestamp, User, UserId, UserPlace};
use crate::store::{self, Counts, Store};
use crate::wire::{AccountView, ResetView, ServerView};

/// How long a code for a new password is good.
const RESET_LASTS: Duration = Duration::from_secs(24 * 3600);

/// What there is, over all servers.
#[derive(Clone, Debug)]
pub struct Overview {
    /// How much the store holds.
    pub counts: Counts,
    /// How many calls go on.
    pub calls: usize,
    /// The servers, this one first.
    pub servers: Vec<ServerView>,
}

/// An account as it was before it was to be changed or removed.
struct Before {
    user: User,
    /// Those that the user took part in, where it was to be removed.
    rooms: Vec<Arc<Room>>,
}

/// What administrators do.
pub struct Administration {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    connections: Arc<Connections>,
    membership: Arc<Membership>,
    /// What is found out later of one account comes one after another.
    turns: Turns,
}

impl Administration {
    /// Of a store and those who are connected.
    pub fn new(
        store: &Arc<dyn Store>,
        bus: &Arc<dyn Bus>,
        connections: &Arc<Connections>,
        membership: &Arc<Membership>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            connections: Arc::clone(connections),
            membership: Arc::clone(membership),
            turns: Turns::default(),
        }
    }

    /// Accounts whom a search finds behind a place, by the key of the name, and the place behind which there are more.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn accounts(
        &self,
        _: Administrator<'_>,
        search: &NameKey,
        after: Option<&UserPlace>,
        limit: usize,
    ) -> Result<(Vec<AccountView>, Option<UserPlace>), Error> {
        // One more than wanted tells whether there is more.
        let mut found = self.store.list_accounts(search, after, limit.saturating_add(1)).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|user| UserPlace { key: NameKey::of(&user.username), id: user.id });
        let presence = self.bus.presence();
        Ok((found.iter().map(|user| AccountView::new(user, presence.is_online(user.id))).collect(), next))
    }

    fn view(&self, user: &User) -> AccountView {
        AccountView::new(user, self.bus.presence().is_online(user.id))
    }

    /// Changes role and state of an account.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::LastAdministrator`], [`Error::Storage`].
    pub async fn change(
        self: &Arc<Self>,
        who: Administrator<'_>,
        user: UserId,
        patch: AccountPatch,
    ) -> Result<AccountView, Error> {
        let user = self.patch(user, patch).await?.ok_or(Error::UserNotFound)?;
        let (by, of) = (&who.user().username, &user.username);
        let (role, disabled) = (user.role.as_str(), user.disabled);
        tracing::info!(by, of, role, disabled, "an administrator has changed an account");
        Ok(self.view(&user))
    }

    /// As [`Administration::change`], whoever asks: has what follows from it told and done. `None` where there is no
    /// such account.
    ///
    /// # Errors
    /// [`Error::LastAdministrator`], [`Error::Storage`].
    pub async fn patch(self: &Arc<Self>, id: UserId, patch: AccountPatch) -> Result<Option<User>, Error> {
        let Some(before) = self.store.user(id).await? else { return Ok(None) };
        let patched = self.store.patch_account(id, patch, Timestamp::now()).await;
        let patched = self.known(patched, || Before { user: before.clone(), rooms: Vec::new() })?;
        if let Some(user) = &patched {
            self.tell_patched(&before, user);
        }
        Ok(patched)
    }

    fn tell_patched(&self, before: &User, now: &User) {
        if now.disabled {
            self.connections.revoke(now.id, now.token_version, Revocation::Disabled);
        } else if before.role != now.role {
            self.connections.tell_account(now);
        }
    }

    /// The tokens of an account were ended by a command on the store: so are its sessions.
    pub fn tokens_ended(&self, user: &User) {
        self.connections.revoke(user.id, user.token_version, Revocation::Ended);
    }

    /// Gives out a code for a new password of an account. `place` is what its link begins with.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::Storage`].
    pub async fn reset(&self, who: Administrator<'_>, user: UserId, place: &str) -> Result<ResetView, Error> {
        let code = ResetCode::new(user);
        let expires_at = Timestamp::now().plus(RESET_LASTS);
        let reset = Reset { hash: code.hash(), expires_at };
        let user = self.store.set_reset(user, reset).await?.ok_or(Error::UserNotFound)?;
        let (by, of) = (&who.user().username, &user.username);
        tracing::info!(by, of, "an administrator has given out a link for a new password");
        let code = code.text();
        Ok(ResetView { url: format!("{place}/#/reset/{code}"), code, expires_at })
    }

    /// Removes an account; its messages stay.
    ///
    /// # Errors
    /// [`Error::UserNotFound`], [`Error::LastAdministrator`], [`Error::Storage`].
    pub async fn remove(self: &Arc<Self>, who: Administrator<'_>, user: UserId) -> Result<(), Error> {
        let account = self.store.user(user).await?.ok_or(Error::UserNotFound)?;
        if !self.remove_user(user).await? {
            return Err(Error::UserNotFound);
        }
        tracing::info!(by = who.user().username, of = account.username, "an administrator has removed an account");
        Ok(())
    }

    /// As [`Administration::remove`], whoever asks; `false` where there is no such account.
    ///
    /// # Errors
    /// [`Error::LastAdministrator`], [`Error::Storage`].
    pub async fn remove_user(self: &Arc<Self>, user: UserId) -> Result<bool, Error> {
        let Some(account) = self.store.user(user).await? else { return Ok(false) };
        let rooms = self.store.rooms_seen_by(user).await?;
        let rooms: Vec<Arc<Room>> = rooms.into_iter().filter(|room| room.has_participant(user)).collect();
        let removed = self.store.remove_user(user).await;
        let removed = self.known(removed, || Before { user: account, rooms: rooms.clone() })?;
        if removed {
            self.tell_removed(user, &rooms).await;
        }
        Ok(removed)
    }

    async fn tell_removed(&self, user: UserId, rooms: &[Arc<Room>]) {
        self.membership.account_removed(user, rooms).await;
        // No token of the user is good, of whatever version.
        self.connections.revoke(user, u32::MAX, Revocation::Ended);
    }

    /// The store's answer about an account. Where there is none, the change may have been made all the same: then that
    /// is found out, and told, later.
    fn known<T>(self: &Arc<Self>, answer: store::Result<T>, before: impl FnOnce() -> Before) -> Result<T, Error> {
        let answer = answer.map_err(Error::from);
        if answer.as_ref().is_err_and(Error::is_store_away) {
            tokio::spawn(Arc::clone(self).find_out(before()));
        }
        answer
    }

    async fn find_out(self: Arc<Self>, before: Before) {
        let user = before.user.id;
        if !self.turns.in_the_end(user, || self.tell_what_became(&before)).await {
            tracing::warn!(%user, "what became of a change of this account is not known, and was told to nobody");
        }
    }

    async fn tell_what_became(&self, before: &Before) -> Result<(), Error> {
        match self.store.user(before.user.id).await? {
            Some(now) => self.tell_patched(&before.user, &now),
            None => self.tell_removed(before.user.id, &before.rooms).await,
        }
        Ok(())
    }

    /// What there is.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn overview(&self, _: Administrator<'_>) -> Result<Overview, Error> {
        let counts = self.store.counts().await?;
        let calls = self.store.open_calls().await?.len();
        let servers = self.bus.servers().await.into_iter();
        let server = |info: crate::bus::ServerInfo| ServerView {
            id: info.id,
            version: info.version,
            started_at: info.started_at,
            sockets: info.sockets,
        };
        Ok(Overview { counts, calls, servers: servers.map(server).collect() })
    }
}
