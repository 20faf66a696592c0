//! Requests of sessions that the library carries: those of sessions that are none are turned away, what polls carry is
//! counted, and a request lets go of the buffer that it was read from.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::door::Door;
use super::session::{Admission, Session, Sessions};
use crate::error::Error;
use crate::live::Handshake;
use crate::net::{KillSwitch, Meter};
use crate::socket::ledger::Tally;
use crate::socket::query::Query;

/// The first answer to a session that polls is shorter than this, in bytes.
const MOST_OPENING: usize = 4096;

/// A request of a session that there is.
pub(crate) async fn go_on(sessions: &Sessions, door: &Arc<Door>, mut request: Request, next: Next) -> Response {
    let query = Query::of(request.uri());
    let Some(session) = query.sid.and_then(|id| sessions.of(id)) else { return unknown_session() };
    let own_line = request.extensions().get::<Arc<KillSwitch>>().filter(|_| query.websocket == Some(true));
    if own_line.is_some_and(|line| !session.take_line(line)) {
        return unknown_session();
    }
    unpin_buffer(&mut request);
    if request.method() == Method::POST {
        let request = request.map(|body| counted_in(body, door, &session));
        return next.run(request).await;
    }
    let response = next.run(request).await;
    match session.tally() {
        Some(tally) if response.status() == StatusCode::OK => counted_out(response, tally),
        _ => response,
    }
}

/// A session's first request.
pub(crate) async fn begin(sessions: &Arc<Sessions>, mut request: Request, place: Handshake, next: Next) -> Response {
    let session = sessions.begin(place);
    request.extensions_mut().insert(Admission(Arc::clone(&session)));
    unpin_buffer(&mut request);
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    // The answer names the session: `0{"sid":"…",…}`.
    let (parts, body) = response.into_parts();
    let Ok(opening) = axum::body::to_bytes(body, MOST_OPENING).await else { return Error::Internal.into_response() };
    if let Some(id) = session_in(&opening) {
        sessions.enter(id, &session);
    }
    Response::from_parts(parts, Body::from(opening))
}

fn session_in(opening: &[u8]) -> Option<&str> {
    let (_, rest) = std::str::from_utf8(opening).ok()?.split_once("\"sid\":\"")?;
    rest.split_once('"').map(|(id, _)| id)
}

/// Counts what a session posts, and ends one that posts more than it may.
fn counted_in(body: Body, door: &Arc<Door>, session: &Arc<Session>) -> Body {
    let (door, session) = (Arc::clone(door), Arc::clone(session));
    Body::new(body.map_frame(move |frame| {
        if frame.data_ref().is_some_and(|data| !session.came(data.len())) {
            door.end_session(&session);
        }
        frame
    }))
}

/// What a poll carries waits until hyper is done with it, not only until the poll was answered.
fn counted_out(response: Response, tally: &Arc<Tally>) -> Response {
    struct Waiting {
        data: Bytes,
        tally: Arc<Tally>,
    }
    impl AsRef<[u8]> for Waiting {
        fn as_ref(&self) -> &[u8] {
            &self.data
        }
    }
    impl Drop for Waiting {
        fn drop(&mut self) {
            self.tally.sent(self.data.len() as u64);
        }
    }
    let tally = Arc::clone(tally);
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            frame.map_data(|data| Bytes::from_owner(Waiting { data, tally: Arc::clone(&tally) }))
        }))
    })
}

/// As Engine.IO answers a session that it does not know: the client begins anew.
fn unknown_session() -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(serde_json::json!({"code": 1, "message": "Session ID unknown"})))
        .into_response()
}

/// Headers and URI are slices of the buffer that hyper read them into, 16 KiB for as long as the session lives. Copies
/// are not.
fn unpin_buffer(request: &mut Request) {
    let mut headers = HeaderMap::with_capacity(request.headers().len());
    for (name, value) in request.headers() {
        let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) else { continue };
        copy.set_sensitive(name == header::AUTHORIZATION || name == header::COOKIE);
        // Names that HTTP knows are static; another one is copied through its text.
        let Ok(name) = name.as_str().parse::<header::HeaderName>() else { continue };
        headers.append(name, copy);
    }
    *request.headers_mut() = headers;
    if let Ok(uri) = request.uri().to_string().parse::<Uri>() {
        if request.extensions().get::<OriginalUri>().is_some() {
            request.extensions_mut().insert(OriginalUri(uri.clone()));
        }
        *request.uri_mut() = uri;
    }
}
