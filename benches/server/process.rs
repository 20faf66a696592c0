//! The servers as processes: how they are started, what they have computed, and how much memory they hold.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tincan::model::UserId;
use tokio::process::{Child, Command};

use crate::port::free_port;

/// The program as it is built now.
pub(crate) const BUILD: &str = env!("CARGO_BIN_EXE_tincan");

/// The secret of all servers of the benchmark, for tokens.
pub(crate) const SECRET: &str = "a secret of the benchmark, long enough to sign with";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed when dropped.
pub(crate) struct Server {
    pub address: SocketAddr,
    process: Child,
    http: reqwest::Client,
    _data: Arc<TempDir>,
}

impl Server {
    /// Starts one on an empty store.
    pub(crate) async fn start() -> Self {
        Self::on(Arc::new(TempDir::new().expect("a directory")), &[]).await
    }

    /// Starts one on this data with these arguments too, and waits until it is healthy.
    pub(crate) async fn on(data: Arc<TempDir>, arguments: &[&str]) -> Self {
        let command = |port| {
            let mut command = tincan(BUILD, port);
            command.args(arguments);
            command
        };
        Self::run(data, command).await.expect("it starts")
    }

    /// As [`Server::on`], with another build of the program, and with settings that it may not know.
    pub(crate) async fn of_build(program: &str, data: Arc<TempDir>, settings: &[(&str, &str)]) -> Self {
        let command = |port| {
            let mut command = tincan(program, port);
            command.envs(settings.iter().copied());
            command
        };
        Self::run(data, command).await.expect("it starts")
    }

    /// Starts one on a MongoDB, of which others may take part.
    pub(crate) async fn on_mongo(url: &str) -> Self {
        Self::build_on_mongo(BUILD, url).await
    }

    /// As [`Server::on_mongo`], with another build of the program.
    pub(crate) async fn build_on_mongo(program: &str, url: &str) -> Self {
        let command = |port| {
            let mut command = tincan(program, port);
            command.env("MONGO_URL", url);
            command
        };
        Self::run(Arc::new(TempDir::new().expect("a directory")), command).await.expect("it starts")
    }

    /// Starts a program of another kind that serves this port of 127.0.0.1; why not, where it does not.
    pub(crate) async fn other(command: impl FnOnce(u16) -> Command) -> Result<Self, String> {
        Self::run(Arc::new(TempDir::new().expect("a directory")), command).await
    }

    async fn run(data: Arc<TempDir>, command: impl FnOnce(u16) -> Command) -> Result<Self, String> {
        let port = free_port();
        let mut command = command(port);
        command.env("DATA_DIR", data.path()).current_dir(data.path()).stdout(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| error.to_string())?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let http = reqwest::Client::new();
        let begun = Instant::now();
        while http.get(format!("http://{address}/health")).send().await.is_err() {
            if let Some(ended) = process.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("it ended with {ended}"));
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("it is not up after {PATIENCE:?}"));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(Self { address, process, http, _data: data })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A user who signs up; the token.
    pub(crate) async fn user(&self, name: &str) -> String {
        let body = json!({"username": name, "email": format!("{name}@example.com"), "password": "correct horse"});
        let reply = self.http.post(self.url("/api/auth/signup")).json(&body).send().await.expect("an answer");
        let reply: Value = reply.json().await.expect("JSON");
        reply["token"].as_str().expect("a token").to_owned()
    }

    /// A user who has signed up logs in.
    pub(crate) async fn log_in(&self, name: &str) {
        let body = json!({"username": name, "password": "correct horse"});
        let reply = self.http.post(self.url("/api/auth/login")).json(&body).send().await.expect("an answer");
        assert!(reply.status().is_success(), "{}", reply.status());
        reply.bytes().await.expect("a body");
    }

    /// Whose token this is.
    pub(crate) async fn id_of(&self, token: &str) -> UserId {
        let reply = self.get(token, "/api/auth/me").await;
        UserId::parse(reply["user"]["id"].as_str().expect("an id")).expect("an id")
    }

    /// A new room; its id.
    pub(crate) async fn room(&self, token: &str, name: &str) -> String {
        let request = self.http.post(self.url("/api/rooms")).bearer_auth(token).json(&json!({"name": name}));
        let reply: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        reply["id"].as_str().expect("an id").to_owned()
    }

    /// The answer to a `GET`.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Value {
        let reply = self.http.get(self.url(path)).bearer_auth(token).send().await.expect("an answer");
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.json().await.expect("JSON")
    }

    /// `GET`, and how long it took.
    pub(crate) async fn timed_get(&self, token: &str, path: &str) -> Duration {
        let begun = Instant::now();
        let reply = self.http.get(self.url(path)).bearer_auth(token).send().await.expect("an answer");
        assert!(reply.status().is_success(), "{path}: {}", reply.status());
        reply.bytes().await.expect("a body");
        begun.elapsed()
    }

    /// Ends it in order, so that its data can be served again.
    pub(crate) async fn stop(mut self) {
        let told = Command::new("kill").arg(self.id().to_string()).status().await;
        assert!(told.is_ok_and(|told| told.success()), "it is told to end");
        self.process.wait().await.expect("it ends");
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        resident(self.id())
    }
}

/// Resident memory of a process in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident memory");
    let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number");
    kilobytes * 1024
}

fn tincan(program: &str, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["--host", "127.0.0.1", "--rate-limit", "off", "--ice-server", "none", "--log", "warn"]);
    // All clients come from one address, as they do behind a proxy.
    command.args(["--trusted-proxy", "127.0.0.1"]);
    command.args(["--port", &port.to_string()]).env("BCRYPT_COST", "4").env("TURN", "off").env("JWT_SECRET", SECRET);
    command
}

/// What the threads of a process have computed by now: nanoseconds by thread.
pub(crate) struct Cpu(HashMap<String, u64>);

impl Cpu {
    /// Of the process with this number.
    pub(crate) fn of(process: u32) -> Self {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs").filter_map(Result::ok);
        let time = |thread: std::fs::DirEntry| {
            // One that has just ended tells nothing.
            let told = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let nanoseconds = told.split_whitespace().next()?.parse().ok()?;
            Some((thread.file_name().to_string_lossy().into_owned(), nanoseconds))
        };
        Self(threads.filter_map(time).collect())
    }

    /// Microseconds since then, of the threads that live.
    pub(crate) fn since(&self, before: &Self) -> f64 {
        let more = |(thread, now): (&String, &u64)| now - before.0.get(thread).copied().unwrap_or_default();
        self.0.iter().map(more).sum::<u64>() as f64 / 1e3
    }
}
