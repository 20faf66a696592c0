//! A connection: how it is let in, what it queues, and how it ends.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::{ConnectHandler, Value};
use socketioxide::socket::Socket;

use super::closing::session_of;
use super::hub::Hub;
use super::inbox::{Ack, Inbox};
use super::lane::{Lane, Queued};
use super::ledger::{Seat, Tally};
use super::seam;
use super::session::Session;
use crate::chat::Identity;
use crate::error::Error;
use crate::live::SocketLimits;
use crate::model::{Origin, SocketId, UserRef, bearer, bearer_or_bare, json};
use crate::seldom::Seldom;

/// How long a socket may take to take what waits for it before its next event is run.
const TAKES_WITHIN: Duration = Duration::from_secs(30);

/// One authenticated Socket.IO connection.
pub struct Connection {
    /// The id that other people see.
    pub id: SocketId,
    /// Whose it is.
    pub user: UserRef,
    /// What waits to be sent to it.
    pub tally: Arc<Tally>,
    /// The transport's session that it is in.
    session: Arc<Session>,
    pub(super) limits: SocketLimits,
    pub(super) lane: Lane<Job>,
    /// Its place among the sockets of its user.
    pub(super) seat: Seat,
    /// By what right; taken when it is connected.
    identity: Mutex<Option<Identity>>,
    /// The verbs know it, from its connecting until it has gone.
    known: AtomicBool,
    ending: AtomicBool,
}

/// What runs in a connection's lane.
pub enum Job {
    /// The connection is open.
    Connect(SocketRef),
    /// A packet.
    Event { packet: Value, ack: Option<Ack> },
    /// The connection is gone; comes behind what it had sent before.
    Disconnect,
}

impl Connection {
    /// What the server stamps on what this connection sends.
    pub fn origin(&self) -> Origin {
        Origin { socket: self.id, user: self.user.clone() }
    }

    /// Has the verbs told, once, that it is gone.
    pub fn end(self: &Arc<Self>, hub: &Arc<Hub>) {
        if self.ending.swap(true, Ordering::AcqRel) {
            return;
        }
        self.tally.look_again();
        if self.lane.push_always(Job::Disconnect) == Queued::StartWorker {
            self.start_worker(hub);
        }
    }

    /// Runs what is queued, to the end, in a task that nobody cancels.
    pub(super) fn start_worker(self: &Arc<Self>, hub: &Arc<Hub>) {
        let (connection, hub) = (Arc::clone(self), Arc::clone(hub));
        tokio::spawn(async move {
            while let Some((job, bytes)) = connection.lane.next() {
                connection.seat.event_begins(bytes as u64);
                match job {
                    Job::Connect(socket) => connection.connect(&hub, socket).await,
                    Job::Event { packet, ack } => connection.run(&hub, &packet, ack).await,
                    Job::Disconnect => connection.disconnect(&hub).await,
                }
            }
        });
    }

    async fn run(self: &Arc<Self>, hub: &Arc<Hub>, packet: &Value, ack: Option<Ack>) {
        // Its answer may be large, and so may that of the next event: each waits until the socket has taken the one before.
        let light = self.tally.light(|| self.ending.load(Ordering::Acquire));
        if tokio::time::timeout(TAKES_WITHIN, light).await.is_err() {
            hub.cut(self.id);
        }
        if self.known.load(Ordering::Acquire) {
            seam::run(hub, self, packet, ack).await;
        }
    }

    async fn connect(self: &Arc<Self>, hub: &Arc<Hub>, socket: SocketRef) {
        let Some(identity) = self.identity.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() else {
            return;
        };
        hub.register(self, socket.clone());
        self.known.store(true, Ordering::Release);
        if let Err(error) = hub.chat().connect(self.id, &identity).await {
            self.known.store(false, Ordering::Release);
            hub.refuse(self.id, &error);
            hub.forget(self.id);
        } else if !socket.connected() {
            // Its end may have come before anybody listened for it.
            self.end(hub);
        }
    }

