//! Security headers on everything that is served: what only a page understands on pages alone.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::origin::Site;
use super::paths::is_below;
use crate::config::{Config, PublicUrl};
use crate::net::remote::{host_asked, is_https};

/// What the bundled client needs and nothing else: its own files, pictures and recordings that it makes itself, its own
/// server. The import map and a line of script stand in the page; the build tells their hashes.
const POLICY: &str = concat!(
    "default-src 'self'; script-src 'self' ",
    env!("TINCAN_INLINE"),
    "; img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
     form-action 'self'; \
     frame-ancestors 'none'; connect-src 'self'"
);

/// For whatever is no page: it is bound by the policy of the page that asked for it. A service worker is bound by its
/// own.
const SHORT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'");

const FIXED: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
];

/// What a page alone understands. On the hundred other files of the client it would cost as much as some of them.
const FIXED_OF_PAGES: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()",
    ),
];

/// Adds them. What a handler has set itself stays.
pub(crate) async fn secure(State(config): State<Arc<Config>>, request: Request, next: Next) -> Response {
    let trusted = &config.trusted_proxies;
    let policy_of_a_page = policy(host_asked(trusted, &request), is_https(trusted, &request), &config.public_urls);
    let private = is_below(request.uri().path(), "/api");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        set(headers, name, HeaderValue::from_static(value));
    }
    if is_page(headers) {
        for (name, value) in FIXED_OF_PAGES {
            set(headers, name, HeaderValue::from_static(value));
        }
        set(headers, header::CONTENT_SECURITY_POLICY, policy_of_a_page);
    } else {
        set(headers, header::CONTENT_SECURITY_POLICY, SHORT_POLICY);
    }
    if private {
        set(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// Not every browser counts WebSockets of the same host to `'self'`, so those of the own origins are named: of the host
/// that was asked for, with any port where it is named without one, and of the public addresses. Over TLS plain ones
/// are left out.
fn policy(host: Option<&str>, https: bool, public: &[PublicUrl]) -> HeaderValue {
    let mut policy = POLICY.to_owned();
    if let Some(site) = host.and_then(Site::of_authority) {
        let port = site.port.map_or_else(|| "*".to_owned(), |port| port.to_string());
        for scheme in if https { &["wss"][..] } else { &["ws", "wss"] } {
            policy.push_str(&format!(" {scheme}://{}:{port}", site.host));
        }
    }
    for (_, authority) in public.iter().filter_map(|url| url.origin().split_once("://")) {
        policy.push_str(&format!(" ws://{authority} wss://{authority}"));
    }
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_of_the_own_origins_are_named() {
        let named = |host, https, public: &[PublicUrl]| {
            let policy = policy(Some(host), https, public).to_str().unwrap().to_owned();
            policy.split_once("connect-src 'self'").unwrap().1.to_owned()
        };
        assert_eq!(named("tin.example:5000", false, &[]), " ws://tin.example:5000 wss://tin.example:5000");
        assert_eq!(named("tin.example", true, &[]), " wss://tin.example:*");
        let public = [PublicUrl::parse("https://chat.example.com:8443/chat").unwrap()];
        assert_eq!(named("", false, &public), " ws://chat.example.com:8443 wss://chat.example.com:8443");
    }

    #[test]
    fn a_host_that_is_more_than_a_host_does_not_get_into_the_policy() {
        for odd in ["evil.example; script-src *", "a b", "", "a,b", "x'y"] {
            assert_eq!(policy(Some(odd), false, &[]), HeaderValue::from_static(POLICY), "{odd}");
        }
    }

    #[test]
    fn the_policy_allows_no_inline_code() {
        assert!(!POLICY.contains("unsafe") && POLICY.contains("frame-ancestors 'none'"));
    }
}
