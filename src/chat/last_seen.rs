//! When users were connected last. It is written down in pieces, so that who comes and goes costs no write: what is
//! stored is true to five minutes, also where this server dies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bus::Bus;
use crate::error::Error;
use crate::model::{Timestamp, UserId};
use crate::store::Store;

/// Who has gone since it was last written down, and when.
pub(crate) struct LastSeen {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    gone: Mutex<HashMap<UserId, Timestamp>>,
}

impl LastSeen {
    /// Nobody has gone yet.
    pub(crate) fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>) -> Self {
        Self { store: Arc::clone(store), bus: Arc::clone(bus), gone: Mutex::default() }
    }

    fn gone(&self) -> MutexGuard<'_, HashMap<UserId, Timestamp>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last socket of a user went, of all servers.
    pub(crate) fn went(&self, user: UserId) {
        self.gone().insert(user, Timestamp::now());
    }

    /// Writes down who has gone, with `here` also who is connected to this server.
    ///
    /// # Errors
    /// [`Error::Storage`]; who has gone is written down the next time.
    pub(crate) async fn write_down(&self, here: bool) -> Result<(), Error> {
        let gone = std::mem::take(&mut *self.gone());
        let mut seen = gone.clone();
        if here {
            let now = Timestamp::now();
            seen.extend(self.bus.presence().actors_here().map(|actor| (actor.user.id, now)));
        }
        if seen.is_empty() {
            return Ok(());
        }
        let seen: Vec<(UserId, Timestamp)> = seen.into_iter().collect();
        if let Err(error) = self.store.note_seen(&seen).await {
            let mut since = self.gone();
            for (user, at) in gone {
                since.entry(user).or_insert(at);
            }
            return Err(error.into());
        }
        Ok(())
    }
}
