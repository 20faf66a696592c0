//! What the query of an Engine.IO request says.

use axum::http::Uri;

/// The parts that matter here. Of several of one name the first counts, as for the library.
pub(crate) struct Query<'a> {
    /// The version of the protocol.
    pub version: Option<&'a str>,
    /// The transport is a websocket.
    pub websocket: Option<bool>,
    /// The session.
    pub sid: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// That of a request for this.
    pub(crate) fn of(uri: &'a Uri) -> Self {
        let mut query = Query { version: None, websocket: None, sid: None };
        for (name, value) in uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "EIO" => query.version = query.version.or(Some(value)),
                "transport" => query.websocket = query.websocket.or(Some(value == "websocket")),
                "sid" => query.sid = query.sid.or(Some(value)),
                _ => {}
            }
        }
        query
    }
}
