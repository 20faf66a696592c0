//! `/api/ice-servers`: what helps the two ends of a call to find a path.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::origin::Site;
use crate::chat::{Reach, Relaying};
use crate::config::{Config, IceServer, Tls};
use crate::net::relay::Relay;
use crate::net::remote::{Connection, host_asked, is_through_trusted};

/// How long they may be kept by a client where nothing about them expires, in seconds.
const KEPT: u64 = 86_400;

/// For `RTCPeerConnection`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IceServers {
    /// As its constructor takes them.
    ice_servers: Vec<IceServer>,
    /// For how many seconds they are good.
    ttl: u64,
}

/// STUN and TURN servers, ready for `RTCPeerConnection`; credentials are the caller's own, and expire.
#[utoipa::path(
    get, path = "/api/ice-servers", operation_id = "iceServers", tag = "server",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The servers", body = IceServers),
    )
)]
pub(crate) async fn servers(
    State(config): State<Arc<Config>>,
    State(relaying): State<Arc<Relaying>>,
    State(relay): State<Option<Arc<Relay>>>,
    Caller(who): Caller,
    request: Request,
) -> Json<IceServers> {
    let own = relay.and_then(|relay| reach(&config, relay.port(), &request));
    let (ice_servers, life) = relaying.servers(&who, own.as_ref());
    Json(IceServers { ice_servers, ttl: life.map_or(KEPT, |life| life.as_secs()) })
}

/// How the caller reaches the relay of this executable: under the host by which it reached the server.
fn reach(config: &Config, port: Option<u16>, request: &Request) -> Option<Reach> {
    let asked = host_asked(&config.trusted_proxies, request).and_then(Site::of_authority);
    let asked = asked.filter(|site| is_host(site.host));
    let mut public = config.public_urls.iter().filter_map(|url| Site::of_origin(url.origin()));
    let site = match (asked, public.next()) {
        // A proxy that nobody named has asked for its upstream.
        (Some(asked), Some(public)) if is_here(asked.host) => public,
        (Some(asked), _) => asked,
        (None, public) => public?,
    };
    let connection = request.extensions().get::<Connection>();
    let came_to = connection.map(|connection| connection.local.port());
    let direct = |port: &u16| match site.port {
        Some(named) => named == *port,
        None => [80, 443].contains(port),
    };
    let shared = came_to.filter(direct).filter(|_| !is_through_trusted(&config.trusted_proxies, request));
    // A browser takes the server's own authority from the page alone, and not for a relay.
    let encrypted = connection.is_some_and(|connection| connection.tls) && !matches!(config.tls, Tls::Auto);
    Some(Reach { host: site.host.to_owned(), port, shared, encrypted })
}

/// What makes no browser's `RTCPeerConnection` throw.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(six) => six.parse::<Ipv6Addr>().is_ok(),
        None => host.len() < 256,
    }
}

/// It names whatever machine one is at.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::config::{PublicUrl, Settings};

    fn reached(host: &str, came_to: u16, public: &str, trusted: &str) -> (String, Option<u16>) {
        let mut config = Settings::defaults().without_secret();
        config.public_urls = PublicUrl::parse(public).into_iter().collect();
        config.trusted_proxies = trusted.parse().into_iter().collect();
        let request = Request::builder()
            .header("host", host)
            .extension(Connection {
                remote: ([10, 0, 0, 1], 9).into(),
                local: ([10, 0, 0, 5], came_to).into(),
                tls: false,
            })
            .body(Body::empty())
            .unwrap();
        let reach = reach(&config, Some(3478), &request).unwrap();
        (reach.host, reach.shared)
    }

    #[test]
    fn the_relay_is_named_as_the_caller_reached_the_server() {
        assert_eq!(reached("10.0.0.5:5000", 5000, "", ""), ("10.0.0.5".into(), Some(5000)));
        assert_eq!(reached("[2001:db8::1]:5000", 5000, "", ""), ("[2001:db8::1]".into(), Some(5000)));
        assert_eq!(reached("tin.example", 443, "https://chat.example.com", ""), ("tin.example".into(), Some(443)));
        assert_eq!(reached("localhost:5000", 5000, "", ""), ("localhost".into(), Some(5000)));
    }

    #[test]
    fn behind_a_proxy_the_relay_has_a_port_of_its_own_only() {
        assert_eq!(reached("chat.example.com", 5000, "", ""), ("chat.example.com".into(), None));
        assert_eq!(reached("chat.example.com:5000", 5000, "", "10.0.0.0/8"), ("chat.example.com".into(), None));
        assert_eq!(
            reached("127.0.0.1:5000", 5000, "https://chat.example.com/chat", ""),
            ("chat.example.com".into(), None)
        );
    }
}
