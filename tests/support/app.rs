//! The harness: the real app on a port of its own over a store in a temporary directory (or on MongoDB, see
//! [`mongod::stands_in`]), users, and what they ask over REST.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tincan::chat::Connections;
use tincan::config::{Config, Secret};
use tincan::store::{Engine, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::entrance::Entrance;
use crate::support::mongod;
use crate::support::settings::settings;
use crate::support::socket::Socket;
use crate::support::together::{Together, settled};
use crate::support::troubled::Troubled;

/// How long anything that must happen may take. Long, for machines are slow at times; nothing waits for it that goes
/// well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A password that keeps the rules.
pub(crate) const PASSWORD: &str = "correct horse";

/// A running server, or several that are one to their clients. Dropped, it is gone at once, and tells nobody;
/// [`App::stop`] shuts it down.
pub(crate) struct App {
    servers: Vec<Running>,
    data: Arc<TempDir>,
    runtime: tokio::runtime::Handle,
    entrance: Entrance,
    _together: Arc<Together>,
}

/// A server of this process.
struct Running {
    address: SocketAddr,
    app: tincan::App,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(config: Arc<Config>, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        let store = wrap(tincan::store::open(&config).await.expect("the store opens"));
        let tls = tincan::net::Tls::open(&config).expect("its certificate");
        let app = tincan::App::new(config, store, tls).await.expect("the app starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(tincan::serve(listener, app.clone(), async { drop(stopped.await) }));
        Self { address, app, stop, serving }
    }

    async fn stop(self) {
        drop(self.stop);
        let ended = tokio::time::timeout(PATIENCE, self.serving).await;
        ended.expect("it stops in time").expect("without a panic").expect("without an error");
    }
}

impl App {
    /// Starts one with the settings of tests.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts one with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::over(Arc::new(TempDir::new().expect("a temporary directory")), change).await
    }

    /// Starts one on the data of another one that has stopped.
    pub(crate) async fn on(data: Arc<TempDir>) -> Self {
        Self::over(data, |_| {}).await
    }

    /// Starts one on data in a directory, on the embedded store whatever stands in for it elsewhere.
    pub(crate) async fn with_embedded(data: Arc<TempDir>) -> Self {
        Self::over(data, |config| config.mongo_url = None).await
    }

    /// Starts one over a store that a test can trouble.
    pub(crate) async fn troubled(change: impl FnOnce(&mut Config)) -> (Self, Arc<Troubled>) {
        let mut store = None;
        let data = Arc::new(TempDir::new().expect("a temporary directory"));
        let app = Self::over_store(data, change, |inner| store.insert(Troubled::new(inner)).clone()).await;
        (app, store.expect("the app was started over it"))
    }

    /// As many servers as the tests are to run on; one where the test has a store of its own.
    async fn over(data: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let place = Self::settings(&data).await;
        let mut config = place.clone();
        change(&mut config);
        let shared = mongod::stands_in()
            && config.mongo_url.as_ref().map(Secret::expose) == place.mongo_url.as_ref().map(Secret::expose);
        let count = if shared { mongod::servers() } else { 1 };
        let config = Arc::new(config);
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(Running::start(Arc::clone(&config), |store| store).await);
        }
        Self::running(data, servers)
    }

    async fn over_store(
        data: Arc<TempDir>,
        change: impl FnOnce(&mut Config),
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let mut config = Self::settings(&data).await;
        change(&mut config);
        let server = Running::start(Arc::new(config), wrap).await;
        Self::running(data, vec![server])
    }

    async fn settings(data: &TempDir) -> Config {
        let mut config = settings(data.path());
        if mongod::stands_in() {
            config.mongo_url = Some(mongod::shared().await.secret(&mongod::name_for(data.path())));
        }
        config
    }

    fn running(data: Arc<TempDir>, servers: Vec<Running>) -> Self {
        let together = servers.iter().map(|server| (server.address, server.app.clone()));
        let together = Together::of(if servers.len() > 1 { together.collect() } else { Vec::new() });
        let entrance = Entrance::new(servers.iter().map(|server| server.address).collect());
        Self { servers, data, runtime: tokio::runtime::Handle::current(), entrance, _together: together }
    }

    /// Shuts it down and waits for it.
    pub(crate) async fn stop(mut self) -> Arc<TempDir> {
        join_all(std::mem::take(&mut self.servers).into_iter().map(Running::stop)).await;
        Arc::clone(&self.data)
    }

    /// Shuts it down and starts it again on the same data.
    pub(crate) async fn restart(self, change: impl FnOnce(&mut Config)) -> Self {
        let data = self.stop().await;
        Self::over(data, change).await
    }

    /// Where it listens; of several servers the one whose turn it is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.entrance.address(self.entrance.turn())
    }

    /// Where its data lies.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// The server's store, to change what no client can.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.servers[0].app.store()
    }

    /// The code of the invitation to the first account.
    pub(crate) async fn first_code(&self) -> String {
        let code = self.servers[0].app.invites().to_first_account().await.expect("the store answers");
        code.expect("nobody has an account, and one is by invitation")
    }

    /// The server's connections, to do what it does by itself.
    pub(crate) fn connections(&self) -> &Arc<Connections> {
        self.servers[0].app.connections()
    }

    /// An absolute URL.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// A request without a token.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.entrance.request(self.entrance.turn(), method, path)
    }

    /// A user who signs up with this name.
    pub(crate) async fn user(&self, name: &str) -> User<'_> {
        self.entrance.user(name).await
    }

    /// A user who has signed up already, on this data before a restart: id, name and token.
    pub(crate) fn known(&self, (id, name, token): (String, String, String)) -> User<'_> {
        User::new(&self.entrance, self.entrance.turn(), (id, name, token))
    }
}

