//! Connections: what happens when a socket comes, goes, or outlives its token.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::calls::Calls;
use super::last_seen::LastSeen;
use crate::bus::{Bus, Notice, Revocation, Subscriber};
use crate::chat::Identity;
use crate::error::Error;
use crate::live::Outlet;
use crate::model::{Actor, SocketId, Timestamp, User, UserId, UserRef};
use crate::store::Store;
use crate::wire::{Audience, Event};

/// About how many users the store is asked at once: one answer stays small, and other questions come between.
const ASKED_AT_ONCE: usize = 500;

/// By what right a socket is connected.
#[derive(Clone, Copy, Debug)]
struct Right {
    user: UserId,
    version: u32,
    expires_at: Timestamp,
}

/// The rights of all sockets.
#[derive(Debug, Default)]
struct Rights(Mutex<HashMap<SocketId, Right>>);

impl Rights {
    fn lock(&self) -> MutexGuard<'_, HashMap<SocketId, Right>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out those that match.
    fn take(&self, matches: impl Fn(&Right) -> bool) -> Vec<SocketId> {
        self.lock().extract_if(|_, right| matches(right)).map(|(socket, _)| socket).collect()
    }

    /// Takes out those of these sockets that match.
    fn take_of(&self, sockets: &HashSet<SocketId>, matches: impl Fn(&Right) -> bool) -> Vec<SocketId> {
        let mut rights = self.lock();
        let matching = |socket: &SocketId| rights.get(socket).is_some_and(&matches);
        let taken: Vec<SocketId> = sockets.iter().copied().filter(matching).collect();
        for socket in &taken {
            rights.remove(socket);
        }
        taken
    }
}

/// The connections of users to this server.
pub struct Connections {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    calls: Arc<Calls>,
    last_seen: LastSeen,
    rights: Rights,
    closing: AtomicBool,
}

impl Connections {
    /// Nobody is connected yet.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>, calls: &Arc<Calls>) -> Arc<Self> {
        let connections = Arc::new(Self {
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            calls: Arc::clone(calls),
            last_seen: LastSeen::new(store, bus),
            rights: Rights::default(),
            closing: AtomicBool::new(false),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&connections);
        bus.subscribe(subscriber);
        connections
    }

    /// A socket has authenticated and is connected: tells it its session, and rings it where its user is rung.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where the token was revoked since it was checked, [`Error::Storage`]; the socket is not
    /// connected then.
    pub async fn connect(&self, socket: SocketId, who: &Identity, outlet: Arc<dyn Outlet>) -> Result<Actor, Error> {
        let user = UserRef::from(&who.user);
        let right = Right { user: user.id, version: who.user.token_version, expires_at: who.claims.expires_at };
        self.rights.lock().insert(socket, right);
        // Looked at again after the right was entered, so that a password changed in between is noticed here or by its
        // revocation.
        let current = match self.store.user(user.id).await {
            Ok(Some(account)) if account.token_version == right.version && !account.disabled => account,
            other => {
                self.rights.lock().remove(&socket);
                return Err(other.err().map_or(Error::Unauthorized, Error::from));
            }
        };
        let actor = Actor { socket, user };
        // Under one lock, so that nothing that is told to the user's sockets comes before the session.
        let mut presence = self.bus.presence();
        // It may have been revoked, or have expired, since the store answered.
        if !self.rights.lock().contains_key(&socket) {
            return Err(Error::Unauthorized);
        }
        presence.connect(&actor, outlet);
        self.calls.greet(&mut presence, &actor, current.role);
        drop(presence);
        self.calls.connected(&actor);
        Ok(actor)
    }

    /// A socket is gone, for whatever reason. May be told more than once.
    pub fn disconnect(&self, socket: SocketId) {
        self.rights.lock().remove(&socket);
        let (gone, last) = {
            let mut presence = self.bus.presence();
            let gone = presence.disconnect(socket);
            let last = gone.as_ref().map(|actor| actor.user.id).filter(|user| !presence.is_online(*user));
            (gone, last)
        };
        last.into_iter().for_each(|user| self.last_seen.went(user));
        if let Some(actor) = gone {
            self.calls.socket_gone(&actor, self.are_closing());
        }
    }

    /// This server goes while others go on: all its sockets are gone, and who was in a call by one of them is away.
    pub fn hand_over(&self) {
        if self.bus.others() > 0 {
            let sockets: Vec<SocketId> = self.rights.lock().keys().copied().collect();
            sockets.into_iter().for_each(|socket| self.disconnect(socket));
        }
    }

