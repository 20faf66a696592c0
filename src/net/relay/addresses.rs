//! The addresses of this machine, and which of them an allocation gets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

use super::peers;

/// The addresses of this machine as they were found last, with the one that it has outside.
pub(super) struct Addresses {
    told: Option<IpAddr>,
    found: RwLock<Arc<[IpAddr]>>,
}

impl Addresses {
    /// Looks for them. `told` is the one under which the machine is reached from outside, where somebody said so.
    pub(crate) fn find(told: Option<IpAddr>) -> Self {
        let addresses = Self { told, found: RwLock::new(Arc::new([])) };
        addresses.find_again();
        addresses
    }

    /// Looks for them again: machines move between networks.
    pub(crate) fn find_again(&self) {
        // Without a list the last one counts; what is on this machine's wire is refused as a peer anyway.
        let Ok(interfaces) = if_addrs::get_if_addrs() else { return };
        let found = interfaces.iter().map(|interface| interface.ip().to_canonical());
        let found = found.chain(self.told).collect();
        *self.found.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// All of them.
    pub(crate) fn own(&self) -> Arc<[IpAddr]> {
        Arc::clone(&self.found.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The one under which a client's allocation stands: the one that was told, or the one that faces the client, or
    /// any, of the family that is asked for. Who asks for none gets an IPv4 address where there is one.
    pub(crate) fn for_client(&self, client: IpAddr, wants_six: Option<bool>) -> Option<IpAddr> {
        let of = |six: bool| {
            let fits = |ip: &IpAddr| ip.is_ipv6() == six;
            let facing = || facing(client).filter(fits);
            let any = || self.own().iter().copied().find(|ip| fits(ip) && !ip.is_loopback() && !is_link_local(*ip));
            self.told.filter(fits).or_else(facing).or_else(any)
        };
        match wants_six {
            Some(six) => of(six),
            None => of(false).or_else(|| of(true)),
        }
    }

    /// Whether a client may reach private networks through this machine: it is in one itself, and nobody said that the
    /// machine stands in the open.
    pub(crate) fn reaches_private(&self, client: IpAddr) -> bool {
        peers::is_private(client) && self.told.is_none_or(peers::is_private)
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The address from which this machine would send to another one. Nothing is sent.
fn facing(client: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = if client.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(client, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}
