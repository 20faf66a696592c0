//! The servers that are compared on what is live, and what each needs before a client can come: users, tokens, rooms.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::stream::{self, StreamExt};
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring as provider};

use crate::client::Socket;
use crate::process::{SECRET, Server};
use crate::way::Way;

/// Where the peers in JavaScript lie.
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/node");

/// How many users there are.
pub(crate) const USERS: usize = 2001;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Tincan,
    TincanTls,
    Bun,
    Uws,
    Node,
    Bound,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Tincan, Self::TincanTls, Self::Bun, Self::Uws, Self::Node, Self::Bound];

    /// The heads of its column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tincan => "Tincan",
            Self::TincanTls => "Tincan, TLS",
            Self::Bun => "Bun's engine",
            Self::Uws => "µWebSockets",
            Self::Node => "Node, ws",
            Self::Bound => "lower bound",
        }
    }

    /// Something that people would pick instead.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Self::Bun | Self::Uws | Self::Node)
    }
}

/// A store with users, on which each Tincan of one build is started, and their tokens.
pub(crate) struct House {
    build: String,
    data: Arc<TempDir>,
    tokens: Vec<String>,
}

impl House {
    /// Signs everybody up, once, at the program that lies there.
    pub(crate) async fn of(build: &str) -> Self {
        let data = Arc::new(TempDir::new().expect("a directory"));
        let server = Server::of_build(build, Arc::clone(&data), &[]).await;
        let sign_up = |number: usize| {
            let server = &server;
            async move { server.user(&format!("user{number}")).await }
        };
        let tokens = stream::iter(0..USERS).map(sign_up).buffered(16).collect().await;
        server.stop().await;
        Self { build: build.to_owned(), data, tokens }
    }

    /// Starts a server here, to which clients come in this way. An older build knows nothing of TLS.
    pub(crate) async fn serve(&self, way: Way) -> Peer {
        let server = Server::of_build(&self.build, Arc::clone(&self.data), &[("TLS", "off")]).await;
        Peer { kind: Kind::Tincan, server, tokens: self.tokens.clone(), way, rooms: AtomicUsize::default() }
    }
}

/// A server that is up.
pub(crate) struct Peer {
    pub kind: Kind,
    pub server: Server,
    tokens: Vec<String>,
    way: Way,
    rooms: AtomicUsize,
}

impl Peer {
    /// Starts one; why not, where it cannot be had here.
    pub(crate) async fn start(kind: Kind, house: &House) -> Result<Self, String> {
        let tokens = match kind {
            Kind::Tincan | Kind::TincanTls => house.tokens.clone(),
            _ => (0..USERS).map(token).collect(),
        };
        let server = match kind {
            Kind::Tincan => return Ok(house.serve(Way::WebSocket).await),
            Kind::TincanTls => Server::of_build(&house.build, Arc::clone(&house.data), &[("TLS", "auto")]).await,
            Kind::Bun => script(&format!("{NODE}/node_modules/.bin/bun"), "on-bun.js").await?,
            Kind::Uws => script("node", "on-uws.js").await?,
            Kind::Node => script("node", "on-ws.js").await?,
            Kind::Bound => Server::other(|port| {
                let mut command = Command::new(std::env::current_exe().expect("this program"));
                command.args(["lower-bound", &port.to_string()]);
                command
            })
            .await
            .map_err(|error| format!("the lower bound does not start: {error}"))?,
        };
        let way = if kind == Kind::TincanTls { Way::Tls(trusting(house.data.path())) } else { Way::WebSocket };
        Ok(Self { kind, server, tokens, way, rooms: AtomicUsize::default() })
    }

    /// A socket of a user.
    pub(crate) async fn socket(&self, user: usize) -> Socket {
        Socket::connect_by(self.server.address, &self.tokens[user], &self.way).await
    }

    /// Sockets of the first users, one each.
    pub(crate) async fn sockets(&self, count: usize) -> Vec<Socket> {
        stream::iter(0..count).map(|user| self.socket(user)).buffered(32).collect().await
    }

    /// A new room; its id.
    pub(crate) async fn room(&self) -> String {
        let name = format!("room {} of {}", self.rooms.fetch_add(1, Ordering::Relaxed), self.server.id());
        match self.kind {
            Kind::Tincan | Kind::TincanTls => self.server.room(&self.tokens[0], &name).await,
            _ => name,
        }
    }

    /// A room that these sockets have joined.
    pub(crate) async fn room_with(&self, sockets: &mut [Socket]) -> String {
        let room = self.room().await;
        let payload = json!({"roomId": room});
        stream::iter(sockets).for_each_concurrent(32, |socket| socket.ask("join-room", payload.clone())).await;
        room
    }
}

/// Starts a peer in JavaScript.
async fn script(program: &str, name: &str) -> Result<Server, String> {
    if !Path::new(NODE).join("node_modules").exists() {
        return Err("its packages are not there: npm ci --prefix benches/node".to_owned());
    }
    let command = |port: u16| {
        let mut command = Command::new(program);
        command.args([&format!("{NODE}/{name}"), &port.to_string()]).env("NODE_ENV", "production");
        command
    };
    Server::other(command).await.map_err(|error| format!("{program} {name}: {error}"))
}

/// A token as the peers take it.
pub(crate) fn token(user: usize) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"alg": "HS256", "typ": "JWT"}));
    let body =
        part(json!({"userId": format!("{user:024x}"), "username": format!("user{user}"), "exp": 4_000_000_000_u64}));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A client of TLS that trusts the authority of the server whose data lie there.
fn trusting(data: &Path) -> TlsConnector {
    let kept = std::fs::read(data.join("tls/authority.json")).expect("an authority was made");
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    let pem = kept["certificate"].as_str().expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("both versions of TLS");
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
