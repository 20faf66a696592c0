//! In front of the library: handshakes are bounded by address, sessions that were cut are turned away, and a request lets go of the
//! buffer that it was read from.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::cut::Cut;
use super::hub::Hub;
use crate::error::Error;
use crate::live::Handshake;
use crate::peer::client_address;

/// A session's first request: its place among those that have not authenticated, and the switch of its connection.
#[derive(Clone)]
pub struct Admission(Arc<Inner>);

struct Inner {
    place: Mutex<Option<Handshake>>,
    /// Only where the session began as a websocket: a connection that polls may be a proxy's and carry others too.
    cut: Option<Arc<Cut>>,
}

impl Admission {
    /// Gives the place back.
    pub fn authenticated(&self) {
        self.0.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Cuts the connection, where that is the session's own.
    pub fn cut(&self) {
        if let Some(cut) = &self.0.cut {
            cut.cut();
        }
    }
}

/// What the query of an Engine.IO request says.
struct Query<'a> {
    websocket: bool,
    sid: Option<&'a str>,
}

impl<'a> Query<'a> {
    fn of(uri: &'a Uri) -> Self {
        let mut query = Query { websocket: false, sid: None };
        for (name, value) in uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "transport" => query.websocket = value == "websocket",
                "sid" => query.sid = Some(value),
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
    if let Err(refusal) = admit(&hub, &mut request) {
        return refusal;
    }
    unpin_buffer(&mut request);
    next.run(request).await
}

#[expect(clippy::result_large_err, reason = "a response is what is sent, once, and not passed on")]
fn admit(hub: &Hub, request: &mut Request) -> Result<(), Response> {
    let query = Query::of(request.uri());
    let own_line = request.extensions().get::<Arc<Cut>>().filter(|_| query.websocket).cloned();
    match (query.sid, own_line) {
        (Some(sid), _) if hub.is_dead(sid) => Err(unknown_session()),
        (Some(sid), Some(cut)) => {
            hub.upgraded(sid, &cut);
            Ok(())
        }
        (Some(_), None) => Ok(()),
        (None, cut) => {
            let trusted = &hub.chat().config().trusted_proxies;
            let address = client_address(trusted, request.extensions(), request.headers());
            let place = hub.chat().limits().handshake(address).map_err(Error::into_response)?;
            let inner = Inner { place: Mutex::new(Some(place)), cut };
            request.extensions_mut().insert(Admission(Arc::new(inner)));
            Ok(())
        }
    }
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
