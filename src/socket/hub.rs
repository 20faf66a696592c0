//! All connections: what is announced goes out here, and one that takes too little of it is cut.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use axum::Router;
use serde_json::value::{RawValue, to_raw_value};
use socketioxide::extract::SocketRef;
use socketioxide::service::SocketIoService;
use socketioxide::{SendError, SocketError, TransportType};

use super::connection::Connection;
use super::ledger::{Ledger, Over};
use super::session::Sessions;
use super::wire;
use crate::chat::{Chat, Transport};
use crate::error::Error;
use crate::model::{Event, SocketId};
use crate::seldom::Seldom;

/// Knows every connection.
pub struct Hub {
    pub(super) me: Weak<Self>,
    chat: Arc<Chat>,
    members: RwLock<HashMap<SocketId, Member>>,
    sessions: Arc<Sessions>,
    ledger: Arc<Ledger>,
    /// The library's own door, by which a session that polls is ended.
    pub(super) door: OnceLock<Weak<SocketIoService<Router>>>,
}

#[derive(Clone)]
struct Member {
    connection: Arc<Connection>,
    socket: SocketRef,
}

impl Hub {
    /// For these verbs.
    pub fn new(chat: Arc<Chat>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            chat,
            members: RwLock::default(),
            sessions: Arc::default(),
            ledger: Arc::default(),
            door: OnceLock::new(),
        })
    }

    /// Says by which door the library is entered.
    pub fn attach(&self, door: &Arc<SocketIoService<Router>>) {
        let _once = self.door.set(Arc::downgrade(door));
    }

    /// The verbs.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }

    /// The transport's sessions.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// What waits.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
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

    /// Ends a connection that was let in but cannot be connected. Where its token is no good it is told so; where the server is to
    /// blame the transport is closed, and its client comes back.
    pub fn refuse(&self, id: SocketId, error: &Error) {
        if matches!(error, Error::Unauthorized | Error::TokenExpired) {
            let event =
                Event::Error { event: None, code: error.code(), message: error.message(), retry_after_ms: None };
            self.deliver(&[id], &event);
            self.disconnect(id);
        } else if let Some(member) = self.member(id) {
            self.end_transport(&member.socket);
        }
    }

    /// Ends a connection's transport at once, after which its client comes back and catches up.
    pub fn cut(&self, id: SocketId) {
        static CUT: Seldom = Seldom::new();
        let Some(member) = self.member(id) else { return };
        let user = member.connection.user.id;
        CUT.say(|count| tracing::info!(socket = %id, %user, count, "a connection takes too little or sends too much, and is cut"));
        metrics::counter!("tincan_slow_sockets_total").increment(1);
        self.end_transport(&member.socket);
        if let Some(me) = self.me.upgrade() {
            member.connection.end(&me);
        }
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
            self.end_transport(&socket);
        }
    }

    /// Ends connections whose end the library did not tell.
    pub fn sweep(&self) {
        metrics::gauge!("tincan_waiting_bytes").set(self.ledger.sending() as f64);
        let Some(me) = self.me.upgrade() else { return };
        let gone: Vec<Arc<Connection>> = {
            let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
            members.values().filter(|m| !m.socket.connected()).map(|m| Arc::clone(&m.connection)).collect()
        };
        for connection in gone {
            connection.end(&me);
        }
    }

    /// Sees to it that no more waits than may: cuts this socket; or of those of its user, or of all, the ones for which most waits, until
    /// nine tenths of the bound are left, so that it is not to be done again at once.
    pub fn make_room(&self, id: SocketId, over: Over) {
        let bound = match over {
            Over::Nothing => return,
            Over::Socket => "socket",
            Over::User => "user",
            Over::All => "all",
        };
        metrics::counter!("tincan_waiting_over_total", "bound" => bound).increment(1);
        if over == Over::Socket {
            return self.cut(id);
        }
        let Some(member) = self.member(id) else { return };
        let user = member.connection.user.id;
        let mut shares: Vec<(u64, SocketId)> = {
            let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
            let connections = members.values().map(|member| &member.connection);
            let shares = connections.filter(|connection| over == Over::All || connection.user.id == user);
            shares.map(|connection| (connection.tally.waiting(), connection.id)).collect()
        };
        shares.sort_unstable_by(|one, other| other.cmp(one));
        for (_, fattest) in shares {
            if member.connection.tally.has_room(over) {
                return;
            }
            self.cut(fattest);
        }
    }

    /// Sends to those that are there, up to the first for which too much waits then: how many that are, and what is too much.
    fn emit(&self, sockets: &[SocketId], event: &str, payload: &RawValue) -> (usize, Over) {
        let text = wire::event(event, payload);
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        for (at, id) in sockets.iter().enumerate() {
            let Some(member) = members.get(id) else { continue };
            let bytes = wire::bytes(&member.socket, text);
            let mut over = member.connection.tally.add(bytes);
            if let Err(error) = member.socket.emit(event, payload) {
                member.connection.tally.sent(bytes);
                let full = matches!(error, SendError::Socket(SocketError::InternalChannelFull));
                over = if full { Over::Socket } else { Over::Nothing };
            }
            if over != Over::Nothing {
                return (at + 1, over);
            }
        }
        (sockets.len(), Over::Nothing)
    }
}

impl Transport for Hub {
    fn deliver(&self, sockets: &[SocketId], event: &Event) {
        // Encoded once; each socket then costs a copy.
        let payload = match to_raw_value(event) {
            Ok(payload) => payload,
            Err(error) => return tracing::error!(event = event.name(), %error, "an event could not be encoded"),
        };
        let mut rest = sockets;
        while !rest.is_empty() {
            // Room is made before the next one gets its copy: those of one event may be more than all that may wait.
            let (done, over) = self.emit(rest, event.name(), &payload);
            self.make_room(rest[done - 1], over);
            rest = &rest[done..];
        }
    }

    fn disconnect(&self, socket: SocketId) {
        let Some(member) = self.member(socket) else { return };
        // It leaves the namespace, and what is left of its session is put out as for one that has left by itself.
        if member.socket.disconnect().is_err() {
            self.cut(socket);
        }
    }
}
