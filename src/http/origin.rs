//! Which web pages may talk to this server: the Origin check in front of both transports, and CORS.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::paths::is_below;
use super::refusals::Refusals;
use crate::config::{Config, PublicUrl};
use crate::error::Error;
use crate::net::remote::host_asked;

/// The path of the Socket.IO transports. CORS does not cover WebSockets, so a page that is not allowed is refused there
/// outright.
const SOCKET_PATH: &str = "/socket.io";

/// What the check knows: the settings, and who was refused lately.
pub(crate) struct Origins {
    config: Arc<Config>,
    refusals: Refusals,
}

impl Origins {
    /// With nobody refused yet.
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config, refusals: Refusals::default() }
    }
}

/// Answers preflights, refuses Socket.IO to pages that are not allowed, and tells browsers which pages may read the
/// answer.
///
/// A REST request of another page is carried out as any other, since it proves by its token that it may; but that page
/// cannot read the answer.
pub(crate) async fn check(State(origins): State<Arc<Origins>>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return vary(next.run(request).await);
    };
    let config = &origins.config;
    let allowed = is_allowed(&origin, host_asked(&config.trusted_proxies, &request), config);
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let socket = is_below(request.uri().path(), SOCKET_PATH);
    if !allowed && (socket || preflight) {
        let host = host_asked(&config.trusted_proxies, &request);
        origins.refusals.note(&String::from_utf8_lossy(origin.as_bytes()), host);
    }
    let mut response = if !allowed && socket {
        Error::NotAllowed.into_response()
    } else if preflight {
        preflight_reply(allowed, request.headers())
    } else {
        next.run(request).await
    };
    if allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // No cookie is ever read, but clients made for the original server may send their requests `withCredentials`.
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Link, Retry-After"));
    }
    vary(response)
}

/// `host` is the one that the request was for.
pub(super) fn is_allowed(origin: &HeaderValue, host: Option<&str>, config: &Config) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    is_own(origin, host, &config.public_urls)
        || config.allowed_origins.iter().any(|other| other.eq_ignore_ascii_case(origin))
}

/// The scheme does not count, as proxies change it and apps send that of a WebSocket. A host that is named without a
/// port was stripped of it by a proxy, or has the scheme's own.
fn is_own(origin: &str, host: Option<&str>, public: &[PublicUrl]) -> bool {
    let Some(page) = Site::of_origin(origin) else {
        return false;
    };
    let asked = host.and_then(Site::of_authority);
    let is_asked = asked.is_some_and(|own| own.is_host_of(&page) && (own.port.is_none() || own.port == page.port));
    let mut public = public.iter().filter_map(|url| Site::of_origin(url.origin()));
    is_asked || public.any(|own| own.is_host_of(&page) && own.port == page.port)
}

/// A host and a port; 80 and 443 are as no port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// As it was written, an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, where it is neither absent nor that of a scheme.
    pub port: Option<u16>,
}

impl<'a> Site<'a> {
    /// `None` where it is none of the web.
    pub(crate) fn of_origin(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let known = ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        if known { Self::of_authority(authority) } else { None }
    }

    /// `None` where it is more than a host and a port.
    pub(crate) fn of_authority(authority: &'a str) -> Option<Self> {
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address are within its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match port {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.parse::<u16>().ok()?),
            Some(_) => return None,
            None => None,
        };
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let sound = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)),
            None => host.bytes().all(name),
        };
        let port = port.filter(|port| ![80, 443].contains(port));
        (sound && !host.is_empty()).then_some(Self { host, port })
    }

    fn is_host_of(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
    }
}

fn preflight_reply(allowed: bool, asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if allowed {
        let headers = response.headers_mut();
        let methods = HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origin: &str, host: &str) -> bool {
        is_own(origin, Some(host), &[PublicUrl::parse("https://chat.example.com/chat").unwrap()])
    }

    #[test]
    fn the_own_origin_is_that_of_the_host_with_any_scheme_of_the_web() {
        for (origin, host) in [
            ("http://10.0.0.5:5000", "10.0.0.5:5000"),
            ("ws://10.0.0.5:5000", "10.0.0.5:5000"),
            ("WSS://Tin.Example", "tin.example"),
            ("https://tin.example", "tin.example:443"),
            ("https://tin.example", "tin.example:80"),
            ("wss://tin.example:443", "tin.example"),
            ("http://[::1]:5000", "[::1]:5000"),
            ("https://tin.example:8443", "tin.example"),
            ("http://[::1]:5000", "[::1]"),
        ] {
            assert!(own(origin, host), "{origin} at {host}");
        }
    }

    #[test]
    fn the_public_address_is_own_whatever_the_host() {
        for origin in ["https://chat.example.com", "http://chat.example.com", "wss://Chat.example.com:443"] {
            assert!(own(origin, "127.0.0.1:5000"), "{origin}");
        }
        for origin in ["https://chat.example.com:8443", "https://chat.example.com.evil.example", "https://example.com"]
        {
            assert!(!own(origin, "127.0.0.1:5000"), "{origin}");
        }
    }

    #[test]
    fn another_host_or_port_is_not_own_and_null_never() {
        for (origin, host) in [
            ("null", "null"),
            ("", "tin.example"),
            ("http://", ""),
            ("https://evil.example", "tin.example"),
            ("https://tin.example.evil.example", "tin.example"),
            ("https://tin.example", "tin.example:5000"),
            ("https://tin.example:8443", "tin.example:5000"),
            ("ftp://tin.example", "tin.example"),
            ("https://tin.example/", "tin.example"),
            ("https://user@tin.example", "tin.example"),
            ("https://tin.example:", "tin.example"),
            ("https://tin.example:+443", "tin.example"),
            ("https://a,b", "a,b"),
            ("https://evil.example", "evil.example, tin.example"),
        ] {
            assert!(!own(origin, host), "{origin} at {host}");
        }
        assert!(!is_own("http://tin.example", None, &[]));
    }
}
