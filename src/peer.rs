//! Who is at the other end of a connection: its address, or behind a proxy that is trusted, the one that the proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The address of a TCP connection; an extension of every request on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Where a request comes from: the right-most entry of `X-Forwarded-For` that is no trusted proxy, as far as the entries to its right
/// and the connection itself are trusted. An IPv4 address in IPv6 form is the IPv4 address.
pub fn client_address(trusted: &[IpNet], extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical());
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let entries = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let entries: Vec<&str> = entries.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for entry in entries.iter().rev() {
        let Some(address) = parse(entry) else { return nearest };
        nearest = address;
        if !is_trusted(&address) {
            break;
        }
    }
    nearest
}

/// An entry may carry a port: `192.0.2.1:1234`, `[2001:db8::1]:1234`.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|full| full.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, trusted: &[&str], forwarded: &[&'static str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(&trusted, &extensions, &headers).to_string()
    }

    #[test]
    fn a_forwarded_header_is_believed_from_a_trusted_proxy_only() {
        assert_eq!(from("203.0.113.9", &[], &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(from("::ffff:10.0.0.1", &["10.0.0.0/8"], &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_a_client_claims_left_of_its_own_address_counts_nothing() {
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1", "198.51.100.1:4000"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["junk"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["[2001:db8::1]:99"]), "2001:db8::1");
    }
}
