//! All connections: what is published goes out here, and one that takes too little of it is cut.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::connection::Connection;
use super::cork;
use super::entrance::{Entrance, Verbs};
use super::ledger::{Ledger, Over, Tally};
use super::way::Way;
use crate::bus::Subscriber;
use crate::error::Error;
use crate::live::{Frame, Outlet, Outlets};
use crate::model::{SocketId, UserId};
use crate::seldom::Seldom;
use crate::wire::Event;

/// Knows every connection.
pub struct Hub {
    entrance: Entrance,
    verbs: Verbs,
    members: RwLock<HashMap<SocketId, Member>>,
    ledger: Arc<Ledger>,
}

/// A connection and the way to its client.
#[derive(Clone)]
struct Member {
    connection: Arc<Connection>,
    way: Arc<dyn Way>,
}

impl Hub {
    /// With nobody connected yet.
    pub fn new(entrance: Entrance, verbs: Verbs) -> Arc<Self> {
        Arc::new(Self { entrance, verbs, members: RwLock::default(), ledger: Arc::default() })
    }

    /// What lets connections in.
    pub fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// The verbs behind events.
    pub fn verbs(&self) -> &Verbs {
        &self.verbs
    }

    /// What waits.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    fn members(&self) -> RwLockReadGuard<'_, HashMap<SocketId, Member>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection up.
    pub fn register(&self, connection: &Arc<Connection>, way: &Arc<dyn Way>) {
        let member = Member { connection: Arc::clone(connection), way: Arc::clone(way) };
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = members.insert(connection.id, member);
        debug_assert!(replaced.is_none(), "an id is minted once");
        metrics::gauge!("tincan_sockets").increment(1);
    }

    /// Lets a connection go that has ended.
    pub fn forget(&self, id: SocketId) {
        if self.members.write().unwrap_or_else(PoisonError::into_inner).remove(&id).is_some() {
            metrics::gauge!("tincan_sockets").decrement(1);
        }
    }

    fn member(&self, id: SocketId) -> Option<Member> {
        self.members().get(&id).cloned()
    }

    fn ways(&self) -> Vec<Arc<dyn Way>> {
        self.members().values().map(|member| Arc::clone(&member.way)).collect()
    }

    /// Ends a connection that was let in but cannot be connected. Where its token is no good it is told so; where the
    /// server is to blame the transport is closed, and its client comes back.
    pub fn refuse(&self, id: SocketId, error: &Error) {
        let Some(Member { way, .. }) = self.member(id) else { return };
        if matches!(error, Error::Unauthorized | Error::TokenExpired) {
            let event =
                Event::Error { event: None, code: error.code(), message: error.message(), retry_after_ms: None };
            send(&*way, &event);
            way.close();
        } else {
            way.cut();
        }
    }

    /// Ends a connection's transport at once, after which its client comes back and catches up.
    pub fn cut(&self, id: SocketId) {
        static CUT: Seldom = Seldom::new();
        let Some(Member { connection, way }) = self.member(id) else { return };
        let user = connection.user.id;
        let why = "a connection takes too little or sends too much, and is cut";
        CUT.say(|count| tracing::info!(socket = %id, %user, count, "{why}"));
        metrics::counter!("tincan_slow_sockets_total").increment(1);
        way.cut();
    }

    /// Whether some connection polls.
    pub fn has_polling(&self) -> bool {
        self.members().values().any(|member| member.way.polls())
    }

    /// Cuts every connection.
    pub fn cut_all(&self) {
        self.ways().iter().for_each(|way| way.cut());
    }

    /// Ends connections whose end the transport did not tell.
    pub fn sweep(&self) {
        metrics::gauge!("tincan_waiting_bytes").set(self.ledger.sending() as f64);
        self.ways().iter().for_each(|way| way.look());
    }

    /// Sees to it that no more waits than may, after `over` came of counting what waits for this socket: cuts it; or of
    /// those of its user, or of all, the ones for which most waits, until nine tenths of the bound are left, so that it
    /// is not to be done again at once.
    pub fn make_room(&self, id: SocketId, user: UserId, tally: &Tally, over: Over) {
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
        let mut shares: Vec<(u64, SocketId)> = {
            let members = self.members();
            let connections = members.values().map(|member| &member.connection);
            let shares = connections.filter(|connection| over == Over::All || connection.user.id == user);
            shares.map(|connection| (connection.tally.waiting(), connection.id)).collect()
        };
        shares.sort_unstable_by(|one, other| other.cmp(one));
        for (_, fattest) in shares {
            if tally.has_room(over) {
                return;
            }
            self.cut(fattest);
        }
    }

    /// Sends an event to one socket, as the answer to what it sent.
    pub fn tell(&self, id: SocketId, event: &Event) {
        if let Some(member) = self.member(id) {
            send(&*member.way, event);
        }
    }
}

fn send(way: &dyn Way, event: &Event) {
    match Frame::of(event) {
        Ok(frame) => way.send(&frame),
        Err(error) => tracing::error!(event = event.name(), %error, "an event could not be encoded"),
    }
}

impl Subscriber for Hub {
    fn deliver(&self, frame: &Frame, outlets: &Outlets) {
        // This may be in somebody's turn on the bus, for whom others wait: it is written when that is over.
        cork::gather(|| outlets.iter().for_each(|reachable| reachable.outlet.send(frame)));
    }

    fn close(&self, outlet: &Arc<dyn Outlet>) {
        outlet.close();
    }
}
