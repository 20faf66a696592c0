//! A session that the library carries, from its first request on: its place among those that have not authenticated,
//! its connections, and what goes through them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use socketioxide::socket::Socket;

use crate::live::Handshake;
use crate::net::{KillSwitch, Meter};
use crate::socket::intake::Intake;
use crate::socket::ledger::Tally;

/// How many connections may try at once to become the websocket of a session that polls. Clients try one.
const MOST_UPGRADES: usize = 4;

/// How long the transport's id of a session is, in bytes.
const ID: usize = 16;

/// The session that a request is of; with the request that it began with it lives as long as the library keeps it.
#[derive(Clone)]
pub(crate) struct Admission(pub Arc<Session>);

/// The transport's session that a socket is in.
pub(crate) fn session_of(socket: &Socket) -> Option<&Arc<Session>> {
    socket.req_parts().extensions.get::<Admission>().map(|Admission(session)| session)
}

/// One session.
pub(crate) struct Session {
    /// Given back when it has authenticated.
    place: Mutex<Option<Arc<Handshake>>>,
    /// The transport's own id.
    id: OnceLock<String>,
    /// The connections that are its own: a connection that polls may be a proxy's and carry others too.
    lines: Mutex<Vec<Weak<KillSwitch>>>,
    dead: AtomicBool,
    intake: Intake,
    /// From its first authentication to its end, for what was queued stays when the namespace is left.
    tally: OnceLock<Arc<Tally>>,
    /// How many connections to the namespace it has.
    connections: AtomicUsize,
    registry: Weak<Sessions>,
}

/// The sessions, by the transport's own id: requests of theirs name it. A session is in here as long as it lives.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Weak<Session>>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sessions {
    /// A session that begins.
    pub(crate) fn begin(self: &Arc<Self>, place: Handshake) -> Arc<Session> {
        Arc::new(Session {
            place: Mutex::new(Some(Arc::new(place))),
            id: OnceLock::new(),
            lines: Mutex::default(),
            dead: AtomicBool::new(false),
            intake: Intake::default(),
            tally: OnceLock::new(),
            connections: AtomicUsize::new(0),
            registry: Arc::downgrade(self),
        })
    }

    /// Enters a session under the id that the transport gave it.
    pub(crate) fn enter(&self, id: &str, session: &Arc<Session>) {
        if session.id.set(id.to_owned()).is_ok() {
            lock(&self.0).insert(id.to_owned(), Arc::downgrade(session));
        }
    }

    /// The session of this id, where it is one that lives and was not ended.
    pub(crate) fn of(&self, id: &str) -> Option<Arc<Session>> {
        if id.len() != ID {
            return None;
        }
        let session = lock(&self.0).get(id)?.upgrade()?;
        (!session.is_dead()).then_some(session)
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Session {
    /// The transport's own id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.get().map(String::as_str)
    }

    /// Its place, for as long as somebody works on its authentication.
    pub(crate) fn place(&self) -> Option<Arc<Handshake>> {
        lock(&self.place).clone()
    }

    /// It has authenticated; from now on `tally` counts what waits for it.
    pub(crate) fn authenticated(&self, tally: &Arc<Tally>) {
        lock(&self.place).take();
        self.intake.authenticated();
        self.connections.fetch_add(1, Ordering::AcqRel);
        // A second connection of one session, to the namespace that it has left, counts with the first.
        let _first = self.tally.set(Arc::clone(tally));
    }

    /// A connection to the namespace has ended.
    pub(crate) fn left(&self) {
        self.connections.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether it is still there and nobody uses it.
    pub(crate) fn is_idle(&self) -> bool {
        self.connections.load(Ordering::Acquire) == 0 && !self.is_dead()
    }

    /// What counts what waits for it, where it has authenticated.
    pub(crate) fn tally(&self) -> Option<&Arc<Tally>> {
        self.tally.get()
    }

    /// Takes a connection as the session's own; whether it may have one more.
    pub(crate) fn take_line(self: &Arc<Self>, line: &Arc<KillSwitch>) -> bool {
        let mut lines = lock(&self.lines);
        lines.retain(|kept| kept.strong_count() > 0);
        let known = lines.iter().any(|kept| std::ptr::eq(kept.as_ptr(), Arc::as_ptr(line)));
        if !known && (lines.len() >= MOST_UPGRADES || !line.belongs_to(&(Arc::clone(self) as Arc<dyn Meter>))) {
            return false;
        }
        if !known {
            lines.push(Arc::downgrade(line));
        }
        true
    }

    /// Counts a packet that was refused; whether it may go on.
    pub(crate) fn refused(&self) -> bool {
        let may = self.intake.refused();
        if !may {
            metrics::counter!("tincan_floods_cut_total").increment(1);
        }
        may
    }

    /// What it sends beyond what it may.
    pub(crate) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Whether it was ended and has to begin anew.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Ends its connections, and lets none of its requests in any more.
    pub(crate) fn end(&self) {
        self.dead.store(true, Ordering::Release);
        let lines = std::mem::take(&mut *lock(&self.lines));
        lines.iter().filter_map(Weak::upgrade).for_each(|line| line.cut());
        if let Some(tally) = self.tally.get() {
            tally.close();
        }
    }
}

impl Meter for Session {
    fn closed(&self, line: &KillSwitch) {
        lock(&self.lines).retain(|kept| kept.strong_count() > 0 && !std::ptr::eq(kept.as_ptr(), line));
    }

    fn came(&self, bytes: usize) -> bool {
        let may = self.intake.came(bytes);
        if !may {
            metrics::counter!("tincan_floods_cut_total").increment(1);
        }
        may
    }

    fn sent(&self, bytes: usize) {
        if let Some(tally) = self.tally.get() {
            tally.sent(bytes as u64);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(id) = self.id.get()
            && let Some(registry) = self.registry.upgrade()
        {
            lock(&registry.0).remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::live::Limits;
    use crate::net::Switched;

    const NAME: &str = "abcdefghijklmnop";

    fn place(limits: &Limits) -> Handshake {
        limits.handshake(IpAddr::from([192, 0, 2, 1])).unwrap()
    }

    #[test]
    fn nothing_is_kept_of_a_session_that_is_gone_nor_of_an_id_that_is_none() {
        let (sessions, limits) = (Arc::new(Sessions::default()), Limits::new(true));
        let session = sessions.begin(place(&limits));
        sessions.enter(NAME, &session);
        assert!(sessions.of(NAME).is_some());
        assert!(sessions.of(&"x".repeat(60_000)).is_none());
        assert!(sessions.of("").is_none());
        let (_line, cut) = Switched::new(());
        assert!((0..1000).all(|_| session.take_line(&cut)));
        assert_eq!(lock(&session.lines).len(), 1, "a connection counts once");
        drop(session);
        assert_eq!(sessions.len(), 0);
    }

    #[test]
    fn few_connections_may_try_to_become_a_sessions_websocket() {
        let (sessions, limits) = (Arc::new(Sessions::default()), Limits::new(true));
        let session = sessions.begin(place(&limits));
        let mut lines: Vec<_> = (0..MOST_UPGRADES).map(|_| Switched::new(())).collect();
        assert!(lines.iter().all(|(_, cut)| session.take_line(cut)));
        let (_line, another) = Switched::new(());
        assert!(!session.take_line(&another));
        lines.pop();
        let (_line, another) = Switched::new(());
        assert!(session.take_line(&another));
    }
}
