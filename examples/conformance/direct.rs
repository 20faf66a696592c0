//! Sessions of our own, with the echoes that the suites expect.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use engineioxide::Str;
use socketioxide_core::Value;
use socketioxide_core::packet::Packet;
use socketioxide_core::parser::ParseConfig;
use tincan::socket::Times;
use tincan::socket::direct::{End, Guest, Host, Packets, Pipe, Sessions, Welcome, encoded, frames};

/// The timing of the suites.
pub(crate) const TIMES: Times = Times {
    ping_interval: Duration::from_millis(300),
    ping_timeout: Duration::from_millis(200),
    connect_timeout: Duration::from_secs(1),
    most_packet: 1_000_000,
};

/// Those of both suites.
#[derive(Clone)]
pub(crate) struct Own(Arc<Sessions>);

impl Own {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(Sessions::new(TIMES))
    }

    /// Begins a session of the Engine.IO suite.
    pub(crate) fn engine(&self, request: Request) -> Response {
        self.0.begin(request, |pipe| {
            // This suite never connects to a namespace.
            pipe.admit();
            Echo(Arc::clone(pipe))
        })
    }

    /// Begins a session of the Socket.IO suite.
    pub(crate) fn socket(&self, request: Request) -> Response {
        self.0.begin(request, |pipe| {
            let host = Echoes { pipe: Arc::clone(pipe), inside: HashSet::new() };
            Packets::new(host, Arc::clone(pipe), Arc::new(ParseConfig::default()))
        })
    }
}

/// Every message comes back.
struct Echo(Arc<Pipe>);

impl Guest for Echo {
    fn came(&mut self, _bytes: usize) -> bool {
        true
    }

    fn waits(&mut self, _bytes: usize) -> bool {
        true
    }

    async fn text(&mut self, text: Str) -> Result<(), End> {
        self.0.send(&frames::text(&[b"4", text.as_bytes()]));
        Ok(())
    }

    async fn binary(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        self.0.send(&frames::binary(&bytes));
        Ok(())
    }

    fn dismissed(&mut self) {}

    fn ended(&mut self) {}
}

/// The handshake's `auth`, and every message, come back.
struct Echoes {
    pipe: Arc<Pipe>,
    inside: HashSet<String>,
}

impl Echoes {
    fn send(&self, packet: Packet) {
        encoded(packet).iter().for_each(|frame| self.pipe.send(frame));
    }
}

impl Host for Echoes {
    fn came(&mut self, _bytes: usize) -> bool {
        true
    }

    fn waits(&mut self, _bytes: usize) -> bool {
        true
    }

    fn knows(&self, namespace: &str) -> bool {
        ["/", "/custom"].contains(&namespace)
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.inside.contains(namespace)
    }

    async fn connect(&mut self, namespace: &str, _auth: Option<&str>) -> Welcome {
        self.pipe.admit();
        self.inside.insert(namespace.to_owned());
        Welcome::Connected
    }

    async fn connected(&mut self, namespace: &str, auth: Option<&str>) -> Result<(), End> {
        let event = format!("[\"auth\",{}]", auth.unwrap_or("{}"));
        self.send(Packet::event(namespace.to_owned(), Value::Str(event.into(), None)));
        Ok(())
    }

    async fn event(&mut self, namespace: &str, packet: Value, ack: Option<i64>) -> Result<(), End> {
        let Value::Str(text, attachments) = packet else { return Err(End::BROKEN) };
        let namespace = namespace.to_owned();
        if let Some(arguments) = text.strip_prefix("[\"message\",") {
            let event = format!("[\"message-back\",{arguments}");
            self.send(Packet::event(namespace, Value::Str(event.into(), attachments)));
        } else if let (Some(arguments), Some(ack)) = (text.strip_prefix("[\"message-with-ack\","), ack) {
            self.send(Packet::ack(namespace, Value::Str(format!("[{arguments}").into(), attachments), ack));
        }
        Ok(())
    }

    fn left(&mut self, namespace: &str) {
        self.inside.remove(namespace);
    }

    fn dismissed(&mut self) {}

    fn ended(&mut self) {}
}
