//! In front of the transports: handshakes are bounded by address, and each request goes to the one that it is for. What
//! begins as a websocket is a session of our own; the library has the rest.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::direct::Direct;
use super::hub::Hub;
use super::library::Library;
use super::query::Query;
use crate::net::remote::client_address;

/// The transports.
#[derive(Clone)]
pub(crate) struct Front {
    /// All connections.
    pub hub: Arc<Hub>,
    /// Sessions of our own.
    pub direct: Arc<Direct>,
    /// Those of the library.
    pub library: Arc<Library>,
}

/// The middleware. Requests for other paths pass untouched.
pub(crate) async fn guard(State(front): State<Front>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/socket.io") {
        return next.run(request).await;
    }
    let query = Query::of(request.uri());
    if query.sid.is_some() {
        return front.library.go_on(request, next).await;
    }
    let entrance = front.hub.entrance();
    let address = client_address(&entrance.trusted_proxies, request.extensions(), request.headers());
    let place = match entrance.limits.handshake(address) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    if query.websocket == Some(true) {
        return front.direct.begin(request, place);
    }
    front.library.begin(request, place, next).await
}
