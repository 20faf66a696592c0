//! A thin Socket.IO client over a websocket, for tests that must see every packet.
//!
//! It begins as a websocket, so the server has a session of its own for it. With `TEST_TRANSPORT=upgraded` it begins by
//! polling and moves on to a websocket, so that the library carries it: every test of sockets runs over both.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::app::PATIENCE;
use crate::support::polling::Polling;
use crate::support::shape::{check_acknowledged, check_told};
use crate::support::together::settled;

type WebSocket = WebSocketStream<Box<dyn Line>>;

/// What a websocket goes over.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// A connected socket. What comes is kept until somebody asks for it.
pub(crate) struct Socket {
    /// The id that the server minted for it.
    pub id: String,
    /// The `session` event.
    pub session: Value,
    /// What Socket.IO itself calls the connection.
    pub transport_id: String,
    address: SocketAddr,
    writer: Mutex<SplitSink<WebSocket, Message>>,
    inbox: Mutex<Inbox>,
    next_ack: AtomicU64,
}

struct Inbox {
    reader: SplitStream<WebSocket>,
    events: Vec<(String, Value)>,
    acks: Vec<(u64, Value)>,
    closed: bool,
    transport_id: String,
}

/// What a client listens to.
pub(crate) enum Heard {
    /// An event, and its payload.
    Event(String, Value),
    /// An acknowledgement, by its number.
    Ack(u64, Value),
}

/// What the server sent, as far as tests tell it apart.
enum Packet {
    Event(String, Value),
    Ack(u64, Value),
    Connected(String),
    Refused(String),
    Disconnect,
    Ping,
    Probed,
    Other,
}

impl Socket {
    /// Connects; `Err` with the message of `connect_error`.
    pub(crate) async fn connect(address: SocketAddr, auth: Value) -> Result<Self, String> {
        let socket = Self::open(address).await;
        socket.raw(format!("40{auth}")).await;
        socket.greeted().await
    }

    /// As [`Socket::connect`], and `Err` where nobody is there too.
    pub(crate) async fn reach(address: SocketAddr, auth: Value) -> Result<Self, String> {
        let socket = Self::try_open(address).await?;
        socket.raw(format!("40{auth}")).await;
        socket.greeted().await
    }

    /// As [`Socket::connect`], over a connection that is there already.
    pub(crate) async fn connect_over(
        line: impl Line + 'static,
        address: SocketAddr,
        auth: Value,
    ) -> Result<Self, String> {
        let socket = Self::over(Box::new(line), address, "").await?;
        socket.raw(format!("40{auth}")).await;
        socket.greeted().await
    }

