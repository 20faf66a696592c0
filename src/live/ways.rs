//! The ways to sockets: to each of this server's, and to the servers of the others.

use std::sync::Arc;

use super::outlet::Reachable;
use crate::model::ServerId;

/// Where a socket is connected.
#[derive(Clone, Debug)]
pub(super) enum Connected {
    /// To this server, and reached so.
    Here(Reachable),
    /// To another one.
    At(ServerId),
}

/// The ways to some sockets. Shared with those who are sending: one that is changed meanwhile is copied.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub(super) here: Arc<Vec<Reachable>>,
    pub(super) servers: Arc<Vec<ServerId>>,
}

impl Ways {
    /// Those to sockets in these places.
    pub(super) fn to<'a>(places: impl Iterator<Item = &'a Connected>) -> Self {
        let mut ways = Self::default();
        places.for_each(|place| ways.add(place));
        ways
    }

    /// One more.
    pub(super) fn add(&mut self, place: &Connected) {
        match place {
            Connected::Here(reachable) => Arc::make_mut(&mut self.here).push(reachable.clone()),
            Connected::At(server) if self.servers.contains(server) => {}
            Connected::At(server) => Arc::make_mut(&mut self.servers).push(*server),
        }
    }

    /// One less; `None` where they are to be made anew, for it is not known whether there are others on that server.
    pub(super) fn without(mut self, place: &Connected) -> Option<Self> {
        let Connected::Here(Reachable { socket, .. }) = place else { return None };
        let at = self.here.iter().position(|reachable| reachable.socket == *socket)?;
        Arc::make_mut(&mut self.here).swap_remove(at);
        Some(self)
    }
}
