//! Lets connections in: authenticates, and listens before the client is told that it may speak.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{ConnectHandler, Value};
use socketioxide::socket::Socket;
use socketioxide_core::Str;

use super::door::Door;
use super::inbox::Inbox;
use super::lane::Queued;
use super::laned::{Job, Laned};
use super::session::session_of;
use super::worker::Worker;
use crate::error::Error;
use crate::socket::admission::{self, Refusal};
use crate::socket::hub::Hub;

/// The handler of CONNECT packets.
#[derive(Clone)]
pub(crate) struct Gate {
    hub: Arc<Hub>,
    door: Arc<Door>,
    worker: Arc<Worker>,
}

impl Gate {
    /// The gate to a hub, for sessions that are ended by this door.
    pub(crate) fn new(hub: Arc<Hub>, door: Arc<Door>) -> Self {
        Self { worker: Arc::new(Worker::new(&hub, &door)), hub, door }
    }

    async fn admit(&self, socket: &Arc<Socket>, auth: Option<&Value>) -> Result<(), Error> {
        let header = socket.req_parts().headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let token = admission::token(auth.and_then(Value::as_str).map(Str::as_str), header);
        let session = session_of(socket).ok_or(Error::Internal)?;
        // The library runs this in a task that the end of the connection does not cancel; the place is kept as long as
        // it takes.
        let _place = session.place();
        let (connection, identity) = admission::admit(&self.hub, token, session.tally()).await?;
        session.authenticated(&connection.tally);
        let worker = Arc::clone(&self.worker);
        let laned = Arc::new(Laned::new(Arc::new(connection), identity, session, worker));
        // Both are set before CONNECT is sent: what is registered later misses what a client sends at once.
        let leaving = Arc::clone(&laned);
        socket.on_disconnect(async move || leaving.end());
        socket.on_fallback(Inbox { laned: Arc::clone(&laned), hub: Arc::clone(&self.hub) });
        socket.extensions.insert(Opening(laned));
        Ok(())
    }

    /// What `connect_error` says.
    async fn refusal(&self, socket: &Socket, error: &Error) -> String {
        match admission::refusal(error) {
            Refusal::Told(message) => message,
            Refusal::Closed(message) => {
                // Waited for, so that the refusal itself reaches nobody: told so, clients would give up.
                if let Some(closing) = session_of(socket).and_then(|session| self.door.end_session(session)) {
                    let _ended = closing.await;
                }
                message
            }
        }
    }
}

/// Carries the connection from the middleware to the connect handler.
#[derive(Clone)]
struct Opening(Arc<Laned>);

impl ConnectHandler<LocalAdapter, ()> for Gate {
    /// Called right after CONNECT was queued.
    fn call(&self, socket: Arc<Socket>, _auth: Option<Value>) {
        let Some(Opening(laned)) = socket.extensions.remove::<Opening>() else { return };
        if laned.lane.open(Job::Connect(socket.into())) == Queued::StartWorker {
            laned.start_worker();
        }
    }

    fn call_middleware<'a>(
        &'a self,
        socket: Arc<Socket>,
        auth: &'a Option<Value>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Box<dyn Display + Send>>> + Send + 'a>> {
        Box::pin(async move {
            let Err(error) = self.admit(&socket, auth.as_ref()).await else { return Ok(()) };
            Err(Box::new(self.refusal(&socket, &error).await) as Box<dyn Display + Send>)
        })
    }
}