    /// Opens the transport without a session.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::try_open(address).await.expect("a session")
    }

    /// Moves a session from polling to a websocket.
    pub(crate) async fn upgrade(address: SocketAddr, sid: &str) -> Self {
        Self::try_upgrade(address, sid).await.expect("an upgrade")
    }

    async fn try_upgrade(address: SocketAddr, sid: &str) -> Result<Self, String> {
        let socket = Self::line(address, &format!("&sid={sid}")).await?;
        socket.raw("2probe".to_owned()).await;
        timed("the answer to the probe", async {
            let probed = socket.inbox.lock().await.read(&socket.writer).await;
            assert!(matches!(probed, Some(Packet::Probed)), "it answers the probe first");
        })
        .await;
        socket.raw("5".to_owned()).await;
        Ok(socket)
    }

    async fn try_open(address: SocketAddr) -> Result<Self, String> {
        if !upgrades() {
            return Self::line(address, "").await;
        }
        let sid = Polling::handshake(address).await?;
        Self::try_upgrade(address, &sid).await
    }

    async fn line(address: SocketAddr, query: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).expect("an option of every socket");
        Self::over(Box::new(stream), address, query).await
    }

    async fn over(stream: Box<dyn Line>, address: SocketAddr, query: &str) -> Result<Self, String> {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let (line, _) = tokio_tungstenite::client_async(url, stream).await.map_err(|error| error.to_string())?;
        let (writer, reader) = line.split();
        let inbox = Inbox { reader, events: Vec::new(), acks: Vec::new(), closed: false, transport_id: String::new() };
        Ok(Self {
            id: String::new(),
            session: Value::Null,
            transport_id: String::new(),
            address,
            writer: Mutex::new(writer),
            inbox: Mutex::new(inbox),
            next_ack: AtomicU64::new(0),
        })
    }

    /// Waits for the CONNECT packet, from which on the client may send.
    pub(crate) async fn connected(&self) {
        timed("CONNECT", async {
            let mut inbox = self.inbox.lock().await;
            while !matches!(inbox.read(&self.writer).await.expect("the connection is open"), Packet::Connected(_)) {}
        })
        .await;
    }

    /// Waits for the `session`.
    pub(crate) async fn greeted(mut self) -> Result<Self, String> {
        let found = timed("a session or a refusal", async {
            let mut inbox = self.inbox.lock().await;
            loop {
                if let Some(session) = inbox.take_event("session", &|_| true) {
                    return Ok(session);
                }
                match inbox.read(&self.writer).await {
                    Some(Packet::Refused(message)) => return Err(message),
                    Some(_) => {}
                    None => return Err("closed".to_owned()),
                }
            }
        })
        .await?;
        self.id = found["socketId"].as_str().expect("an id").to_owned();
        self.session = found;
        self.transport_id = self.inbox.get_mut().transport_id.clone();
        Ok(self)
    }

    /// Sends a text frame as it stands.
    pub(crate) async fn raw(&self, frame: String) {
        // A line that is closed shows when something is waited for.
        let _ = self.writer.lock().await.send(Message::text(frame)).await;
    }

    /// Sends a frame of any kind.
    pub(crate) async fn frame(&self, frame: Message) {
        // A line that is closed shows when something is waited for.
        let _ = self.writer.lock().await.send(frame).await;
    }

    /// Whether the server still answers events, or has ended the connection.
    pub(crate) async fn answers(&self) -> bool {
        let number = self.begin("still there?", json!({})).await;
        timed("an answer, or the end of the connection", async {
            let mut inbox = self.inbox.lock().await;
            while !inbox.acks.iter().any(|(of, _)| *of == number) {
                if inbox.read(&self.writer).await.is_none() {
                    return false;
                }
            }
            true
        })
        .await
    }

    /// Emits without asking for an acknowledgement.
    pub(crate) async fn emit(&self, event: &str, payload: Value) {
        settled(self.address).await;
        self.raw(format!("42{}", json!([event, payload]))).await;
    }

    /// Emits, and does not wait for the acknowledgement; its number for [`Socket::acked`].
    pub(crate) async fn begin(&self, event: &str, payload: Value) -> u64 {
        settled(self.address).await;
        let number = self.next_ack.fetch_add(1, Ordering::Relaxed);
        self.raw(format!("42{number}{}", json!([event, payload]))).await;
        number
    }

    /// The acknowledgement of [`Socket::begin`].
    pub(crate) async fn acked(&self, number: u64) -> Value {
        timed("an acknowledgement", async {
            let mut inbox = self.inbox.lock().await;
            loop {
                if let Some(at) = inbox.acks.iter().position(|(of, _)| *of == number) {
                    return inbox.acks.remove(at).1;
                }
                assert!(inbox.read(&self.writer).await.is_some(), "the connection closed before an acknowledgement");
            }
        })
        .await
    }

    /// Emits and waits for the acknowledgement.
    pub(crate) async fn ask(&self, event: &str, payload: Value) -> Value {
        let number = self.begin(event, payload).await;
        let answer = self.acked(number).await;
        check_acknowledged(event, &answer);
        answer
    }

    /// Emits something that must succeed.
    pub(crate) async fn ok(&self, event: &str, payload: Value) -> Value {
        let ack = self.ask(event, payload.clone()).await;
        assert_eq!(ack["ok"], json!(true), "{event} {payload}: {ack}");
        ack
    }

    /// Emits something that must be refused with this code.
    pub(crate) async fn refused(&self, event: &str, payload: Value, code: &str) -> Value {
        let ack = self.ask(event, payload.clone()).await;
        assert_eq!((&ack["ok"], &ack["code"]), (&json!(false), &json!(code)), "{event} {payload}: {ack}");
        ack
    }

    /// Whatever comes next that nobody asked for; `None` when the connection is closed.
    pub(crate) async fn next(&self) -> Option<Heard> {
        let mut inbox = self.inbox.lock().await;
        loop {
            if !inbox.events.is_empty() {
                let (name, payload) = inbox.events.remove(0);
                return Some(Heard::Event(name, payload));
            }
            if !inbox.acks.is_empty() {
                let (number, ack) = inbox.acks.remove(0);
                return Some(Heard::Ack(number, ack));
            }
            inbox.read(&self.writer).await?;
        }
    }

    /// Waits for an event of this name.
    pub(crate) async fn event(&self, name: &str) -> Value {
        self.event_where(name, |_| true).await
    }

    /// Waits for an event of this name that matches; those before it that do not are kept.
    pub(crate) async fn event_where(&self, name: &str, matches: impl Fn(&Value) -> bool) -> Value {
        timed(name, async {
            let mut inbox = self.inbox.lock().await;
            loop {
                if let Some(event) = inbox.take_event(name, &matches) {
                    return event;
                }
                let open = inbox.read(&self.writer).await.is_some();
                assert!(open, "the connection closed before {name}; there came {:?}", inbox.events);
            }
        })
        .await
    }

    /// What of this name has come by now: all that the server sent before it answered one more event.
    pub(crate) async fn came(&self, name: &str) -> Vec<Value> {
        // Any event is answered in order; an unknown one changes nothing.
        self.ask("silence?", json!({})).await;
        let mut inbox = self.inbox.lock().await;
        std::iter::from_fn(|| inbox.take_event(name, &|_| true)).collect()
    }

    /// All events that have come by now and that nobody asked for yet, in order: proves silence as [`Socket::came`]
    /// does.
    pub(crate) async fn heard(&self) -> Vec<(String, Value)> {
        self.ask("silence?", json!({})).await;
        std::mem::take(&mut self.inbox.lock().await.events)
    }

    /// What of this name has been read already, while something else was waited for.
    pub(crate) async fn already(&self, name: &str) -> Vec<Value> {
        let mut inbox = self.inbox.lock().await;
        std::iter::from_fn(|| inbox.take_event(name, &|_| true)).collect()
    }

    /// Waits until the server ends the connection; whether it said so by a DISCONNECT packet.
    pub(crate) async fn ended(&self) -> bool {
        timed("the end of the connection", async {
            let mut inbox = self.inbox.lock().await;
            loop {
                match inbox.read(&self.writer).await {
                    Some(Packet::Disconnect) => return true,
                    Some(_) => {}
                    None => return false,
                }
            }
        })
        .await
    }

    /// Whether the server has ended the connection by now; what came is kept.
    pub(crate) async fn is_cut(&self) -> bool {
        let mut inbox = self.inbox.lock().await;
        loop {
            match tokio::time::timeout(Duration::ZERO, inbox.read(&self.writer)).await {
                Err(_) => return inbox.closed,
                Ok(None) => return true,
                Ok(Some(_)) => {}
            }
        }
    }

    /// Waits until the server ends the connection, and answers with all acknowledgements that nobody asked for.
    pub(crate) async fn acks_until_the_end(self) -> Vec<Value> {
        self.ended().await;
        self.inbox.into_inner().acks.into_iter().map(|(_, ack)| ack).collect()
    }

    /// Goes away without a word, as a cut cable does not either: the TCP connection is closed.
    pub(crate) fn drop_line(self) {}
}

