//! Several servers of one process that are one app: whatever a client does next, it does when each of them has heard
//! what the others did.
//!
//! What a server tells others takes its time. A test that was written for one server asks at once, and must not find a
//! server that has not
//! heard yet; what comes of it when all act at the same moment, `tests/servers/` shows.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::join_all;
use tincan::App;

use super::socket::timed;

/// Which servers are one, by where each of them listens.
static TOGETHER: Mutex<Option<HashMap<SocketAddr, Weak<Together>>>> = Mutex::new(None);

/// Servers that are one.
pub(crate) struct Together(Vec<App>);

impl Together {
    /// These, as long as the answer is kept.
    pub(crate) fn of(servers: Vec<(SocketAddr, App)>) -> Arc<Self> {
        let (addresses, apps): (Vec<_>, Vec<_>) = servers.into_iter().unzip();
        let together = Arc::new(Self(apps));
        let mut all = TOGETHER.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert_default().extend(addresses.into_iter().map(|one| (one, Arc::downgrade(&together))));
        together
    }

    async fn settle(&self) {
        let marks: Vec<_> = self.0.iter().filter_map(|app| app.bus().mark()).collect();
        let reached = self.0.iter().flat_map(|app| marks.iter().map(|mark| app.bus().reached(*mark)));
        timed("what the servers tell each other", join_all(reached)).await;
    }
}

/// Waits until all servers that are one with the server there have heard what each of them has done.
pub(crate) async fn settled(address: SocketAddr) {
    let together = {
        let all = TOGETHER.lock().unwrap_or_else(PoisonError::into_inner);
        all.as_ref().and_then(|all| all.get(&address)?.upgrade())
    };
    if let Some(together) = together {
        together.settle().await;
    }
}
