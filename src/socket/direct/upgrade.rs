//! The handshake of a websocket, as far as http has part in it.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tungstenite::handshake::derive_accept_key;

use crate::socket::query::Query;

/// The answer that agrees to the upgrade.
///
/// # Errors
/// The answer that refuses it, as Engine.IO does: another version of the protocol, or no handshake.
pub(crate) fn agree(request: &Request) -> Result<Response, Box<Response>> {
    if Query::of(request.uri()).version != Some("4") {
        return Err(refuse(5, "Unsupported protocol version"));
    }
    if request.method() != Method::GET {
        return Err(refuse(2, "Bad handshake method"));
    }
    let headers = request.headers();
    let asks = lists(headers, header::CONNECTION, "upgrade")
        && lists(headers, header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asks);
    let Some(key) = key else { return Err(refuse(3, "Bad request")) };
    let accept = derive_accept_key(key.as_bytes());
    let headers = [
        (header::CONNECTION, "upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

/// Whether a header that is a list has this word.
fn lists(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|entry| entry.trim().eq_ignore_ascii_case(word))
}

fn refuse(code: u8, message: &str) -> Box<Response> {
    Box::new((StatusCode::BAD_REQUEST, axum::Json(json!({"code": code, "message": message}))).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(method: &str, query: &str, headers: &[(&str, &str)]) -> Result<Response, Box<Response>> {
        let request = Request::builder().method(method).uri(format!("/socket.io/?{query}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        agree(&request.body(Body::empty()).unwrap())
    }

    const QUERY: &str = "EIO=4&transport=websocket";
    // The example of RFC 6455.
    const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    const VERSION: (&str, &str) = ("sec-websocket-version", "13");

    #[test]
    fn a_handshake_is_agreed_to_by_its_key() {
        let lists = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket"), KEY, VERSION];
        let agreed = asked("GET", QUERY, &lists).unwrap();
        assert_eq!(agreed.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(agreed.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        let whole = [("connection", "upgrade"), ("upgrade", "websocket"), KEY, VERSION];
        for missing in 0..whole.len() {
            let mut headers = whole.to_vec();
            headers.remove(missing);
            assert_eq!(asked("GET", QUERY, &headers).unwrap_err().status(), StatusCode::BAD_REQUEST);
        }
        asked("POST", QUERY, &whole).unwrap_err();
        asked("GET", "EIO=3&transport=websocket", &whole).unwrap_err();
        asked("GET", "transport=websocket", &whole).unwrap_err();
        asked("GET", QUERY, &whole).unwrap();
    }
}
