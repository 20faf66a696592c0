//! Connections that have not authenticated: at most so many of an address at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// How many an address may have.
const MOST: usize = 100;

/// After this time a connection that has not authenticated is closed, and its place is free.
const CLOSED_AFTER: Duration = Duration::from_secs(10);

/// How many each address has; those that have none are not in it.
#[derive(Clone, Debug, Default)]
pub struct Handshakes(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among the connections of an address that have not authenticated; given back on drop.
#[derive(Debug)]
pub struct Handshake(Option<(Handshakes, IpAddr)>);

impl Handshake {
    /// A place where places are not counted.
    pub(super) const FREE: Self = Self(None);
}

impl Handshakes {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the time after which one is free for certain.
    pub fn take(&self, address: IpAddr) -> Result<Handshake, Error> {
        let mut counts = self.counts();
        let count = counts.entry(address).or_default();
        if *count >= MOST {
            return Err(Error::RateLimited(CLOSED_AFTER));
        }
        *count += 1;
        Ok(Handshake(Some((self.clone(), address))))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many addresses are kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.counts().len()
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let Some((handshakes, address)) = self.0.take() else { return };
        let mut counts = handshakes.counts();
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }
}
