//! A Socket.IO client that costs next to nothing: it looks at the first bytes of a packet.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use serde_json::{Value, json};

use crate::way::{Carrier, Way};

/// A connected socket. It is an error that ends the benchmark where the server closes it.
pub(crate) struct Socket {
    carrier: Carrier,
    waiting: VecDeque<String>,
    /// The id that the server gave it.
    pub id: String,
}

impl Socket {
    /// Connects with a token.
    pub(crate) async fn connect(address: SocketAddr, token: &str) -> Self {
        Self::connect_by(address, token, &Way::WebSocket).await
    }

    /// Connects with a token in this way.
    pub(crate) async fn connect_by(address: SocketAddr, token: &str, way: &Way) -> Self {
        let carrier = Carrier::open(address, way).await.expect("a session");
        let mut socket = Self { carrier, waiting: VecDeque::new(), id: String::new() };
        socket.send(&format!("40{}", json!({"token": token}))).await;
        let session = socket.until("42[\"session\"").await;
        let id = session.split("\"socketId\":\"").nth(1).and_then(|rest| rest.split('"').next());
        socket.id = id.unwrap_or_default().to_owned();
        socket.carrier = socket.carrier.settle(address, way).await.expect("it goes on");
        socket
    }

    async fn send(&mut self, packet: &str) {
        let made = self.made(packet);
        self.send_made(&made).await;
    }

    /// A packet as this socket sends it.
    pub(crate) fn made(&self, packet: &str) -> Vec<u8> {
        self.carrier.made(packet.as_bytes())
    }

    /// Sends packets that were made before.
    pub(crate) async fn send_made(&mut self, made: &[u8]) {
        self.carrier.send(made).await.expect("the connection is open");
    }

    /// Emits and asks for acknowledgement 1.
    pub(crate) async fn emit(&mut self, event: &str, payload: Value) {
        self.send(&format!("421{}", json!([event, payload]))).await;
    }

    /// Waits until something comes, and hands over each packet that is whole by then; pings are answered.
    pub(crate) async fn read(&mut self, take: impl FnMut(&[u8])) {
        self.read_some(true, take).await;
    }

    /// As [`Socket::read`], of what is there already.
    pub(crate) async fn read_what_is_there(&mut self, take: impl FnMut(&[u8])) {
        self.read_some(false, take).await;
    }

    async fn read_some(&mut self, wait: bool, mut take: impl FnMut(&[u8])) {
        if !self.waiting.is_empty() {
            return self.waiting.drain(..).for_each(|packet| take(packet.as_bytes()));
        }
        let mut pinged = false;
        let mut take = |packet: &[u8]| if packet == b"2" { pinged = true } else { take(packet) };
        let read = poll_fn(|cx| match self.carrier.poll(cx, &mut take) {
            Poll::Pending if !wait => Poll::Ready(Ok(())),
            read => read,
        });
        read.await.expect("the connection is open");
        if pinged {
            self.send("3").await;
        }
    }

    /// The next packet.
    pub(crate) async fn next(&mut self) -> String {
        while self.waiting.is_empty() {
            let mut came = VecDeque::new();
            self.read(|packet| came.push_back(String::from_utf8_lossy(packet).into_owned())).await;
            self.waiting = came;
        }
        self.waiting.pop_front().expect("one came")
    }

    /// Passes packets over until one begins so.
    pub(crate) async fn until(&mut self, beginning: &str) -> String {
        loop {
            let packet = self.next().await;
            if packet.starts_with(beginning) {
                return packet;
            }
        }
    }

    /// Emits and waits for the positive acknowledgement.
    pub(crate) async fn ask(&mut self, event: &str, payload: Value) {
        self.emit(event, payload).await;
        let ack = self.until("431[").await;
        assert!(ack.contains("\"ok\":true"), "{ack}");
    }
}
