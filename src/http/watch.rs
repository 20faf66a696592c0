//! Each request has a number, a span, its figures, and where the server is to blame, one line in the log; a panic
//! becomes an answer.

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
use crate::error::Error;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Numbers, times and logs a request.
///
/// Only the path is logged, and of a code in it nothing: a query may hold what is a secret, as the session of a
/// transport is.
pub(crate) async fn watch(request: Request, next: Next) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = COUNT.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id, %method, path = without_code(request.uri().path()));
    let began = Instant::now();
    async {
        let mut response = next.run(request).await;
        let status = response.status();
        let elapsed = began.elapsed();
        if let Some(error) = response.extensions().get::<Error>() {
            error.log("a request was refused");
        }
        tracing::debug!(status = status.as_u16(), ?elapsed, "answered");
        let route = response.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
        metrics::request(&method, route, status, elapsed);
        response.headers_mut().insert(REQUEST_ID, HeaderValue::from(id));
        response
    }
    .instrument(span)
    .await
}

/// A path without the code of an invitation that it may end in, however the rest of it is written.
fn without_code(path: &str) -> &str {
    const BEFORE: &str = "/code/";
    let lower = path.to_ascii_lowercase();
    lower.find(BEFORE).map_or(path, |at| &path[..at + BEFORE.len()])
}

/// Leaves the name of the route with its answer, for the figures.
pub(crate) async fn name_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A handler that panics is a mistake of the server, and costs nobody but its own request anything.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    // The panic hook has said where. What the handler shared with others is guarded by locks that outlive a panic.
    AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| Error::Internal.into_response())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use axum::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_as_a_failure_that_says_nothing_of_its_cause() {
        let broken = get(async || -> &'static str { panic!("a secret") });
        let app = Router::new().route("/", broken).layer(from_fn(catch_panic)).layer(from_fn(watch));
        let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(REQUEST_ID));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("secret"), "{body}");
    }
}
