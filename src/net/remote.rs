//! Who is at the other end of a connection: its address, or behind a proxy that is trusted, the one that the proxy
//! names.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap, Request, header};
use ipnet::IpNet;

/// A TCP connection, as the requests on it know it: an extension of each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address at its other end.
    pub remote: SocketAddr,
    /// The address of this machine that it came to.
    pub local: SocketAddr,
    /// It is encrypted, up to this server.
    pub tls: bool,
}

impl Connection {
    /// Whether both ends are on one machine.
    pub fn is_within_machine(&self) -> bool {
        let remote = self.remote.ip().to_canonical();
        remote.is_loopback() || remote == self.local.ip().to_canonical()
    }
}

/// Where a request comes from: the right-most entry of `X-Forwarded-For` that is no trusted proxy, as far as the
/// entries to its right
/// and the connection itself are trusted. An IPv4 address in IPv6 form is the IPv4 address.
pub fn client_address(trusted: &[IpNet], extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let remote = connected_from(extensions);
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&remote) {
        return remote;
    }
    let entries = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let entries: Vec<&str> = entries.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = remote;
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
    let connection = extensions.get::<Connection>();
    connection.map_or(IpAddr::from([0, 0, 0, 0]), |connection| connection.remote.ip().to_canonical())
}

/// Whether the connection comes from a proxy that is trusted.
pub fn is_through_trusted<B>(trusted: &[IpNet], request: &Request<B>) -> bool {
    let remote = connected_from(request.extensions());
    trusted.iter().any(|net| net.contains(&remote))
}

/// The host, with a port where one is named, under which the client asked for this server: `Host`, or from a trusted
/// proxy the last
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
        (None, _) => request.uri().authority().map(axum::http::uri::Authority::as_str),
        (Some(_), Some(_)) => None,
    }
}

/// Whether the client came over TLS: to this server, or to a trusted proxy that says so.
pub fn is_https<B>(trusted: &[IpNet], request: &Request<B>) -> bool {
    match scheme_forwarded(trusted, request) {
        Some(scheme) => ["https", "wss"].iter().any(|secure| scheme.eq_ignore_ascii_case(secure)),
        None => request.extensions().get::<Connection>().is_some_and(|connection| connection.tls),
    }
}

/// The scheme under which the client came to a trusted proxy, where that says so.
pub fn scheme_forwarded<'a, B>(trusted: &[IpNet], request: &'a Request<B>) -> Option<&'a str> {
    last(request.headers(), "x-forwarded-proto").filter(|_| is_through_trusted(trusted, request))
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

    fn connection(remote: &str, tls: bool) -> Connection {
        let local = SocketAddr::from(([192, 0, 2, 1], 5000));
        Connection { remote: SocketAddr::new(remote.parse().unwrap(), 1), local, tls }
    }

    fn from(remote: &str, trusted: &[&str], forwarded: &[&'static str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(connection(remote, false));
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
            .extension(connection("10.0.0.1", false))
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
    fn a_connection_over_tls_is_https_and_a_trusted_proxy_knows_better() {
        let https = |tls, forwarded: &'static str| {
            let request = Request::builder().extension(connection("10.0.0.1", tls));
            let request = request.header("x-forwarded-proto", forwarded).body(()).unwrap();
            (is_https(&[], &request), is_https(&["10.0.0.0/8".parse().unwrap()], &request))
        };
        assert_eq!(https(true, ""), (true, true));
        assert_eq!(https(true, "http"), (true, false));
        assert_eq!(https(false, "https"), (false, true));
    }

    #[test]
    fn a_connection_stays_within_the_machine_where_both_addresses_are_its_own() {
        let within = |remote| connection(remote, false).is_within_machine();
        assert!(within("127.0.0.1") && within("::1") && within("::ffff:192.0.2.1") && !within("192.0.2.2"));
    }

    #[test]
    fn what_a_client_claims_left_of_its_own_address_counts_nothing() {
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["1.1.1.1", "198.51.100.1:4000"]), "198.51.100.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["junk"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.0/8"], &["[2001:db8::1]:99"]), "2001:db8::1");
    }
}
