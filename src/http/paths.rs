//! One spelling for each path of the server: a slash at the end and the case of fixed words make no difference, as with
//! Express.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::OWN_PATHS;
use crate::error::Error;

/// Gives a request the one spelling of its path, before anything else looks at it. `patterns` are those of the routes;
/// what stands in braces is an id.
pub(crate) async fn spell(State(patterns): State<Arc<[&'static str]>>, mut request: Request, next: Next) -> Response {
    if let Some(path) = spelling(&patterns, request.uri().path())
        && let Some(uri) = with_path(request.uri(), &path)
    {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// Answers 404 where a path means the server, however it is written, and lets pass what is the client's.
pub(crate) async fn keep_from_client(request: Request, next: Next) -> Response {
    if is_servers(request.uri().path()) {
        return Error::NotFound.into_response();
    }
    next.run(request).await
}

/// Whether a path is this one or below it.
pub(crate) fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The same, with another path.
pub(crate) fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// The one spelling, where the path has another one. Ids stay as they are, and nothing is decoded.
fn spelling(patterns: &[&str], path: &str) -> Option<String> {
    let is_plain = !path.ends_with('/') && !path.bytes().any(|byte| byte.is_ascii_uppercase());
    // Clients always write the last one, so it stays, and the request is not changed.
    if is_plain || path == "/socket.io/" {
        return None;
    }
    let first = path.strip_prefix('/')?.split('/').next()?;
    let word = OWN_PATHS.iter().find(|word| first.eq_ignore_ascii_case(word))?;
    let bare = path.strip_suffix('/').unwrap_or(path);
    let spelled = if *word == "api" {
        let known = patterns.iter().find_map(|pattern| filled(pattern, bare));
        known.unwrap_or_else(|| format!("/api{}", &bare["/api".len()..]))
    } else {
        bare.to_ascii_lowercase()
    };
    Some(spelled).filter(|spelled| spelled != path)
}

/// The pattern with the ids of a path, where that is one of this pattern.
fn filled(pattern: &str, path: &str) -> Option<String> {
    let (mut words, mut given) = (pattern.split('/'), path.split('/'));
    let mut spelled = Vec::new();
    loop {
        match (words.next(), given.next()) {
            (None, None) => return Some(spelled.join("/")),
            (Some(word), Some(id)) if word.starts_with('{') && !id.is_empty() => spelled.push(id),
            (Some(word), Some(other)) if word.eq_ignore_ascii_case(other) => spelled.push(word),
            _ => return None,
        }
    }
}

/// Whether a path would be the server's once it is decoded and its empty and dotted segments are resolved.
fn is_servers(path: &str) -> bool {
    let decoded = decoded(path);
    let mut way: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment {
            b"" | b"." => {}
            b".." => {
                way.pop();
            }
            other => way.push(other),
        }
    }
    way.first().is_some_and(|first| OWN_PATHS.iter().any(|word| first.eq_ignore_ascii_case(word.as_bytes())))
}

fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let hex = |at: usize| others.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &others[2..];
            }
            _ => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERNS: [&str; 2] = ["/api/rooms", "/api/rooms/{roomId}/messages"];

    #[test]
    fn fixed_words_are_in_lower_case_and_ids_as_they_were() {
        for (path, spelled) in [
            ("/Health/", "/health"),
            ("/METRICS", "/metrics"),
            ("/API/Rooms/", "/api/rooms"),
            ("/api/ROOMS/0123ABCdef/Messages/", "/api/rooms/0123ABCdef/messages"),
            ("/Api/Nonsense/X/", "/api/Nonsense/X"),
            ("/API/", "/api"),
            ("/api/rooms//", "/api/rooms/"),
            ("/Socket.IO/", "/socket.io"),
            ("/socket.io/Socket.IO.js/", "/socket.io/socket.io.js"),
        ] {
            assert_eq!(spelling(&PATTERNS, path).as_deref(), Some(spelled), "{path}");
        }
        for same in ["", "*", "/", "/health", "/socket.io/", "/Main.js", "/Rooms/", "//API/", "/%41PI/", "/apis/X"] {
            assert_eq!(spelling(&PATTERNS, same), None, "{same}");
        }
    }

    #[test]
    fn a_path_is_the_servers_however_it_is_written() {
        for path in [
            "/health/x",
            "//Health",
            "/%68ealth",
            "/./api",
            "/x/../API/rooms",
            "/%2Fapi",
            "/api%2frooms",
            "\\metrics",
            "/%2e%2e/socket.io/",
            "/socket%2Eio",
        ] {
            assert!(is_servers(path), "{path}");
        }
        for path in ["/", "/rooms/api", "/healthy", "/api.js", "/socket.io.js", "/%", "/%zz", "*", "/api/../x"] {
            assert!(!is_servers(path), "{path}");
        }
    }
}
