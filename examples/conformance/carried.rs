//! The library's sessions, with the echoes that the suites expect.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use engineioxide::config::EngineIoConfig;
use engineioxide::handler::EngineIoHandler;
use engineioxide::service::EngineIoService;
use engineioxide::{DisconnectReason, Socket, Str};
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};

use super::direct::TIMES;

/// The Engine.IO suite: every message comes back.
#[derive(Debug)]
struct Echo;

impl EngineIoHandler for Echo {
    type Data = ();

    fn on_connect(self: Arc<Self>, _socket: Arc<Socket<()>>) {}

    fn on_disconnect(&self, _socket: Arc<Socket<()>>, _reason: DisconnectReason) {}

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<()>>) {
        socket.emit(message).expect("a queue with room");
    }

    fn on_binary(self: &Arc<Self>, data: Bytes, socket: Arc<Socket<()>>) {
        socket.emit_binary(data).expect("a queue with room");
    }
}

/// All arguments of an event. What is tuple-like to serde stands for all of them, anything else for the first alone.
struct Arguments(Vec<rmpv::Value>);

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Arguments;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("arguments")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut arguments: A) -> Result<Arguments, A::Error> {
                let mut all = Vec::new();
                while let Some(argument) = arguments.next_element()? {
                    all.push(argument);
                }
                Ok(Arguments(all))
            }
        }
        deserializer.deserialize_tuple(2, Collect)
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|argument| tuple.serialize_element(argument))?;
        tuple.end()
    }
}

/// The Socket.IO suite: the handshake's `auth`, and every message, come back.
async fn on_connect(socket: SocketRef, Data(auth): Data<Option<rmpv::Value>>) {
    let auth = auth.unwrap_or_else(|| rmpv::Value::Map(Vec::new()));
    socket.emit("auth", &auth).expect("a queue with room");
    socket.on("message", async |socket: SocketRef, Data::<Arguments>(data)| {
        socket.emit("message-back", &data).expect("a queue with room");
    });
    socket.on("message-with-ack", async |Data::<Arguments>(data), ack: AckSender| {
        ack.send(&data).expect("a queue with room");
    });
}

/// Both suites.
pub(crate) fn routes() -> Router {
    let most = TIMES.most_packet as u64;
    let builder = tincan::socket::configured(SocketIo::builder())
        .ping_interval(TIMES.ping_interval)
        .ping_timeout(TIMES.ping_timeout)
        .connect_timeout(TIMES.connect_timeout)
        .max_payload(most);
    let (layer, io) = builder.build_layer();
    io.ns("/", on_connect);
    io.ns("/custom", on_connect);
    let engine = EngineIoConfig::builder()
        .req_path("/engine.io")
        .ping_interval(TIMES.ping_interval)
        .ping_timeout(TIMES.ping_timeout)
        .max_payload(most)
        .build();
    let engine = EngineIoService::with_config(Arc::new(Echo), engine);
    Router::new().route_service("/engine.io/", engine).layer(layer)
}