    async fn disconnect(&self, hub: &Arc<Hub>) {
        hub.forget(self.id);
        if self.known.swap(false, Ordering::AcqRel) {
            hub.chat().disconnect(self.id).await;
        }
        self.session.left();
        hub.part(&self.session);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // What was queued and never ran.
        self.seat.event_begins(self.lane.bytes() as u64);
    }
}

/// Lets connections in: authenticates, and listens before the client is told that it may speak.
#[derive(Clone)]
pub struct Gate {
    hub: Arc<Hub>,
}

impl Gate {
    /// The gate to a hub.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    async fn admit(&self, socket: &Arc<Socket>, auth: Option<&Value>) -> Result<(), Error> {
        let token = token_of(socket, auth).ok_or(Error::Unauthorized)?;
        let session = session_of(socket).ok_or(Error::Internal)?;
        // The library runs this in a task that the end of the connection does not cancel; the place is kept as long as it takes.
        let _place = session.place();
        let identity = self.hub.chat().authenticate(&token).await?;
        if self.hub.chat().is_closing() {
            return Err(Error::Overloaded);
        }
        let seat = self.hub.ledger().seat(identity.user.id)?;
        let connection = Arc::new(Connection {
            id: SocketId::new(),
            user: UserRef::from(&identity.user),
            tally: session.tally().map_or_else(|| Arc::new(Tally::new(&seat)), Arc::clone),
            seat,
            session: Arc::clone(session),
            limits: self.hub.chat().limits().socket(),
            lane: Lane::default(),
            identity: Mutex::new(Some(identity)),
            known: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        });
        session.authenticated(&connection.tally);
        // Both are set before CONNECT is sent: what is registered later misses what a client sends at once.
        let (leaving, hub) = (Arc::clone(&connection), Arc::clone(&self.hub));
        socket.on_disconnect(async move || leaving.end(&hub));
        socket.on_fallback(Inbox { connection: Arc::clone(&connection), hub: Arc::clone(&self.hub) });
        socket.extensions.insert(Opening(connection));
        Ok(())
    }
}

impl Gate {
    /// What `connect_error` says. Only a bad token is an authentication error, after which clients give up, and the bound of sockets is
    /// told by its code; the library takes a text alone. Where the server is to blame the transport is closed, so that clients come back.
    async fn refusal(&self, socket: &Socket, error: &Error) -> String {
        static TURNED_AWAY: Seldom = Seldom::new();
        tracing::debug!(code = error.code(), "a connection was refused");
        match error {
            Error::LimitReached => format!("{}: a user has at most 100 sockets at once", error.code()),
            Error::Storage | Error::Overloaded | Error::Internal | Error::RateLimited(_) => {
                TURNED_AWAY.say(|count| {
                    tracing::warn!(code = error.code(), count, "a connection could not be let in and is closed")
                });
                // Waited for, so that the refusal itself reaches nobody: told so, clients would give up.
                if let Some(closing) = self.hub.end_transport(socket) {
                    let _ended = closing.await;
                }
                error.message()
            }
            _ => format!("Authentication error: {error}"),
        }
    }
}

/// Carries the connection from the middleware to the connect handler.
#[derive(Clone)]
struct Opening(Arc<Connection>);

impl ConnectHandler<LocalAdapter, ()> for Gate {
    /// Called right after CONNECT was queued.
    fn call(&self, socket: Arc<Socket>, _auth: Option<Value>) {
        let Some(Opening(connection)) = socket.extensions.remove::<Opening>() else { return };
        if connection.lane.open(Job::Connect(socket.into())) == Queued::StartWorker {
            connection.start_worker(&self.hub);
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

/// From `auth: {token}`, where the token may have `Bearer` before it, else from the handshake's `Authorization` header.
fn token_of(socket: &Socket, auth: Option<&Value>) -> Option<String> {
    let auth = auth.and_then(Value::as_str).and_then(|text| json::read(text.as_str()));
    let named = auth.as_ref().and_then(|auth| bearer_or_bare(auth.get("token")?.as_str()?));
    let header = || socket.req_parts().headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok().and_then(bearer);
    named.or_else(header).map(str::to_owned)
}
