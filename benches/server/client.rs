//! A Socket.IO client that costs next to nothing: it looks at the first bytes of a packet.

use std::collections::VecDeque;
use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio_rustls::TlsConnector;

use crate::line::Line;

/// A connected socket. It is an error that ends the benchmark where the server closes it.
pub struct Socket {
    line: Line,
    waiting: VecDeque<String>,
    /// The id that the server gave it.
    pub id: String,
}

impl Socket {
    /// Connects with a token.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        Self::connect_over(address, token, None).await
    }

    /// Connects with a token, over TLS where that is given.
    pub async fn connect_over(address: SocketAddr, token: &str, tls: Option<&TlsConnector>) -> Self {
        let line = Line::open(address, tls).await.expect("an upgrade");
        let mut socket = Self { line, waiting: VecDeque::new(), id: String::new() };
        socket.send(&format!("40{}", json!({"token": token}))).await;
        let session = socket.until("42[\"session\"").await;
        let id = session.split("\"socketId\":\"").nth(1).and_then(|rest| rest.split('"').next());
        socket.id = id.unwrap_or_default().to_owned();
        socket
    }

    async fn send(&mut self, packet: &str) {
        self.line.send(packet.as_bytes()).await.expect("the connection is open");
    }

    /// Sends packets that were framed before.
    pub async fn send_framed(&mut self, frames: &[u8]) {
        self.line.send_framed(frames).await.expect("the connection is open");
    }

    /// Emits and asks for acknowledgement 1.
    pub async fn emit(&mut self, event: &str, payload: Value) {
        self.send(&format!("421{}", json!([event, payload]))).await;
    }

    /// Waits until something comes, and hands over each packet that is whole by then; pings are answered.
    pub async fn read(&mut self, take: impl FnMut(&[u8])) {
        self.read_some(true, take).await;
    }

    /// As [`Socket::read`], of what is there already.
    pub async fn read_what_is_there(&mut self, take: impl FnMut(&[u8])) {
        self.read_some(false, take).await;
    }

    async fn read_some(&mut self, wait: bool, mut take: impl FnMut(&[u8])) {
        if !self.waiting.is_empty() {
            return self.waiting.drain(..).for_each(|packet| take(packet.as_bytes()));
        }
        let mut pinged = false;
        let mut take = |packet: &[u8]| if packet == b"2" { pinged = true } else { take(packet) };
        let read = if wait { self.line.read(&mut take).await } else { self.line.read_what_is_there(&mut take).await };
        read.expect("the connection is open");
        if pinged {
            self.send("3").await;
        }
    }

    /// The next packet.
    pub async fn next(&mut self) -> String {
        while self.waiting.is_empty() {
            let mut came = VecDeque::new();
            self.read(|packet| came.push_back(String::from_utf8_lossy(packet).into_owned())).await;
            self.waiting = came;
        }
        self.waiting.pop_front().expect("one came")
    }

    /// Passes packets over until one begins so.
    pub async fn until(&mut self, beginning: &str) -> String {
        loop {
            let packet = self.next().await;
            if packet.starts_with(beginning) {
                return packet;
            }
        }
    }

    /// Emits and waits for the positive acknowledgement.
    pub async fn ask(&mut self, event: &str, payload: Value) {
        self.emit(event, payload).await;
        let ack = self.until("431[").await;
        assert!(ack.contains("\"ok\":true"), "{ack}");
    }
}
