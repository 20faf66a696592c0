//! Frames of WebSocket and packets of Socket.IO as no library sends them by itself, but any client may.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use crate::support::app::App;
use crate::support::socket::timed;

/// A websocket of which every frame is seen.
struct Line(WebSocketStream<TcpStream>);

impl Line {
    /// Opens a session, with a token in the handshake where one is given.
    async fn open(app: &App, token: Option<&str>) -> Self {
        let address = app.address();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let (line, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let mut line = Self(line);
        let opening: Value = serde_json::from_str(line.text().await.strip_prefix('0').unwrap()).unwrap();
        assert_eq!(opening["upgrades"], json!([]));
        assert_eq!(
            (&opening["pingInterval"], &opening["pingTimeout"], &opening["maxPayload"]),
            (&json!(25_000), &json!(20_000), &json!(131_072))
        );
        line
    }

    /// Opens a session and connects.
    async fn connect(app: &App, token: &str) -> Self {
        let mut line = Self::open(app, None).await;
        line.send(Message::text(format!("40{}", json!({"token": token})))).await;
        line.greeted().await;
        line
    }

    async fn greeted(&mut self) {
        assert!(self.text().await.starts_with("40{\"sid\":\""));
        assert!(self.text().await.starts_with("42[\"session\","));
    }

    async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    async fn piece(&mut self, payload: &[u8], kind: Data, last: bool) {
        self.send(Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(kind), last))).await;
    }

    async fn next(&mut self) -> Option<Message> {
        timed("a frame", self.0.next()).await.and_then(Result::ok)
    }

    async fn text(&mut self) -> String {
        self.next().await.expect("a frame").into_text().expect("a text").to_string()
    }

    /// The code by which the server ends the connection.
    async fn ended(&mut self) -> Option<CloseCode> {
        while let Some(message) = self.next().await {
            if let Message::Close(close) = message {
                assert!(self.next().await.is_none(), "nothing comes behind it");
                return close.map(|close| close.code);
            }
        }
        None
    }
}

#[tokio::test]
async fn a_packet_may_come_in_pieces_with_pings_between_them() {
    let app = App::start().await;
    let mut line = Line::connect(&app, &app.user("ann").await.token).await;
    let packet = "427[\"no-such-event\",\"größer\"]".as_bytes();
    let (start, rest) = packet.split_at(24);
    let (middle, end) = rest.split_at(1);
    line.piece(start, Data::Text, false).await;
    line.send(Message::Ping("are you there?".into())).await;
    line.piece(middle, Data::Continue, false).await;
    line.send(Message::Pong("nobody asked".into())).await;
    line.piece(end, Data::Continue, true).await;
    assert_eq!(line.next().await, Some(Message::Pong("are you there?".into())));
    assert!(line.text().await.starts_with("437[{"));
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_gone_for_others() {
    let app = App::start().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let room = ann.room("Kitchen").await;
    let watcher = bob.socket_in(&room).await;
    for last in [Message::Close(None), Message::text("1")] {
        let mut line = Line::connect(&app, &ann.token).await;
        line.send(Message::text(format!("421[\"join-room\",\"{room}\"]"))).await;
        watcher.event("user-joined").await;
        line.send(last).await;
        assert_eq!(line.ended().await, Some(CloseCode::Normal));
        watcher.event("user-left").await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_frame_is_told_by_the_code_of_the_end() {
    let app = App::start().await;
    let token = app.user("ann").await.token;
    for (code, piece, kind, last) in [
        (CloseCode::Protocol, &b"42"[..], Data::Continue, true),
        (CloseCode::Protocol, b"7", Data::Text, true),
        (CloseCode::Protocol, b"4x", Data::Text, true),
        (CloseCode::Protocol, b"bytes that no packet announced", Data::Binary, true),
        (CloseCode::Invalid, b"42[\"\xff\"]", Data::Text, true),
        (CloseCode::Size, &[b'4'; 131_073], Data::Text, false),
    ] {
        let mut line = Line::connect(&app, &token).await;
        line.piece(piece, kind, last).await;
        assert_eq!(line.ended().await, Some(code), "{kind:?} {:?}", &piece[..2.min(piece.len())]);
    }
}

#[tokio::test]
async fn the_token_may_come_with_the_handshake_and_connect_has_no_auth_then() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let mut line = Line::open(&app, Some(&ann.token)).await;
    line.send(Message::text("40")).await;
    line.greeted().await;
    // What CONNECT itself says counts first.
    let mut line = Line::open(&app, Some(&ann.token)).await;
    line.send(Message::text("40{\"token\":\"nonsense\"}")).await;
    assert!(line.text().await.starts_with("44{\"message\":\"Authentication error"));
    // After a refusal another attempt may be made.
    line.send(Message::text("40{}")).await;
    line.greeted().await;
}

#[tokio::test]
async fn another_namespace_is_refused_and_changes_nothing() {
    let app = App::start().await;
    let mut line = Line::connect(&app, &app.user("ann").await.token).await;
    for packet in ["42/admin,[\"x\"]", "41/admin,", "43/admin,7[]", "40/admin,{}", "40/admin"] {
        line.send(Message::text(packet)).await;
    }
    for _ in 0..2 {
        assert_eq!(line.text().await, "44/admin,{\"message\":\"Invalid namespace\"}");
    }
    line.send(Message::text("428[\"no-such-event\"]")).await;
    assert!(line.text().await.starts_with("438[{"));
}

#[tokio::test]
async fn an_acknowledgement_comes_behind_the_events_before_it() {
    let app = App::start().await;
    let ann = app.user("ann").await;
    let room = ann.room("Kitchen").await;
    let mut line = Line::connect(&app, &ann.token).await;
    line.send(Message::text(format!("42900[\"join-room\",\"{room}\"]"))).await;
    while !line.text().await.starts_with("43900") {}
    // Fed, so that many come in one piece.
    for number in 0..100 {
        let payload = json!({"roomId": room, "content": number.to_string()});
        line.0.feed(Message::text(format!("42{number}{}", json!(["send-message", payload])))).await.unwrap();
    }
    line.0.flush().await.unwrap();
    let (mut told, mut acked) = (0, 0);
    while acked < 100 {
        let text = line.text().await;
        if text.starts_with("42[\"new-message\"") {
            told += 1;
        } else if let Some(rest) = text.strip_prefix("43") {
            assert!(rest.starts_with(&format!("{acked}[")), "in order: {text}");
            acked += 1;
            assert!(told >= acked, "the answer to {acked} came before the message itself");
        }
    }
}
