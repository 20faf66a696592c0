//! Security headers on everything that is served.

use axum::extract::Request;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::origin::host;

/// What the bundled client needs and nothing else: its own files, pictures and recordings that it makes itself, its own server.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'";

const FIXED: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()",
    ),
];

/// Adds them. What a handler has set itself stays.
pub async fn secure(request: Request, next: Next) -> Response {
    let policy = policy(host(&request));
    let private = request.uri().path().starts_with("/api");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        set(headers, name, HeaderValue::from_static(value));
    }
    set(headers, header::CONTENT_SECURITY_POLICY, policy);
    if private {
        set(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// Not every browser counts WebSockets of the same host to `'self'`, so they are named, where `Host` is one and nothing more.
fn policy(host: Option<&str>) -> HeaderValue {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    host.filter(|host| !host.is_empty() && host.bytes().all(plain))
        .and_then(|host| HeaderValue::try_from(format!("{POLICY} ws://{host} wss://{host}")).ok())
        .unwrap_or(HeaderValue::from_static(POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_more_than_a_host_does_not_get_into_the_policy() {
        assert!(
            policy(Some("tin.example:5000"))
                .to_str()
                .unwrap()
                .ends_with("'self' ws://tin.example:5000 wss://tin.example:5000")
        );
        for odd in ["evil.example; script-src *", "a b", "", "a,b", "x'y"] {
            assert_eq!(policy(Some(odd)), HeaderValue::from_static(POLICY), "{odd}");
        }
    }

    #[test]
    fn the_policy_allows_no_inline_code() {
        assert!(!POLICY.contains("unsafe") && POLICY.contains("frame-ancestors 'none'"));
    }
}
