//! How transports are closed: at once, or a while after their socket has left.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use socketioxide::socket::Socket;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use super::front::Admission;
use super::hub::Hub;
use super::session::Session;

/// How long a client that was told to go may stay on the line.
const PARTING: Duration = Duration::from_secs(4);

/// The transport's session that a socket is in.
pub fn session_of(socket: &Socket) -> Option<&Arc<Session>> {
    socket.req_parts().extensions.get::<Admission>().map(|Admission(session)| session)
}

impl Hub {
    /// Closes the transport of a socket; as [`Hub::end_session`].
    pub fn end_transport(&self, socket: &Socket) -> Option<JoinHandle<()>> {
        self.end_session(session_of(socket)?)
    }

    /// Closes a session's transport. For one that polls that is done when the task ends that is returned: nothing that is sent from then
    /// on reaches its client.
    pub fn end_session(&self, session: &Arc<Session>) -> Option<JoinHandle<()>> {
        if !session.end() {
            return None;
        }
        // A session that polls has no line to cut: it is closed as its own client would close it. Its queue goes at once so, and the next
        // poll is answered that there is no such session.
        let door = self.door.get()?.upgrade()?;
        let uri = format!("/socket.io/?EIO=4&transport=polling&sid={}", session.id()?);
        let request = Request::post(uri).body(Body::from("1")).ok()?;
        let door = (*door).clone();
        Some(tokio::spawn(async move { drop(door.oneshot(request).await) }))
    }

    /// Ends a session that has left the namespace, unless it comes back soon. Clients close the transport themselves; one that keeps it
    /// would have what it waits for, and its place, counted for nobody.
    pub fn part(&self, session: &Arc<Session>) {
        if !session.is_idle() {
            return;
        }
        if session.tally().is_some_and(|tally| tally.is_heavy()) {
            self.end_session(session);
            return;
        }
        let (me, session) = (Weak::clone(&self.me), Arc::clone(session));
        tokio::spawn(async move {
            tokio::time::sleep(PARTING).await;
            if let Some(hub) = me.upgrade().filter(|_| session.is_idle()) {
                hub.end_session(&session);
            }
        });
    }
}
