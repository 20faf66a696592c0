//! Connections: what happens when a socket comes, goes, or outlives its token.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chat::{Chat, Identity};
use crate::error::Error;
use crate::model::{Audience, Event, LeaveReason, Origin, SocketId, Timestamp, UserId, UserRef};

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
pub struct Sessions(Mutex<HashMap<SocketId, Right>>);

impl Sessions {
    fn rights(&self) -> MutexGuard<'_, HashMap<SocketId, Right>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out those that match.
    fn take(&self, matches: impl Fn(&Right) -> bool) -> Vec<SocketId> {
        self.rights().extract_if(|_, right| matches(right)).map(|(socket, _)| socket).collect()
    }

    /// Takes out those of these sockets that match.
    fn take_of(&self, sockets: &HashSet<SocketId>, matches: impl Fn(&Right) -> bool) -> Vec<SocketId> {
        let mut rights = self.rights();
        let matching = |socket: &SocketId| rights.get(socket).is_some_and(&matches);
        let taken: Vec<SocketId> = sockets.iter().copied().filter(matching).collect();
        for socket in &taken {
            rights.remove(socket);
        }
        taken
    }
}

impl Chat {
    /// A socket has authenticated and is connected: tells it its session, and rings it where its user is rung.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where the token was revoked since it was checked, [`Error::Storage`]; the socket is not connected then.
    pub async fn connect(self: &Arc<Self>, socket: SocketId, who: &Identity) -> Result<Origin, Error> {
        let user = UserRef::from(&who.user);
        let right = Right { user: user.id, version: who.claims.version, expires_at: who.claims.expires_at };
        self.sessions.rights().insert(socket, right);
        // Looked at again after the right was entered, so that a password changed in between is noticed here or by its revocation.
        let current = self.store.user(user.id).await;
        if !matches!(&current, Ok(Some(account)) if account.token_version == right.version) {
            self.sessions.rights().remove(&socket);
            return Err(current.err().map_or(Error::Unauthorized, Error::from));
        }
        let origin = Origin { socket, user };
        // Under one lock, so that nothing that is told to the user's sockets comes before the session.
        let mut presence = self.presence();
        // It may have been revoked, or have expired, since the store answered.
        if !self.sessions.rights().contains_key(&socket) {
            return Err(Error::Unauthorized);
        }
        presence.connect(socket, origin.user.clone());
        self.greet(&presence, &origin);
        Ok(origin)
    }

    /// A socket is gone, for whatever reason. May be told more than once.
    pub async fn disconnect(self: &Arc<Self>, socket: SocketId) {
        self.sessions.rights().remove(&socket);
        let user = {
            let mut presence = self.presence();
            let Some((user, departures)) = presence.disconnect(socket) else { return };
            for departure in departures.iter().filter(|departure| departure.last) {
                let event = Event::UserLeft {
                    room_id: departure.room,
                    user_id: user.id,
                    username: user.username.clone(),
                    socket_id: socket,
                    reason: LeaveReason::Disconnected,
                };
                self.announce(&presence, &event.to(Audience::Room { room: departure.room, except: None }));
            }
            for departure in departures {
                self.participants_changed(departure.room);
            }
            user
        };
        self.calls_socket_gone(&Origin { socket, user });
    }

    /// Ends the sessions whose token has expired. To be called about once a second.
    pub fn expire_sessions(&self) {
        let now = Timestamp::now();
        let expired = self.sessions.take(|right| right.expires_at <= now);
        self.end_sessions(&expired, &Error::TokenExpired);
    }

    /// Ends the user's sessions that are older than `version`. One that connected with a newer token stays.
    pub(super) fn revoke_sessions(&self, user: UserId, version: u32) {
        let revoked = self.sessions.take(|right| right.user == user && right.version < version);
        self.end_sessions(&revoked, &Error::Unauthorized);
    }

    /// Ends the sessions of users whose password was changed, or who were removed, by another process on the same database. Ends none
    /// that came while the store was asked, and none because the store left somebody out of a long answer.
    ///
    /// # Errors
    /// [`Error::Storage`]; it may be tried again.
    pub async fn recheck_sessions(&self) -> Result<(), Error> {
        let mut asked: HashMap<UserId, HashSet<SocketId>> = HashMap::new();
        for (socket, right) in self.sessions.rights().iter() {
            asked.entry(right.user).or_default().insert(*socket);
        }
        let users: Vec<UserId> = asked.keys().copied().collect();
        for users in users.chunks(ASKED_AT_ONCE) {
            let versions = self.store.token_versions(users).await?;
            for user in users {
                let version = match versions.get(user) {
                    Some(version) => Some(*version),
                    // The account itself decides whether it is gone, or was left out of the answer.
                    None => self.store.user(*user).await?.map(|account| account.token_version),
                };
                let old = |right: &Right| version.is_none_or(|version| right.version < version);
                let revoked = self.sessions.take_of(&asked[user], old);
                self.end_sessions(&revoked, &Error::Unauthorized);
            }
        }
        Ok(())
    }

    fn end_sessions(&self, sockets: &[SocketId], why: &Error) {
        let event = Event::Error { event: None, code: why.code(), message: why.message(), retry_after_ms: None };
        self.deliver(sockets, &event);
        for socket in sockets {
            self.disconnect_socket(*socket);
        }
    }
}
