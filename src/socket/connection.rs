//! A connection: how it is let in, what it queues, and how it ends.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::handler::{ConnectHandler, FromMessageParts, MessageHandler, Value};
use socketioxide::socket::Socket;

use super::front::Admission;
use super::hub::Hub;
use super::lane::{Lane, Queued};
use super::seam;
use crate::chat::Identity;
use crate::error::Error;
use crate::live::SocketLimits;
use crate::model::{Origin, SocketId, UserRef, bearer, bearer_or_bare, json};

/// One authenticated Socket.IO connection.
pub struct Connection {
    /// The id that other people see.
    pub id: SocketId,
    /// Whose it is.
    pub user: UserRef,
    pub(super) limits: SocketLimits,
    lane: Lane<Job>,
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
    Event { packet: Value, ack: Option<AckSender> },
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
        if !self.ending.swap(true, Ordering::AcqRel) && self.lane.push_always(Job::Disconnect) == Queued::StartWorker {
            self.start_worker(hub);
        }
    }

    fn start_worker(self: &Arc<Self>, hub: &Arc<Hub>) {
        let (connection, hub) = (Arc::clone(self), Arc::clone(hub));
        tokio::spawn(async move {
            while let Some(job) = connection.lane.next() {
                match job {
                    Job::Connect(socket) => connection.connect(&hub, socket).await,
                    Job::Event { packet, ack } => {
                        if connection.known.load(Ordering::Acquire) {
                            seam::run(&hub, &connection, &packet, ack).await;
                        }
                    }
                    Job::Disconnect => connection.disconnect(&hub).await,
                }
            }
        });
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
        let identity = self.hub.chat().authenticate(&token).await?;
        if self.hub.chat().is_closing() {
            return Err(Error::Overloaded);
        }
        let connection = Arc::new(Connection {
            id: SocketId::new(),
            user: UserRef::from(&identity.user),
            limits: self.hub.chat().limits().socket(),
            lane: Lane::default(),
            identity: Mutex::new(Some(identity)),
            known: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        });
        if let Some(admission) = socket.req_parts().extensions.get::<Admission>() {
            admission.authenticated();
        }
        // Both are set before CONNECT is sent: what is registered later misses what a client sends at once.
        let (leaving, hub) = (Arc::clone(&connection), Arc::clone(&self.hub));
        socket.on_disconnect(async move || leaving.end(&hub));
        socket.on_fallback(Inbox { connection: Arc::clone(&connection), hub: Arc::clone(&self.hub) });
        socket.extensions.insert(Opening(connection));
        Ok(())
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
            self.admit(&socket, auth.as_ref()).await.map_err(|error| {
                tracing::debug!(code = error.code(), "a connection was refused");
                Box::new(format!("Authentication error: {error}")) as Box<dyn Display + Send>
            })
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

/// Takes a connection's packets, synchronously and in order.
struct Inbox {
    connection: Arc<Connection>,
    hub: Arc<Hub>,
}

impl MessageHandler<LocalAdapter, ()> for Inbox {
    fn call(&self, socket: Arc<Socket>, mut packet: Value, ack: Option<i64>) {
        let sender = ack.map(|_| match AckSender::from_message_parts(&socket, &mut packet, &ack) {
            Ok(sender) => sender,
            Err(never) => match never {},
        });
        if let Err(error) = seam::meter(&self.connection, &packet) {
            return seam::refuse(&self.hub, &self.connection, &packet, sender, &error);
        }
        let size = packet.len();
        let job = Job::Event { packet, ack: sender };
        match self.connection.lane.push(job, size) {
            Queued::StartWorker => self.connection.start_worker(&self.hub),
            Queued::Waits => {}
            // More waits than any limit lets through: it does not wait for answers. It comes back and repeats what was not acknowledged.
            Queued::Full => self.hub.cut(self.connection.id),
        }
    }
}
