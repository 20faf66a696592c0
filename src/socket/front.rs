//! In front of the library: handshakes are bounded by address, requests of sessions that are none are turned away, what polls carry is
//! counted, and a request lets go of the buffer that it was read from.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;

use super::cut::Cut;
use super::hub::Hub;
use super::ledger::Tally;
use super::session::Session;
use crate::error::Error;
use crate::peer::client_address;

/// The first answer to a session that polls is shorter than this, in bytes.
const MOST_OPENING: usize = 4096;

/// The session that a request is of; with the request that it began with it lives as long as the library keeps it.
#[derive(Clone)]
pub struct Admission(pub Arc<Session>);

/// What the query of an Engine.IO request says. Of several of one name the first counts, as for the library.
struct Query<'a> {
    websocket: Option<bool>,
    sid: Option<&'a str>,
}

impl<'a> Query<'a> {
    fn of(uri: &'a Uri) -> Self {
        let mut query = Query { websocket: None, sid: None };
        for (name, value) in uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "transport" => query.websocket = query.websocket.or(Some(value == "websocket")),
                "sid" => query.sid = query.sid.or(Some(value)),
                _ => {}
            }
        }
        query
    }
}

/// The middleware. Requests for other paths pass untouched.
pub async fn guard(State(hub): State<Arc<Hub>>, mut request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/socket.io") {
        return next.run(request).await;
    }
    let query = Query::of(request.uri());
    let own_line = request.extensions().get::<Arc<Cut>>().filter(|_| query.websocket == Some(true)).cloned();
    let Some(id) = query.sid else {
        return begin(&hub, request, next, own_line.as_ref()).await;
    };
    let Some(session) = hub.sessions().of(id) else { return unknown_session() };
    if own_line.is_some_and(|line| !session.take_line(&line)) {
        return unknown_session();
    }
    unpin_buffer(&mut request);
    if request.method() == Method::POST {
        let request = request.map(|body| counted_in(body, &hub, &session));
        return next.run(request).await;
    }
    let response = next.run(request).await;
    match session.tally() {
        Some(tally) if response.status() == StatusCode::OK => counted_out(response, tally),
        _ => response,
    }
}

/// A session's first request.
async fn begin(hub: &Arc<Hub>, mut request: Request, next: Next, own_line: Option<&Arc<Cut>>) -> Response {
    let trusted = &hub.chat().config().trusted_proxies;
    let address = client_address(trusted, request.extensions(), request.headers());
    let place = match hub.chat().limits().handshake(address) {
        Ok(place) => place,
        Err(refusal) => return refusal.into_response(),
    };
    let session = hub.sessions().begin(place, own_line);
    request.extensions_mut().insert(Admission(Arc::clone(&session)));
    unpin_buffer(&mut request);
    let response = next.run(request).await;
    if own_line.is_some() || response.status() != StatusCode::OK {
        return response;
    }
    // The answer names the session: `0{"sid":"…",…}`.
    let (parts, body) = response.into_parts();
    let Ok(opening) = axum::body::to_bytes(body, MOST_OPENING).await else { return Error::Internal.into_response() };
    if let Some(id) = session_in(&opening) {
        hub.sessions().enter(id, &session);
    }
    Response::from_parts(parts, Body::from(opening))
}

fn session_in(opening: &[u8]) -> Option<&str> {
    let (_, rest) = std::str::from_utf8(opening).ok()?.split_once("\"sid\":\"")?;
    rest.split_once('"').map(|(id, _)| id)
}

/// Counts what a session posts, and ends one that posts more than it may.
fn counted_in(body: Body, hub: &Arc<Hub>, session: &Arc<Session>) -> Body {
    let (hub, session) = (Arc::downgrade(hub), Arc::clone(session));
    Body::new(body.map_frame(move |frame| {
        if frame.data_ref().is_some_and(|data| !session.came(data.len()))
            && let Some(hub) = hub.upgrade()
        {
            hub.end_session(&session);
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

/// Headers and URI are slices of the buffer that hyper read them into, 16 KiB for as long as the session lives. Copies are not.
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