impl Drop for App {
    fn drop(&mut self) {
        for server in std::mem::take(&mut self.servers) {
            server.serving.abort();
            let store = Arc::clone(server.app.store());
            if store.engine() == Engine::MongoDb {
                // It holds no directory, and its driver works on this runtime, which may have this thread alone:
                // waiting would be for ever.
                continue;
            }
            // The store lets go of its directory before that is removed. On a thread of its own, for this one may be
            // the runtime's.
            let runtime = self.runtime.clone();
            let closing = std::thread::spawn(move || runtime.block_on(store.close()));
            assert!(closing.join().is_ok() || std::thread::panicking(), "the store closes");
        }
    }
}

/// A user with a token.
#[derive(Clone)]
pub(crate) struct User<'a> {
    entrance: &'a Entrance,
    /// The server that is asked.
    home: usize,
    /// Whether sockets connect to that one too, and do not take turns.
    stays: bool,
    pub id: String,
    pub name: String,
    pub token: String,
}

impl<'a> User<'a> {
    /// Who has signed up: id, name and token.
    pub(crate) fn new(entrance: &'a Entrance, home: usize, (id, name, token): (String, String, String)) -> Self {
        Self { entrance, home, stays: false, id, name, token }
    }

    /// The same user as a client of one server alone.
    pub(crate) fn at(&self, server: usize) -> Self {
        Self { home: server, stays: true, ..self.clone() }
    }

    /// What [`App::known`] knows the user by.
    pub(crate) fn part(self) -> (String, String, String) {
        (self.id, self.name, self.token)
    }

    /// The same user with another token.
    pub(crate) fn with_token(&self, token: &Value) -> Self {
        Self { token: token.as_str().expect("a token").to_owned(), ..self.clone() }
    }

    /// A request with the token.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        settled(self.entrance.address(self.home)).await;
        let mut request = self.entrance.request(self.home, method, path).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Reply::of(request.send().await.expect("an answer")).await
    }

    /// `GET`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// `POST`.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PATCH`.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Makes a room and answers with its id.
    pub(crate) async fn room(&self, name: &str) -> String {
        let room = self.post("/api/rooms", json!({"name": name})).await.expect(StatusCode::CREATED);
        room["id"].as_str().expect("an id").to_owned()
    }

    /// Connects a socket; its `session` has come.
    pub(crate) async fn socket(&self) -> Socket {
        let server = if self.stays { self.home } else { self.entrance.turn() };
        Socket::connect(self.entrance.address(server), json!({"token": self.token})).await.expect("a session")
    }

    /// Connects a socket and joins a room.
    pub(crate) async fn socket_in(&self, room: &str) -> Socket {
        let socket = self.socket().await;
        socket.ok("join-room", json!({"roomId": room})).await;
        socket
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// Reads it. A body that is no JSON is a string.
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The body, where the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Asserts a failure with this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: StatusCode, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(self.body["message"].is_string(), "a failure has a message for people: {}", self.body);
        self.body
    }
}
