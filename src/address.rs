//! Whose request it is: the peer's address, or the one that a trusted proxy in front names.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The other end of the connection. The accept loop puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Whom the request comes from, trusted proxies aside. In each request's extensions behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The right-most address that is none of the `trusted`, beginning at the peer and going left through `forwarded`, the lines of
/// `X-Forwarded-For` in their order. An entry that is no address ends the search at the proxy that wrote it.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> ClientAddress {
    let mut client = peer.to_canonical();
    let mut hops = forwarded.flat_map(|line| line.split(',')).rev();
    while trusted.iter().any(|net| net.contains(&client)) {
        match hops.next().and_then(parse_hop) {
            Some(hop) => client = hop,
            None => break,
        }
    }
    ClientAddress(client)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn parse_hop(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), forwarded.iter().copied(), &trusted).0.to_string()
    }

    #[test]
    fn without_a_trusted_proxy_what_the_header_claims_is_worth_nothing() {
        assert_eq!(found("203.0.113.7", &["1.2.3.4"], &[]), "203.0.113.7");
        assert_eq!(found("203.0.113.7", &["1.2.3.4"], &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn behind_proxies_the_client_is_the_right_most_entry_that_is_none_of_them() {
        let trusted = ["10.0.0.0/8", "192.0.2.1/32"];
        assert_eq!(found("10.0.0.1", &["6.6.6.6, 203.0.113.7"], &trusted), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["6.6.6.6, 203.0.113.7, 192.0.2.1", " 10.9.9.9"], &trusted), "203.0.113.7");
        assert_eq!(found("::ffff:10.0.0.1", &["[2001:db8::5]:4711"], &trusted), "2001:db8::5");
        assert_eq!(found("10.0.0.1", &["198.51.100.4:81"], &trusted), "198.51.100.4");
    }

    #[test]
    fn an_entry_that_is_no_address_is_charged_to_the_proxy_that_passed_it_on() {
        assert_eq!(found("10.0.0.1", &["203.0.113.7, unknown"], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
    }
}
