//! Who is at the other end of a connection: its address, or behind a proxy that is trusted, the one that the proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap, Request, header};
use ipnet::IpNet;

/// The address of a TCP connection; an extension of every request on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Where a request comes from: the right-most entry of `X-Forwarded-For` that is no trusted proxy, as far as the entries to its right
/// and the connection itself are trusted. An IPv4 address in IPv6 form is the IPv4 address.
pub fn client_address(trusted: &[IpNet], extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = connected_from(extensions);
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

/// The other end of the connection.
fn connected_from(extensions: &Extensions) -> IpAddr {
    extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical())
}

/// Whether the connection comes from a proxy that is trusted.
fn is_through_trusted<B>(trusted: &[IpNet], request: &Request<B>) -> bool {
    let peer = connected_from(request.extensions());
    trusted.iter().any(|net| net.contains(&peer))
}

/// The host, with a port where one is named, under which the client asked for this server: `Host`, or from a trusted proxy the last
/// `X-Forwarded-Host`. `None` where there is none, or where `Host` is there twice.
pub fn host_asked<'a, B>(trusted: &[IpNet], request: &'a Request<B>) -> Option<&'a str> {
    let headers = request.headers();
    if is_through_trusted(trusted, request)
        && let Some(host) = last(headers, "x-forwarded-host")
    {
        return Some(host);
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request.uri().authority().map(|authority| authority.as_str()),
        (Some(_), Some(_)) => None,
    }
}

/// Whether a trusted proxy says that the client came to it over TLS.
pub fn is_https<B>(trusted: &[IpNet], request: &Request<B>) -> bool {
    let scheme = last(request.headers(), "x-forwarded-proto").filter(|_| is_through_trusted(trusted, request));
    scheme.is_some_and(|scheme| ["https", "wss"].iter().any(|secure| scheme.eq_ignore_ascii_case(secure)))
}

/// The last entry of a header that is a list, over all its lines; entries that are empty are none.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).rfind(|entry| !entry.is_empty())
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
    fn the_forwarded_host_and_scheme_are_believed_from_a_trusted_proxy_only() {
        let request = Request::builder()
            .extension(Peer(SocketAddr::from(([10, 0, 0, 1], 1))))
            .header("host", "127.0.0.1:5000")
            .header("x-forwarded-host", "claimed.example, outer.example")
            .header("x-forwarded-host", "chat.example.com, ")
            .header("x-forwarded-proto", "http, https")
            .body(())
            .unwrap();
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(host_asked(&trusted, &request), Some("chat.example.com"));
        assert_eq!(host_asked(&[], &request), Some("127.0.0.1:5000"));
        assert!(is_https(&trusted, &request) && !is_https(&[], &request));
        let twice = Request::builder().header("host", "a").header("host", "b").body(()).unwrap();
        assert_eq!(host_asked(&trusted, &twice), None);
    }

    #[test]
    fn what_a_client_claims_left_of_its_own_address_counts_nothing() {
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1", "198.51.100.1:4000"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["junk"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["[2001:db8::1]:99"]), "2001:db8::1");
    }
}
