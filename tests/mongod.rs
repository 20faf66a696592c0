//! A real `mongod` of the tests' own: stand-alone, or as a replica set of one or three, on free ports in a temporary directory.
//!
//! Each runs below a shell that waits for its standard input to end and then kills it, so that none outlives the tests, however these end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use tempfile::TempDir;
use tincan::config::Secret;

/// How long a server may take to be ready.
const READY: Duration = Duration::from_secs(30);

/// One server process, which can be killed, stopped and started again where it was.
pub struct Node {
    port: u16,
    replicated: bool,
    data: TempDir,
    running: Option<(Child, String)>,
}

impl Node {
    fn start(replicated: bool) -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut node = Self { port, replicated, data: TempDir::new().expect("a temporary directory"), running: None };
        node.run();
        node
    }

    /// Starts it, again where it ran before.
    pub fn run(&mut self) {
        let mut command = Command::new("sh");
        command.args(["-c", r#"log=$1; shift; "$@" >>"$log" 2>&1 & echo $!; cat; kill -KILL $!"#, "mongod"]);
        command.arg(self.data.path().join("log")).arg(binary());
        command.args(["--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket", "--port"]);
        command.arg(self.port.to_string()).arg("--dbpath").arg(self.data.path());
        if self.replicated {
            command.args(["--replSet", "tests", "--oplogSize", "200"]);
        }
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut pid = String::new();
        let mut output = BufReader::new(shell.stdout.take().expect("a pipe"));
        output.read_line(&mut pid).expect("the number of the process");
        self.running = Some((shell, pid.trim().to_owned()));
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let (_, pid) = self.running.as_ref().expect("it runs");
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        let (mut shell, _) = self.running.take().expect("it runs");
        drop(shell.stdin.take());
        shell.wait().expect("it ends");
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A connection to this one alone.
    pub async fn client(&self) -> Client {
        client(&format!("mongodb://{}/?directConnection=true", self.host())).await
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
    }
}

/// A deployment: one server, or several that replicate.
pub struct Mongod {
    pub nodes: Vec<Node>,
    options: &'static str,
}

impl Mongod {
    /// One server without replication.
    pub async fn alone() -> Self {
        let deployment = Self { nodes: vec![Node::start(false)], options: "" };
        deployment.ready().await;
        deployment
    }

    /// A replica set of so many.
    pub async fn replicas(count: usize) -> Self {
        let nodes: Vec<Node> = (0..count).map(|_| Node::start(true)).collect();
        let deployment = Self { nodes, options: "replicaSet=tests" };
        let member = |(number, node): (usize, &Node)| doc! { "_id": number as i32, "host": node.host() };
        let members: Vec<Document> = deployment.nodes.iter().enumerate().map(member).collect();
        // Failover as quick as three processes on a busy machine allow.
        let settings = doc! { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500 };
        let config = doc! { "_id": "tests", "members": members, "settings": settings };
        let first = deployment.nodes[0].client().await;
        first.database("admin").run_command(doc! { "replSetInitiate": config }).await.expect("the set begins");
        deployment.ready().await;
        deployment
    }

    /// Waits until it can be written to.
    pub async fn ready(&self) {
        let client = client(&self.url("admin")).await;
        let began = Instant::now();
        loop {
            let hello = client.database("admin").run_command(doc! { "hello": 1 }).await;
            if hello.is_ok_and(|hello| hello.get_bool("isWritablePrimary") == Ok(true)) {
                return;
            }
            assert!(began.elapsed() < READY, "mongod is not ready");
        }
    }

    /// The connection string of a database.
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(Node::host).collect();
        format!("mongodb://{}/{database}?{}", hosts.join(","), self.options)
    }

    /// As [`Mongod::url`], as a setting.
    pub fn secret(&self, database: &str) -> Secret {
        Secret::new(self.url(database))
    }

    /// The database as the driver sees it, to look behind the store.
    pub async fn database(&self, name: &str) -> mongodb::Database {
        client(&self.url(name)).await.database(name)
    }

    /// The node that is the primary now.
    pub async fn primary(&mut self) -> &mut Node {
        let began = Instant::now();
        loop {
            for number in 0..self.nodes.len() {
                if self.nodes[number].running.is_none() {
                    continue;
                }
                let client = self.nodes[number].client().await;
                let hello = client.database("admin").run_command(doc! { "hello": 1 }).await;
                if hello.is_ok_and(|hello| hello.get_bool("isWritablePrimary") == Ok(true)) {
                    return &mut self.nodes[number];
                }
            }
            assert!(began.elapsed() < READY, "there is no primary");
        }
    }
}

async fn client(url: &str) -> Client {
    let mut options = ClientOptions::parse(url).await.expect("a good URL");
    options.server_selection_timeout = Some(READY);
    Client::with_options(options).expect("a client")
}

/// What the tests run: `$MONGOD`, or what `script/mongod` finds or fetches.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/script/mongod");
        let found = Command::new(script).stderr(Stdio::inherit()).output().expect("script/mongod runs");
        assert!(found.status.success(), "no mongod can be had");
        PathBuf::from(String::from_utf8_lossy(&found.stdout).trim())
    })
}

/// A name for a database that no other test uses.
pub fn database_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A replica set of one that all tests share which do it no harm, each with a database of its own.
pub async fn shared() -> &'static Mongod {
    static SHARED: tokio::sync::OnceCell<Mongod> = tokio::sync::OnceCell::const_new();
    SHARED.get_or_init(|| Mongod::replicas(1)).await
}

/// Whether every app of the tests is to work on MongoDB instead of the embedded store: `TEST_STORE=mongodb`.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub fn stands_in() -> bool {
    std::env::var("TEST_STORE").is_ok_and(|store| store == "mongodb")
}

/// The name of the database that stands in for a data directory.
pub fn name_for(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    format!("instead_of_{}", name.trim_start_matches('.'))
}

/// As [`shared`], stand-alone.
pub async fn shared_alone() -> &'static Mongod {
    static SHARED: tokio::sync::OnceCell<Mongod> = tokio::sync::OnceCell::const_new();
    SHARED.get_or_init(Mongod::alone).await
}