    /// The server is shutting down: `/health` says so, and nobody connects any more.
    pub fn are_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Begins the shutdown and tells everyone who is connected to this server.
    pub fn announce_shutdown(&self, reconnect_in: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        let event = Event::ServerShutdown { reconnect_in_ms: reconnect_in.as_millis() as u64 };
        self.bus.publish_here(&event.to(Audience::Everyone));
    }

    /// Ends the sessions whose token has expired. To be called about once a second.
    pub fn expire(&self) {
        let now = Timestamp::now();
        let expired = self.rights.take(|right| right.expires_at <= now);
        self.end_sessions(&expired, &Error::TokenExpired);
    }

    /// Ends the user's sessions that are older than `version`, on every server. One that connected with a newer token
    /// stays.
    pub fn revoke(&self, user: UserId, version: u32, why: Revocation) {
        self.revoke_here(user, version, why);
        self.bus.notify(Notice::Revoked(user, version, why));
    }

    fn revoke_here(&self, user: UserId, version: u32, why: Revocation) {
        let revoked = self.rights.take(|right| right.user == user && right.version < version);
        self.end_sessions(&revoked, &told(why));
    }

    /// Tells the user's sockets, on every server, that the account is another than they know.
    pub fn tell_account(&self, user: &User) {
        let event = Event::AccountUpdated { user: user.into() };
        self.bus.publish(&event.to(Audience::User { user: user.id, except: None }));
    }

    /// Ends the sessions of users whose password was changed, or who were disabled or removed, by another process on
    /// the same database. Ends none that came while the store was asked, and none because the store left somebody out
    /// of a long answer.
    ///
    /// # Errors
    /// [`Error::Storage`]; it may be tried again.
    pub async fn recheck(&self) -> Result<(), Error> {
        let mut asked: HashMap<UserId, HashSet<SocketId>> = HashMap::new();
        for (socket, right) in self.rights.lock().iter() {
            asked.entry(right.user).or_default().insert(*socket);
        }
        let users: Vec<UserId> = asked.keys().copied().collect();
        for users in users.chunks(ASKED_AT_ONCE) {
            let versions = self.store.token_versions(users).await?;
            for user in users {
                let version = version_of(&self.store, &versions, *user).await?;
                let old = |right: &Right| version.is_none_or(|version| right.version < version);
                let revoked = self.rights.take_of(&asked[user], old);
                if !revoked.is_empty() {
                    // Where the store does not say, they are told as of any other token that is void.
                    let account = self.store.user(*user).await.ok().flatten();
                    let disabled = account.is_some_and(|account| account.disabled);
                    let why = if disabled { Revocation::Disabled } else { Revocation::Ended };
                    self.end_sessions(&revoked, &told(why));
                }
            }
        }
        Ok(())
    }

    /// Writes down when users were connected last: who has gone, with `here` also who is connected to this server.
    ///
    /// # Errors
    /// [`Error::Storage`]; it may be tried again.
    pub async fn write_last_seen(&self, here: bool) -> Result<(), Error> {
        self.last_seen.write_down(here).await
    }

    fn end_sessions(&self, sockets: &[SocketId], why: &Error) {
        if sockets.is_empty() {
            return;
        }
        let event = Event::Error { event: None, code: why.code(), message: why.message(), retry_after_ms: None };
        let mut presence = self.bus.presence();
        for socket in sockets {
            presence.publish_here(event.clone().to(Audience::Socket(*socket)));
            presence.close(*socket);
        }
    }
}

/// What sockets are told whose token is void.
const fn told(why: Revocation) -> Error {
    match why {
        Revocation::Ended => Error::Unauthorized,
        Revocation::Disabled => Error::AccountDisabled,
    }
}

/// The version of a user's tokens, out of the store's answer about many; `None` where the account is gone. Of one that
/// was left out of the answer the account itself decides.
///
/// # Errors
/// [`Error::Storage`].
pub(super) async fn version_of(
    store: &Arc<dyn Store>,
    answer: &HashMap<UserId, u32>,
    user: UserId,
) -> Result<Option<u32>, Error> {
    match answer.get(&user) {
        Some(version) => Ok(Some(*version)),
        None => Ok(store.user(user).await?.map(|account| account.token_version)),
    }
}

impl Subscriber for Connections {
    fn noticed(&self, notice: &Notice) {
        if let Notice::Revoked(user, version, why) = notice {
            self.revoke_here(*user, *version, *why);
        }
    }
}
