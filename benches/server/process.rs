//! The real executable on a store of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tincan::config::{self, Config};
use tincan::model::{Content, MessageId, NewMessage, Room, RoomId, Timestamp, UserId};
use tokio::process::{Child, Command};

/// A running server; killed when dropped.
pub struct Server {
    pub address: SocketAddr,
    process: Child,
    http: reqwest::Client,
    _data: Arc<TempDir>,
}

impl Server {
    /// Starts one on an empty store.
    pub async fn start() -> Self {
        Self::on(Arc::new(TempDir::new().expect("a directory"))).await
    }

    /// Starts one on this data, and waits until it is healthy.
    pub async fn on(data: Arc<TempDir>) -> Self {
        Self::run(data, tincan).await
    }

    /// Starts one on a MongoDB.
    pub async fn on_mongo(url: &str) -> Self {
        let url = url.to_owned();
        Self::run(Arc::new(TempDir::new().expect("a directory")), |port| {
            let mut command = tincan(port);
            command.env("MONGO_URL", url);
            command
        })
        .await
    }

    /// Starts the Node backend on a MongoDB.
    pub async fn node(url: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node/server.js");
        Self::run(Arc::new(TempDir::new().expect("a directory")), |port| {
            let mut command = Command::new("node");
            command.args([script, &port.to_string(), url]).env("NODE_ENV", "production");
            command
        })
        .await
    }

    async fn run(data: Arc<TempDir>, command: impl FnOnce(u16) -> Command) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a port").port();
        let mut command = command(port);
        command.env("DATA_DIR", data.path()).current_dir(data.path()).stdout(Stdio::null()).kill_on_drop(true);
        let process = command.spawn().expect("the server starts");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let server = Self { address, process, http: reqwest::Client::new(), _data: data };
        let begun = Instant::now();
        while server.http.get(server.url("/health")).send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server is not healthy after a minute");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A user who signs up; the token.
    pub async fn user(&self, name: &str) -> String {
        let body = json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"});
        let reply = self.http.post(self.url("/api/auth/signup")).json(&body).send().await.expect("an answer");
        let reply: Value = reply.json().await.expect("JSON");
        reply["token"].as_str().expect("a token").to_owned()
    }

    /// A new room; its id.
    pub async fn room(&self, token: &str, name: &str) -> String {
        let request = self.http.post(self.url("/api/rooms")).bearer_auth(token).json(&json!({"name": name}));
        let reply: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        reply["id"].as_str().expect("an id").to_owned()
    }

    /// `GET`, and how long it took.
    pub async fn timed_get(&self, token: &str, path: &str) -> Duration {
        let begun = Instant::now();
        let reply = self.http.get(self.url(path)).bearer_auth(token).send().await.expect("an answer");
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.bytes().await.expect("a body");
        begun.elapsed()
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let id = self.process.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux tells");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
        let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
        kilobytes * 1024
    }
}

fn tincan(port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tincan"));
    command.args(["--host", "127.0.0.1", "--rate-limit", "off", "--bcrypt-cost", "4", "--ice-server", "none"]);
    command.args(["--log", "warn", "--port", &port.to_string()]);
    command
}

/// Fills a store with rooms of so many messages, without a server; their ids.
pub async fn fill(data: &Path, sizes: &[usize]) -> Vec<RoomId> {
    let store = tincan::store::open(&settings(data)).await.expect("the store opens");
    let mut rooms = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        let room = Room {
            id: RoomId::new(),
            name: format!("filled {number}"),
            description: String::new(),
            created_by: UserId::new(),
            participants: Arc::default(),
            created_at: Timestamp::now(),
            last_message: None,
            last_seq: 0,
            numbered: 0,
        };
        rooms.push(room.id);
        store.insert_room(room).await.expect("a new room");
        for first in (0..*size).step_by(500) {
            let batch = (first..(first + 500).min(*size)).map(message).collect();
            store.append_messages(rooms[number], batch).await.expect("stored").expect("a room");
        }
    }
    store.close().await;
    rooms
}

fn message(number: usize) -> NewMessage {
    let text = format!("Message {number}, about as long as people write in a chat when they are not in a hurry.");
    NewMessage {
        id: MessageId::new(),
        sender: UserId::from_bytes([7; 12]),
        sender_name: "somebody".to_owned(),
        content: Content::parse(&text).expect("a good text"),
        timestamp: Timestamp::now(),
        client_id: None,
    }
}

fn settings(data: &Path) -> Config {
    Config {
        host: [127, 0, 0, 1].into(),
        port: 0,
        data_dir: data.to_owned(),
        mongo_url: None,
        jwt_secret: config::Secret::new("unused by a store, but a setting".to_owned()),
        token_ttl: Duration::from_secs(3600),
        public_urls: Vec::new(),
        allowed_origins: Vec::new(),
        signup_open: true,
        rate_limit: false,
        ring_timeout: Duration::from_secs(45),
        call_grace: Duration::from_secs(15),
        ice_servers: Vec::new(),
        metrics: config::Metrics::Off,
        client: config::Client::Off,
        trusted_proxies: Vec::new(),
        bcrypt_cost: 4,
        log: "warn".to_owned(),
        production: false,
        accept_damage: false,
    }
}