impl Inbox {
    fn take_event(&mut self, name: &str, matches: &dyn Fn(&Value) -> bool) -> Option<Value> {
        let at = self.events.iter().position(|(event, payload)| event == name && matches(payload))?;
        Some(self.events.remove(at).1)
    }

    /// Reads one packet and files it; `None` when the connection is closed.
    async fn read(&mut self, writer: &Mutex<SplitSink<WebSocket, Message>>) -> Option<Packet> {
        if self.closed {
            return None;
        }
        let Some(Ok(frame)) = self.reader.next().await else {
            self.closed = true;
            return None;
        };
        let packet = frame.to_text().map_or(Packet::Other, parse);
        match &packet {
            Packet::Event(name, payload) => {
                check_told(name, payload);
                self.events.push((name.clone(), payload.clone()));
            }
            Packet::Ack(number, payload) => self.acks.push((*number, payload.clone())),
            Packet::Ping => drop(writer.lock().await.send(Message::text("3")).await),
            Packet::Connected(id) => self.transport_id.clone_from(id),
            Packet::Refused(_) | Packet::Disconnect | Packet::Probed | Packet::Other => {}
        }
        Some(packet)
    }
}

/// Whether clients begin by polling: `TEST_TRANSPORT=upgraded`.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(crate) fn upgrades() -> bool {
    std::env::var("TEST_TRANSPORT").is_ok_and(|transport| transport == "upgraded")
}

fn parse(text: &str) -> Packet {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    if text == "2" {
        return Packet::Ping;
    }
    if text == "3probe" {
        return Packet::Probed;
    }
    if let Some(error) = text.strip_prefix("44") {
        return Packet::Refused(json(error)["message"].as_str().unwrap_or_default().to_owned());
    }
    if let Some(connected) = text.strip_prefix("40") {
        return Packet::Connected(json(connected)["sid"].as_str().unwrap_or_default().to_owned());
    }
    if text.starts_with("41") {
        return Packet::Disconnect;
    }
    if let Some(event) = text.strip_prefix("42") {
        let arguments = json(event);
        return Packet::Event(arguments[0].as_str().unwrap_or_default().to_owned(), arguments[1].clone());
    }
    if let Some(ack) = text.strip_prefix("43") {
        let digits = ack.find('[').unwrap_or(ack.len());
        return Packet::Ack(ack[..digits].parse().unwrap_or(u64::MAX), json(&ack[digits..])[0].clone());
    }
    Packet::Other
}

/// Waits for what must happen.
pub(crate) async fn timed<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_: tokio::time::error::Elapsed| {
        panic!("{what} did not come within {} s", Duration::as_secs(&PATIENCE))
    })
}
