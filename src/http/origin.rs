//! Which web pages may talk to this server: the Origin check in front of both transports, and CORS.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::chat::Chat;
use crate::error::Error;

/// The path of the Socket.IO transports. CORS does not cover WebSockets, so a page that is not allowed is refused there outright.
const SOCKET_PATH: &str = "/socket.io";

/// Answers preflights, refuses Socket.IO to pages that are not allowed, and tells browsers which pages may read the answer.
///
/// A REST request of another page is carried out as any other, since it proves by its token that it may; but that page cannot read the answer.
pub async fn check(State(chat): State<Arc<Chat>>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return vary(next.run(request).await);
    };
    let allowed = is_allowed(&origin, host(&request), &chat.config().allowed_origins);
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if !allowed && request.uri().path().starts_with(SOCKET_PATH) {
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

/// The authority that the request was addressed to.
pub fn host(request: &Request) -> Option<&str> {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri().authority().map(|authority| authority.as_str()))
}

fn is_allowed(origin: &HeaderValue, host: Option<&str>, others: &[String]) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    host.is_some_and(|host| is_own(origin, host)) || others.iter().any(|other| other.eq_ignore_ascii_case(origin))
}

/// Browsers leave the scheme's own port out of the origin; proxies may write it into `Host`.
fn is_own(origin: &str, host: &str) -> bool {
    [("http://", ":80"), ("https://", ":443")].iter().any(|(scheme, port)| {
        origin.strip_prefix(scheme).is_some_and(|rest| {
            rest.eq_ignore_ascii_case(host)
                || host.strip_suffix(port).is_some_and(|bare| rest.eq_ignore_ascii_case(bare))
        })
    })
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

    fn allowed(origin: &str, host: &str) -> bool {
        let others = ["https://chat.example.com".to_owned()];
        is_allowed(&HeaderValue::from_str(origin).unwrap(), Some(host), &others)
    }

    #[test]
    fn the_own_origin_is_that_of_the_host_with_either_scheme() {
        assert!(allowed("http://10.0.0.5:5000", "10.0.0.5:5000"));
        assert!(allowed("https://tin.example", "tin.example"));
        assert!(allowed("https://tin.example", "tin.example:443"));
        assert!(allowed("http://[::1]:5000", "[::1]:5000"));
    }

    #[test]
    fn other_origins_are_allowed_by_name_alone_and_null_never() {
        assert!(allowed("https://chat.example.com", "tin.example"));
        for stranger in [
            "null",
            "",
            "https://evil.example",
            "https://tin.example.evil.example",
            "https://tin.example:8443",
            "http://tin.example:443",
            "ftp://tin.example",
            "https://chat.example.com.evil.example",
            "http://chat.example.com",
        ] {
            assert!(!allowed(stranger, "tin.example"), "{stranger}");
        }
        assert!(!is_allowed(&HeaderValue::from_static("null"), Some("null"), &[]));
        assert!(!is_allowed(&HeaderValue::from_static("http://"), None, &[]));
    }
}
