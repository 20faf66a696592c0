//! What the figures share.

use std::time::Duration;

use serde_json::json;

use crate::client::Socket;
use crate::mongod::Mongod;
use crate::process::Server;

/// How long a figure is measured.
pub(crate) const SPAN: Duration = Duration::from_secs(10);

/// So many servers on one database.
pub(crate) async fn servers(deployment: &Mongod, database: &str, count: usize) -> Vec<Server> {
    let mut servers = Vec::new();
    for _ in 0..count {
        servers.push(Server::on_mongo(&deployment.url(database)).await);
    }
    servers
}

/// A socket in a room.
pub(crate) async fn joined(server: &Server, token: &str, room: &str) -> Socket {
    let mut socket = Socket::connect(server.address, token).await;
    socket.ask("join-room", json!({"roomId": room})).await;
    socket
}
