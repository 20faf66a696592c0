//! All allocations: found by the way to their client and by the address that they have at the relay; and how many there
//! may be.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Instant;

use ring::rand::{SecureRandom, SystemRandom};

use super::allocation::{Allocation, Holder};
use super::line::LineId;
use super::share::Share;
use crate::live::{Full, Places};
use crate::model::UserId;

/// How many a user may have.
const MOST_OF_USER: usize = 12;
/// How many there may be.
const MOST: usize = 8192;
/// The lowest port that an allocation has: from here on no port is anybody's by convention.
const LOWEST_PORT: u16 = 49152;
/// How many ports are tried. Of all there are, half at most are taken.
const TRIES: usize = 64;

/// All allocations.
#[derive(Default)]
pub(super) struct Table {
    maps: RwLock<Maps>,
    places: Places<UserId>,
}

#[derive(Default)]
struct Maps {
    by_line: HashMap<LineId, Arc<Allocation>>,
    by_relayed: HashMap<SocketAddr, Arc<Allocation>>,
    shares: HashMap<UserId, Weak<Share>>,
}

/// Why there is no new allocation.
pub(super) enum NotAllocated {
    /// The client has this one.
    Has(Arc<Allocation>),
    /// The user has as many as one may have.
    Quota,
    /// There are too many.
    Full,
}

impl Table {
    fn read(&self) -> RwLockReadGuard<'_, Maps> {
        self.maps.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Maps> {
        self.maps.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of a client.
    pub(crate) fn of(&self, line: LineId) -> Option<Arc<Allocation>> {
        self.read().by_line.get(&line).cloned()
    }

    /// That which has this address.
    pub(crate) fn at(&self, relayed: SocketAddr) -> Option<Arc<Allocation>> {
        self.read().by_relayed.get(&relayed).cloned()
    }

    /// Adds one at this address of the relay, at an even port where one is asked for.
    pub(crate) fn add(&self, holder: Holder, ip: IpAddr, even: bool) -> Result<Arc<Allocation>, NotAllocated> {
        let line = holder.line.id();
        let mut maps = self.write();
        if let Some(there) = maps.by_line.get(&line) {
            return Err(NotAllocated::Has(Arc::clone(there)));
        }
        let place = self.places.take(holder.user, MOST_OF_USER, MOST).map_err(|full| match full {
            Full::Key => NotAllocated::Quota,
            Full::All => NotAllocated::Full,
        })?;
        let mut ports = std::iter::repeat_with(|| random_port(even)).take(TRIES);
        let free = ports.find(|port| !maps.by_relayed.contains_key(&SocketAddr::new(ip, *port)));
        let relayed = SocketAddr::new(ip, free.ok_or(NotAllocated::Full)?);
        let share = maps.shares.get(&holder.user).and_then(Weak::upgrade).unwrap_or_else(|| Arc::new(Share::new()));
        maps.shares.insert(holder.user, Arc::downgrade(&share));
        let allocation = Arc::new(Allocation::new(holder, relayed, share, place));
        maps.by_line.insert(line, Arc::clone(&allocation));
        maps.by_relayed.insert(relayed, Arc::clone(&allocation));
        Ok(allocation)
    }

    /// Takes that of a client out.
    pub(crate) fn remove(&self, line: LineId) {
        let mut maps = self.write();
        if let Some(gone) = maps.by_line.remove(&line) {
            maps.by_relayed.remove(&gone.relayed);
        }
    }

    /// Takes out those that are over, and forgets what goes with them. How many are left.
    pub(crate) fn expire(&self, now: Instant) -> usize {
        self.remove_if(|allocation| allocation.has_ended(now));
        let mut maps = self.write();
        maps.shares.retain(|_, share| share.strong_count() > 0);
        maps.by_line.len()
    }

    /// Takes out those that match.
    pub(crate) fn remove_if(&self, matches: impl Fn(&Allocation) -> bool) {
        let over: Vec<LineId> = {
            let maps = self.read();
            let over = maps.by_line.iter().filter(|(_, allocation)| matches(allocation));
            over.map(|(line, _)| *line).collect()
        };
        over.into_iter().for_each(|line| self.remove(line));
    }

    /// Whose they are, each user with each version of the tokens once.
    pub(crate) fn holders(&self) -> Vec<(UserId, u32)> {
        let maps = self.read();
        let mut holders: Vec<_> = maps.by_line.values().map(|one| (one.holder.user, one.holder.version)).collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }
}

fn random_port(even: bool) -> u16 {
    let mut bytes = [0; 2];
    // Without random bytes the port can be guessed, which a permission guards against as well.
    let _ = SystemRandom::new().fill(&mut bytes);
    let port = LOWEST_PORT | u16::from_be_bytes(bytes);
    if even { port & !1 } else { port }
}
