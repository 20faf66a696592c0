//! All connections: what is announced goes out here, and one that is too slow is cut.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use serde_json::value::to_raw_value;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError, TransportType};

use super::connection::Connection;
use super::cut::Cut;
use super::front::Admission;
use crate::chat::{Chat, Transport};
use crate::error::Error;
use crate::model::{Event, SocketId};

/// How long a client that was told to go may stay on the line.
const PARTING: Duration = Duration::from_secs(4);

/// Sessions that were cut are remembered up to this many; what is forgotten then ends by its heartbeat.
const MOST_DEAD: usize = 10_000;

/// Knows every connection.
pub struct Hub {
    me: Weak<Self>,
    chat: Arc<Chat>,
    members: RwLock<HashMap<SocketId, Member>>,
    /// The TCP connections of sessions that moved from polling to a websocket, by the transport's own id; of those that tried, too.
    upgraded: Mutex<HashMap<String, Vec<Weak<Cut>>>>,
    /// Sessions that were cut and may not poll any more, by the transport's own id.
    dead: Mutex<HashSet<String>>,
}

#[derive(Clone)]
struct Member {
    connection: Arc<Connection>,
    socket: SocketRef,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// For these verbs.
    pub fn new(chat: Arc<Chat>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            chat,
            members: RwLock::default(),
            upgraded: Mutex::default(),
            dead: Mutex::default(),
        })
    }

    /// The verbs.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }

    /// From now on it gets what is announced to it.
    pub fn register(&self, connection: &Arc<Connection>, socket: SocketRef) {
        let member = Member { connection: Arc::clone(connection), socket };
        let replaced = self.members.write().unwrap_or_else(PoisonError::into_inner).insert(connection.id, member);
        debug_assert!(replaced.is_none(), "an id is minted once");
        metrics::gauge!("tincan_sockets").increment(1);
    }

    /// From now on it does not.
    pub fn forget(&self, id: SocketId) {
        if self.members.write().unwrap_or_else(PoisonError::into_inner).remove(&id).is_some() {
            metrics::gauge!("tincan_sockets").decrement(1);
        }
    }

    fn member(&self, id: SocketId) -> Option<Member> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Remembers the TCP connection that a session moved to.
    pub fn upgraded(&self, sid: &str, cut: &Arc<Cut>) {
        lock(&self.upgraded).entry(sid.to_owned()).or_default().push(Arc::downgrade(cut));
    }

    /// Whether a session was cut and has to begin anew.
    pub fn is_dead(&self, sid: &str) -> bool {
        lock(&self.dead).contains(sid)
    }

    /// Tells a connection that was let in but cannot be connected why, and ends it.
    pub fn refuse(&self, id: SocketId, error: &Error) {
        let event = Event::Error { event: None, code: error.code(), message: error.message(), retry_after_ms: None };
        self.deliver(&[id], &event);
        self.disconnect(id);
    }

    /// Ends a connection's transport at once, after which its client comes back and catches up.
    pub fn cut(&self, id: SocketId) {
        let Some(member) = self.member(id) else { return };
        tracing::info!(socket = %id, user = %member.connection.user.id, "a connection is too slow and is cut");
        metrics::counter!("tincan_slow_sockets_total").increment(1);
        self.cut_line(&member.socket);
        if let Some(me) = self.me.upgrade() {
            member.connection.end(&me);
        }
    }

    fn cut_line(&self, socket: &SocketRef) {
        let sid = socket.id.to_string();
        let lines = lock(&self.upgraded).remove(&sid).unwrap_or_default();
        lines.iter().filter_map(Weak::upgrade).for_each(|line| line.cut());
        if let Some(admission) = socket.req_parts().extensions.get::<Admission>() {
            admission.cut();
        }
        let mut dead = lock(&self.dead);
        if dead.len() >= MOST_DEAD {
            dead.clear();
        }
        dead.insert(sid);
    }

    /// Whether some connection polls.
    pub fn has_polling(&self) -> bool {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.values().any(|member| member.socket.transport_type() == TransportType::Polling)
    }

    /// Cuts every connection.
    pub fn cut_all(&self) {
        let sockets: Vec<SocketRef> = {
            let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
            members.values().map(|member| member.socket.clone()).collect()
        };
        for socket in sockets {
            self.cut_line(&socket);
        }
    }

    /// Ends connections whose end the library did not tell.
    pub fn sweep(&self) {
        let Some(me) = self.me.upgrade() else { return };
        let gone: Vec<Arc<Connection>> = {
            let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
            members.values().filter(|m| !m.socket.connected()).map(|m| Arc::clone(&m.connection)).collect()
        };
        for connection in gone {
            connection.end(&me);
        }
        // A session may outlive its connections to namespaces, so its lines go when they are closed and not before.
        lock(&self.upgraded).retain(|_, lines| {
            lines.retain(|line| line.strong_count() > 0);
            !lines.is_empty()
        });
    }

    /// Sends to those that are there; answers with those whose queue is full.
    fn emit(&self, sockets: &[SocketId], event: &Event) -> Vec<SocketId> {
        // Encoded once; each socket then costs a copy.
        let payload = match to_raw_value(event) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(event = event.name(), %error, "an event could not be encoded");
                return Vec::new();
            }
        };
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        let full = |id: &&SocketId| {
            members.get(id).is_some_and(|member| {
                let sent = member.socket.emit(event.name(), &payload);
                matches!(sent, Err(SendError::Socket(SocketError::InternalChannelFull)))
            })
        };
        sockets.iter().filter(full).copied().collect()
    }
}

impl Transport for Hub {
    fn deliver(&self, sockets: &[SocketId], event: &Event) {
        for slow in self.emit(sockets, event) {
            self.cut(slow);
        }
    }

    fn disconnect(&self, socket: SocketId) {
        let Some(member) = self.member(socket) else { return };
        let line = member.socket.clone();
        if member.socket.disconnect().is_err() {
            return self.cut(socket);
        }
        // Clients close the transport when they are told to go. One that does not is put out.
        let me = Weak::clone(&self.me);
        tokio::spawn(async move {
            tokio::time::sleep(PARTING).await;
            if let Some(hub) = me.upgrade() {
                hub.cut_line(&line);
            }
        });
    }
}
