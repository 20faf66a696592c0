//! How transports are closed: at once, or a while after their socket has left.

use std::sync::{Arc, OnceLock, Weak};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use socketioxide::service::SocketIoService;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::session::Session;
use crate::socket::bounds::PARTING;

/// The library's own door, by which a session that polls is ended.
#[derive(Default)]
pub(crate) struct Door(OnceLock<Weak<SocketIoService<Router>>>);

impl Door {
    /// Says by which door the library is entered.
    pub(crate) fn attach(&self, door: &Arc<SocketIoService<Router>>) {
        let _once = self.0.set(Arc::downgrade(door));
    }

    /// Closes a session's transport. That is done when the task ends that is returned: nothing that is sent from then
    /// on reaches its client.
    pub(crate) fn end_session(&self, session: &Session) -> Option<JoinHandle<()>> {
        session.end();
        // A session that polls has no line to cut: it is closed as its own client would close it. Its queue goes at
        // once so, and the next
        // poll is answered that there is no such session.
        let door = self.0.get()?.upgrade()?;
        let uri = format!("/socket.io/?EIO=4&transport=polling&sid={}", session.id()?);
        let request = Request::post(uri).body(Body::from("1")).ok()?;
        let door = (*door).clone();
        Some(tokio::spawn(async move { drop(door.oneshot(request).await) }))
    }

    /// Ends a session that has left the namespace, unless it comes back soon. Clients close the transport themselves;
    /// one that keeps it
    /// would have what it waits for, and its place, counted for nobody.
    pub(crate) fn part(self: &Arc<Self>, session: &Arc<Session>) {
        if !session.is_idle() {
            return;
        }
        if session.tally().is_some_and(|tally| tally.is_heavy()) {
            self.end_session(session);
            return;
        }
        let (door, session) = (Arc::clone(self), Arc::clone(session));
        tokio::spawn(async move {
            tokio::time::sleep(PARTING).await;
            if session.is_idle() {
                door.end_session(&session);
            }
        });
    }
}
