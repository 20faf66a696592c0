//! Packets of Socket.IO (v5) over a session of our own: namespaces, events, acknowledgements.

use std::sync::Arc;

use bytes::Bytes;
use engineioxide_core::{Sid, Str};
use serde_json::json;
use socketioxide_core::Value;
use socketioxide_core::packet::{Packet, PacketData};
use socketioxide_core::parser::{Parse, ParseConfig, ParseError, ParserState};
use socketioxide_parser_common::CommonParser;

use super::end::End;
use super::frames;
use super::guest::Guest;
use super::pipe::Pipe;

/// Who is connected to.
pub trait Host: Send + 'static {
    /// As [`Guest::came`].
    fn came(&mut self, bytes: usize) -> bool;

    /// As [`Guest::waits`].
    fn waits(&mut self, bytes: usize) -> bool;

    /// Whether there is a namespace of this name.
    fn knows(&self, namespace: &str) -> bool;

    /// Whether the client is connected to it.
    fn is_in(&self, namespace: &str) -> bool;

    /// Lets the client in, or not. `auth` is JSON.
    fn connect(&mut self, namespace: &str, auth: Option<&str>) -> impl Future<Output = Welcome> + Send;

    /// The client is told that it is in, and may speak from now on. `auth` is as it was.
    ///
    /// # Errors
    /// How the session is to end.
    fn connected(&mut self, namespace: &str, auth: Option<&str>) -> impl Future<Output = Result<(), End>> + Send;

    /// An event came: `["name", …]`, with its attachments.
    ///
    /// # Errors
    /// How the session is to end.
    fn event(
        &mut self,
        namespace: &str,
        packet: Value,
        ack: Option<i64>,
    ) -> impl Future<Output = Result<(), End>> + Send;

    /// The client leaves the namespace.
    fn left(&mut self, namespace: &str);

    /// The client was told that it is out of its namespaces.
    fn dismissed(&mut self);

    /// The session is over.
    fn ended(&mut self);
}

/// What comes of an attempt to connect.
#[derive(Debug)]
pub enum Welcome {
    /// The client is in.
    Connected,
    /// It is told this instead.
    Refused(String),
    /// The session ends, so that the client comes again.
    End(End),
}

/// Takes packets for a host.
pub struct Packets<H> {
    host: H,
    pipe: Arc<Pipe>,
    bounds: Arc<ParseConfig>,
    /// A packet whose attachments are to come.
    begun: Option<Box<ParserState>>,
}

impl<H: Host> Packets<H> {
    /// What is sent goes into the pipe.
    pub fn new(host: H, pipe: Arc<Pipe>, bounds: Arc<ParseConfig>) -> Self {
        Self { host, pipe, bounds, begun: None }
    }

    /// The packet, where it is whole.
    fn decode(&mut self, text: Str) -> Result<Option<Packet>, End> {
        let fresh = ParserState::default();
        let state = self.begun.as_deref().unwrap_or(&fresh);
        match CommonParser.decode_str(&self.bounds, state, text) {
            Ok(packet) => Ok(Some(packet)),
            Err(ParseError::NeedsMoreBinaryData) => {
                self.begun = Some(Box::new(fresh));
                Ok(None)
            }
            Err(_) => Err(End::BROKEN),
        }
    }

    async fn take(&mut self, packet: Packet) -> Result<(), End> {
        let Packet { inner, ns } = packet;
        let inside = self.host.is_in(&ns);
        match inner {
            PacketData::Connect(_) if inside => Ok(()),
            PacketData::Connect(auth) => {
                self.connect(&ns, auth.as_ref().and_then(Value::as_str).map(Str::as_str)).await
            }
            PacketData::ConnectError(_) => Err(End::BROKEN),
            // What is said to a namespace that there is not goes to nobody; before connecting to one, nothing is said.
            _ if !inside => {
                if self.host.knows(&ns) {
                    Err(End::BROKEN)
                } else {
                    Ok(())
                }
            }
            PacketData::Disconnect => {
                self.host.left(&ns);
                Ok(())
            }
            PacketData::Event(packet, ack) | PacketData::BinaryEvent(packet, ack) => {
                CommonParser.read_event(&packet).map_err(|_| End::BROKEN)?;
                self.host.event(&ns, packet, ack).await
            }
            // Nobody waits for one.
            PacketData::EventAck(..) | PacketData::BinaryAck(..) => Ok(()),
        }
    }

    async fn connect(&mut self, namespace: &str, auth: Option<&str>) -> Result<(), End> {
        let name = || Str::copy_from_slice(namespace);
        if !self.host.knows(namespace) {
            self.send(Packet::connect_error(name(), "Invalid namespace"));
            return Ok(());
        }
        match self.host.connect(namespace, auth).await {
            Welcome::Connected => {
                // What Socket.IO calls the connection. Nothing can be done by it.
                let sid = Value::Str(json!({"sid": Sid::new()}).to_string().into(), None);
                self.send(Packet::connect(name(), Some(sid)));
                self.host.connected(namespace, auth).await
            }
            Welcome::Refused(message) => {
                self.send(Packet::connect_error(name(), message));
                Ok(())
            }
            Welcome::End(end) => Err(end),
        }
    }

    fn send(&self, packet: Packet) {
        encoded(packet).iter().for_each(|frame| self.pipe.send(frame));
    }
}

/// The frames of a packet: its text, and those of its attachments.
pub fn encoded(packet: Packet) -> Vec<Bytes> {
    match CommonParser.encode(packet) {
        Value::Str(text, attachments) => {
            let text = frames::text(&[b"4", text.as_bytes()]);
            std::iter::once(text).chain(attachments.iter().flatten().map(|bytes| frames::binary(bytes))).collect()
        }
        Value::Bytes(bytes) => vec![frames::binary(&bytes)],
    }
}

impl<H: Host> Guest for Packets<H> {
    fn came(&mut self, bytes: usize) -> bool {
        self.host.came(bytes)
    }

    fn waits(&mut self, bytes: usize) -> bool {
        self.host.waits(bytes)
    }

    async fn text(&mut self, text: Str) -> Result<(), End> {
        match self.decode(text)? {
            Some(packet) => self.take(packet).await,
            None => Ok(()),
        }
    }

    async fn binary(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        let Some(state) = self.begun.take() else { return Err(End::BROKEN) };
        match CommonParser.decode_bin(&self.bounds, &state, bytes.into()) {
            Ok(packet) => self.take(packet).await,
            Err(ParseError::NeedsMoreBinaryData) => {
                self.begun = Some(state);
                Ok(())
            }
            Err(_) => Err(End::BROKEN),
        }
    }

    fn dismissed(&mut self) {
        self.host.dismissed();
    }

    fn ended(&mut self) {
        self.host.ended();
    }
}
