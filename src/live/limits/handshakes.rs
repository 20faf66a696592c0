//! Connections that have not authenticated: at most so many of an address at a time.

use std::net::IpAddr;
use std::time::Duration;

use super::places::{Place, Places};
use crate::error::Error;

/// How many an address may have.
const MOST: usize = 100;

/// After this time a connection that has not authenticated is closed, and its place is free.
const CLOSED_AFTER: Duration = Duration::from_secs(10);

/// How many each address has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshakes(Places<IpAddr>);

/// A place among the connections of an address that have not authenticated, where places are counted; given back on
/// drop.
#[derive(Debug)]
pub struct Handshake(#[expect(dead_code, reason = "it is held, and counts until it is dropped")] Option<Place<IpAddr>>);

impl Handshake {
    /// A place where places are not counted.
    pub(super) const FREE: Self = Self(None);
}

impl Handshakes {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::RateLimited`] with the time after which one is free for certain.
    pub(crate) fn take(&self, address: IpAddr) -> Result<Handshake, Error> {
        let place = self.0.take(address, MOST, usize::MAX);
        place.map(|place| Handshake(Some(place))).map_err(|_| Error::RateLimited(CLOSED_AFTER))
    }

    /// How many addresses are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.keys()
    }
}
