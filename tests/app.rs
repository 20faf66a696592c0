//! The harness: the real app on a port of its own over a store in a temporary directory (or on MongoDB, see [`mongod::stands_in`]), users,
//! and what they ask over REST.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tincan::config::{Client, Config, Metrics, Secret};
use tincan::store::{Engine, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::mongod;
use crate::socket::Socket;
use crate::troubled::Troubled;

/// How long anything that must happen may take. Long, for machines are slow at times; nothing waits for it that goes well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A password that keeps the rules.
pub const PASSWORD: &str = "correct horse";

/// A running server. Dropped, it is gone at once, and tells nobody; [`App::stop`] shuts it down.
pub struct App {
    address: SocketAddr,
    data: Arc<TempDir>,
    chat: Arc<tincan::chat::Chat>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
    runtime: tokio::runtime::Handle,
    http: reqwest::Client,
}

/// The settings of a test: everything open, nothing limited, hashing quick.
pub fn config(data: &Path) -> Config {
    Config {
        host: [127, 0, 0, 1].into(),
        port: 0,
        data_dir: data.to_owned(),
        mongo_url: None,
        jwt_secret: Secret::new("a secret of tests that is long enough".to_owned()),
        token_ttl: Duration::from_secs(3600),
        public_urls: Vec::new(),
        allowed_origins: Vec::new(),
        signup_open: true,
        rate_limit: false,
        ring_timeout: Duration::from_secs(45),
        call_grace: Duration::from_secs(15),
        ice_servers: Vec::new(),
        metrics: Metrics::Off,
        client: Client::Off,
        trusted_proxies: Vec::new(),
        bcrypt_cost: 4,
        log: "warn".to_owned(),
        production: false,
        accept_damage: false,
    }
}

impl App {
    /// Starts one with the settings of tests.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts one with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(Arc::new(TempDir::new().expect("a temporary directory")), change).await
    }

    /// Starts one on the data of another one that has stopped.
    pub async fn on(data: Arc<TempDir>) -> Self {
        Self::over(data, |_| {}).await
    }

    /// Starts one on data in a directory, on the embedded store whatever stands in for it elsewhere.
    pub async fn with_embedded(data: Arc<TempDir>) -> Self {
        Self::over(data, |config| config.mongo_url = None).await
    }

    /// Starts one over a store that a test can trouble.
    pub async fn troubled(change: impl FnOnce(&mut Config)) -> (Self, Arc<Troubled>) {
        let mut store = None;
        let data = Arc::new(TempDir::new().expect("a temporary directory"));
        let app = Self::over_store(data, change, |inner| store.insert(Troubled::new(inner)).clone()).await;
        (app, store.expect("the app was started over it"))
    }

    async fn over(data: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        Self::over_store(data, change, |store| store).await
    }

    async fn over_store(
        data: Arc<TempDir>,
        change: impl FnOnce(&mut Config),
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let mut config = config(data.path());
        if mongod::stands_in() {
            config.mongo_url = Some(mongod::shared().await.secret(&mongod::name_for(data.path())));
        }
        change(&mut config);
        let config = Arc::new(config);
        let store = wrap(tincan::store::open(&config).await.expect("the store opens"));
        let app = tincan::App::new(config, store).await.expect("the app starts");
        let chat = Arc::clone(app.chat());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(tincan::serve(listener, app, async { drop(stopped.await) }));
        Self {
            address,
            data,
            chat,
            stop: Some(stop),
            serving,
            runtime: tokio::runtime::Handle::current(),
            http: reqwest::Client::new(),
        }
    }

    /// Shuts it down and waits for it.
    pub async fn stop(mut self) -> Arc<TempDir> {
        drop(self.stop.take());
        let ended = tokio::time::timeout(PATIENCE, &mut self.serving).await;
        ended.expect("it stops in time").expect("without a panic").expect("without an error");
        Arc::clone(&self.data)
    }

    /// Shuts it down and starts it again on the same data.
    pub async fn restart(self, change: impl FnOnce(&mut Config)) -> Self {
        let data = self.stop().await;
        Self::over(data, change).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's verbs, to reach what no client can.
    pub fn chat(&self) -> &Arc<tincan::chat::Chat> {
        &self.chat
    }

    /// An absolute URL.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without a token.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path)).timeout(PATIENCE)
    }

    /// A user who signs up with this name.
    pub async fn user(&self, name: &str) -> User<'_> {
        let body =
            json!({"username": name, "email": format!("{}@example.com", name.to_lowercase()), "password": PASSWORD});
        let reply = self.request(Method::POST, "/api/auth/signup").json(&body).send().await.expect("an answer");
        let reply = Reply::of(reply).await.expect(StatusCode::CREATED);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        User { app: self, id: text(&reply["user"]["id"]), name: name.to_owned(), token: text(&reply["token"]) }
    }

    /// A user who has signed up already, on this data before a restart: id, name and token.
    pub fn known(&self, (id, name, token): (String, String, String)) -> User<'_> {
        User { app: self, id, name, token }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.serving.abort();
        if self.chat.store().engine() == Engine::MongoDb {
            // It holds no directory, and its driver works on this runtime, which may have this thread alone: waiting would be for ever.
            return;
        }
        // The store lets go of its directory before that is removed. On a thread of its own, for this one may be the runtime's.
        let (chat, runtime) = (Arc::clone(&self.chat), self.runtime.clone());
        let closing = std::thread::spawn(move || runtime.block_on(chat.store().close()));
        assert!(closing.join().is_ok() || std::thread::panicking(), "the store closes");
    }
}

/// A user with a token.
#[derive(Clone)]
pub struct User<'a> {
    app: &'a App,
    pub id: String,
    pub name: String,
    pub token: String,
}

impl User<'_> {
    /// What [`App::known`] knows the user by.
    pub fn part(self) -> (String, String, String) {
        (self.id, self.name, self.token)
    }

    /// The same user with another token.
    pub fn with_token(&self, token: &Value) -> Self {
        Self { token: token.as_str().expect("a token").to_owned(), ..self.clone() }
    }

    /// A request with the token.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.app.request(method, path).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Reply::of(request.send().await.expect("an answer")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Makes a room and answers with its id.
    pub async fn room(&self, name: &str) -> String {
        let room = self.post("/api/rooms", json!({"name": name})).await.expect(StatusCode::CREATED);
        room["id"].as_str().expect("an id").to_owned()
    }

    /// Connects a socket; its `session` has come.
    pub async fn socket(&self) -> Socket {
        Socket::connect(self.app.address(), json!({"token": self.token})).await.expect("a session")
    }

    /// Connects a socket and joins a room.
    pub async fn socket_in(&self, room: &str) -> Socket {
        let socket = self.socket().await;
        socket.ok("join-room", json!({"roomId": room})).await;
        socket
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// Reads it. A body that is no JSON is a string.
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The body, where the status is this one.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Asserts a failure with this status and code.
    #[track_caller]
    pub fn refused(self, status: StatusCode, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(self.body["message"].is_string(), "a failure has a message for people: {}", self.body);
        self.body
    }
}
