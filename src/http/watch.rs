//! Each request has a number, a span, its figures, and where the server is to blame, one line in the log; a panic becomes an answer.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::metrics;
use super::reply::Failure;
use crate::error::Error;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers and times a request, and logs it: a failure of the server as an error, everything else for whoever debugs.
///
/// Only the path is logged: a query may hold what is a secret, as the session of a transport is.
pub async fn watch(request: Request, next: Next) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = COUNT.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id, %method, path = request.uri().path());
    let began = Instant::now();
    async {
        let mut response = next.run(request).await;
        let status = response.status();
        let elapsed = began.elapsed();
        if status.is_server_error() {
            let code = response.extensions().get::<Failure>().map_or("-", |failure| failure.0);
            tracing::error!(status = status.as_u16(), code, ?elapsed, "a request failed");
        } else {
            tracing::debug!(status = status.as_u16(), ?elapsed, "answered");
        }
        let route = response.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
        metrics::request(&method, route, status, elapsed);
        response.headers_mut().insert(REQUEST_ID, HeaderValue::from(id));
        response
    }
    .instrument(span)
    .await
}

/// Leaves the name of the route with its answer, for the figures.
pub async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A handler that panics is a mistake of the server, and costs nobody but its own request anything.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    // The panic hook has said where. What the handler shared with others is guarded by locks that outlive a panic.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| Error::Internal.into_response())
}
