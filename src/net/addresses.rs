//! This machine's addresses in its networks.

use std::net::{IpAddr, SocketAddr};

/// Those that others find a server at which listens on an address: that one, or where it is all of them, every one that
/// is not the machine's own or a link's own; first those of IPv4, which are shorter to type and work in every network.
pub fn network_addresses(listens_on: IpAddr) -> Vec<IpAddr> {
    if !listens_on.is_unspecified() {
        return vec![listens_on];
    }
    // Without a list of interfaces there are none to name; the server does not need it.
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => listens_on.is_ipv6() && !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    let mut found: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).filter(reachable).collect();
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

/// Where others in the network find a server that listens there; `None` where none can.
pub fn address_in_network(listens_on: SocketAddr) -> Option<SocketAddr> {
    let ip = network_addresses(listens_on.ip()).into_iter().find(|ip| !ip.is_loopback())?;
    Some(SocketAddr::new(ip, listens_on.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_for_its_machine_alone_has_no_address_for_others() {
        assert_eq!(address_in_network(([127, 0, 0, 1], 5000).into()), None);
        let found = address_in_network(([192, 168, 0, 5], 5000).into());
        assert_eq!(found, Some(([192, 168, 0, 5], 5000).into()));
    }

    #[test]
    fn a_server_on_all_addresses_has_those_of_ipv4_first() {
        let (both, four) = (network_addresses([0_u16; 8].into()), network_addresses([0, 0, 0, 0].into()));
        assert!(both.starts_with(&four) && both[four.len()..].iter().all(IpAddr::is_ipv6), "{both:?}");
    }
}
