//! A Socket.IO client that costs next to nothing: it looks at the first bytes of a packet, and counts.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// A connected socket.
pub struct Socket {
    line: WebSocketStream<TcpStream>,
    /// Payload bytes received.
    pub bytes: usize,
}

impl Socket {
    /// Connects with a token.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("an option of every socket");
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (line, _) = tokio_tungstenite::client_async(url, stream).await.expect("an upgrade");
        let mut socket = Self { line, bytes: 0 };
        socket.send(format!("40{}", json!({"token": token}))).await;
        socket.until("42[\"session\"").await;
        socket
    }

    async fn send(&mut self, text: String) {
        self.line.send(Message::text(text)).await.expect("the connection is open");
    }

    /// Emits and asks for acknowledgement 1.
    pub async fn emit(&mut self, event: &str, payload: Value) {
        self.send(format!("421{}", json!([event, payload]))).await;
    }

    /// The next packet; pings are answered.
    pub async fn next(&mut self) -> Utf8Bytes {
        loop {
            let frame = self.line.next().await.expect("the connection is open").expect("a frame");
            let Message::Text(text) = frame else { continue };
            self.bytes += text.len();
            if text.as_str() == "2" {
                self.send("3".to_owned()).await;
                continue;
            }
            return text;
        }
    }

    /// Passes packets over until one begins so.
    pub async fn until(&mut self, beginning: &str) -> Utf8Bytes {
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
