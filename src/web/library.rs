//! The official Socket.IO client, at the paths where a Socket.IO server in Node serves it.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use rust_embed::Embed;

use super::{choose, reply};

/// The official client of Socket.IO, unchanged, prepared in the same way.
#[derive(Embed)]
#[folder = "$OUT_DIR/socket.io-client"]
struct Library;

/// Where a Socket.IO server in Node serves its client.
const LIBRARY: [&str; 6] = [
    "/socket.io/socket.io.js",
    "/socket.io/socket.io.js.map",
    "/socket.io/socket.io.min.js",
    "/socket.io/socket.io.min.js.map",
    "/socket.io/socket.io.esm.min.js",
    "/socket.io/socket.io.esm.min.js.map",
];

/// The official Socket.IO client, at the paths where a server in Node has it. There whether the web client is served or
/// not.
pub fn library() -> Router {
    LIBRARY.iter().fold(Router::new(), |routes, path| routes.route(path, any(of_library)))
}

async fn of_library(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/socket.io/").to_owned();
    let file = choose::<Library>(&path, request.headers());
    reply(&request, &path, file)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use tower::ServiceExt;

    use super::super::plain;
    use super::*;

    #[tokio::test]
    async fn the_official_client_is_where_a_node_server_has_it() {
        for path in LIBRARY {
            let request = Request::builder().uri(path).header(header::ACCEPT_ENCODING, "br");
            let response =
                library().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
            let of = |name| response.headers().get(name).map_or("", |value| value.to_str().expect("text"));
            let expected = if path.ends_with(".map") { "application/json" } else { "text/javascript; charset=utf-8" };
            assert_eq!((response.status(), of(header::CONTENT_TYPE)), (StatusCode::OK, expected), "{path}");
            assert_eq!(of(header::CONTENT_ENCODING), "br", "{path}");
            assert!(response.headers().contains_key(header::ETAG), "{path}");
        }
        assert!(plain::<Library>("LICENSE").is_some_and(|text| text.content.starts_with(b"The MIT License")));
    }
}
