//! How many connections are let in: fewer than there are file descriptors, so that the store always gets those that it
//! needs; and of one address no more than leaves room for others.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::live::{Full, Place, Places, network};

/// How many descriptors are held back at least, for the store, its log and what the process has open besides.
const HELD_BACK_LEAST: usize = 64;

/// How many are held back at most; below, it is a quarter of all.
const HELD_BACK_MOST: usize = 4096;

/// How many connections an address may have, where that is not more than half of all.
const MOST_OF_ADDRESS: usize = 4096;

/// How many connections there may be where the system sets no bound to descriptors.
const UNBOUNDED: usize = 1 << 20;

/// Lets connections in.
#[derive(Clone, Debug)]
pub struct Doors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    trusted: Vec<IpNet>,
    places: Places<IpAddr>,
}

/// Of a connection that was let in; given back on drop.
pub(crate) type Pass = Place<IpAddr>;

impl Doors {
    /// For as many connections as the process has descriptors, less those that are held back. The bound that the system
    /// sets is raised first as far as it may be.
    pub fn new(trusted: Vec<IpNet>) -> Self {
        Self::of(most_for(descriptors()), trusted)
    }

    fn of(most: usize, trusted: Vec<IpNet>) -> Self {
        Self(Arc::new(Inner { most, trusted, places: Places::default() }))
    }

    /// Lets a connection from this address in. Those of trusted proxies count for all only: many people come through
    /// one.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn enter(&self, address: IpAddr) -> Result<Pass, Full> {
        let key = network(address);
        let half = self.0.most.div_ceil(2);
        let most = if self.0.trusted.iter().any(|net| net.contains(&address.to_canonical())) {
            usize::MAX
        } else if key.is_loopback() {
            // What comes from this machine comes through a proxy, as a rule.
            half
        } else {
            half.min(MOST_OF_ADDRESS)
        };
        self.0.places.take(key, most, self.0.most)
    }

    /// How many connections there are.
    pub fn open(&self) -> usize {
        self.0.places.taken()
    }
}

fn most_for(descriptors: usize) -> usize {
    descriptors.saturating_sub((descriptors / 4).clamp(HELD_BACK_LEAST, HELD_BACK_MOST)).max(1)
}

/// How many descriptors the process may have.
fn descriptors() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::debug!(%error, "the number of file descriptors could not be raised");
    }
    let number =
        getrlimit(Resource::Nofile).current.map_or(UNBOUNDED, |most| usize::try_from(most).unwrap_or(UNBOUNDED));
    number.min(UNBOUNDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn descriptors_are_held_back_for_the_store() {
        assert_eq!((most_for(256), most_for(1024), most_for(1 << 20)), (192, 768, (1 << 20) - 4096));
        assert_eq!(most_for(10), 1);
    }

    #[test]
    fn one_address_has_half_of_the_places_and_gives_them_back() {
        let doors = Doors::of(10, Vec::new());
        let taken: Vec<Pass> = std::iter::from_fn(|| doors.enter(address(1)).ok()).collect();
        assert_eq!(taken.len(), 5);
        assert_eq!(doors.enter(address(1)).unwrap_err(), Full::Key);
        let others: Vec<Pass> = (2..7).map(|last| doors.enter(address(last)).unwrap()).collect();
        assert_eq!(doors.enter(HERE).unwrap_err(), Full::All);
        drop((taken, others));
        assert_eq!(doors.0.places.keys(), 0, "nothing is kept of addresses without a connection");
    }

    #[test]
    fn a_trusted_proxy_has_as_many_as_there_are() {
        let doors = Doors::of(10, vec!["192.0.2.0/24".parse().unwrap()]);
        let taken: Vec<Pass> = std::iter::from_fn(|| doors.enter(address(1)).ok()).collect();
        assert_eq!(taken.len(), 10);
    }

    #[test]
    fn of_many_places_an_address_far_away_has_some_thousands_and_this_machine_half() {
        let doors = Doors::of(20_000, Vec::new());
        let taken: Vec<Pass> = std::iter::from_fn(|| doors.enter(address(1)).ok()).collect();
        assert_eq!(taken.len(), MOST_OF_ADDRESS);
        let here: Vec<Pass> = std::iter::from_fn(|| doors.enter(HERE).ok()).collect();
        assert_eq!(here.len(), 10_000);
    }
}
