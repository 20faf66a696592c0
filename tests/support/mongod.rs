//! A real `mongod` of the tests' own: stand-alone, or as a replica set of one or three, on free ports in a temporary
//! directory.
//!
//! Each runs below a shell that waits for its standard input to end and then kills it, so that none outlives the tests,
//! however these end.

use std::io::{BufRead, BufReader};
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

use super::port::free_port;

/// How long a server may take to be ready.
const READY: Duration = Duration::from_secs(30);

/// An authority and a certificate for this machine under it.
const CERTIFICATES: &str = "
    openssl req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out authority.pem -subj /CN=authority -days 2
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1
    printf 'subjectAltName=IP:127.0.0.1\\n' >extensions
    openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial \\
        -extfile extensions -out server.crt -days 2
    cat server.key server.crt >server.pem
";

/// One server process, which can be killed, stopped and started again where it was.
pub(crate) struct Node {
    port: u16,
    /// Where others reach it: the same port, or one of something in between.
    reached_at: u16,
    options: Vec<String>,
    data: TempDir,
    running: Option<(Child, String)>,
}

impl Node {
    fn start(options: &[&str]) -> Self {
        Self::start_in(TempDir::new().expect("a temporary directory"), options)
    }

    fn start_in(data: TempDir, options: &[&str]) -> Self {
        let port = free_port();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut node = Self { port, reached_at: port, options, data, running: None };
        node.run();
        node
    }

    /// Starts it, again where it ran before.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new("sh");
        command.args(["-c", r#"log=$1; shift; "$@" >>"$log" 2>&1 & echo $!; cat; kill -KILL $!"#, "mongod"]);
        command.arg(self.data.path().join("log")).arg(binary());
        command.args(["--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket", "--port"]);
        command.arg(self.port.to_string()).arg("--dbpath").arg(self.data.path());
        command.args(&self.options);
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut pid = String::new();
        let mut output = BufReader::new(shell.stdout.take().expect("a pipe"));
        output.read_line(&mut pid).expect("the number of the process");
        self.running = Some((shell, pid.trim().to_owned()));
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let (_, pid) = self.running.as_ref().expect("it runs");
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let (mut shell, _) = self.running.take().expect("it runs");
        drop(shell.stdin.take());
        shell.wait().expect("it ends");
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.reached_at)
    }

    /// A connection to this one alone, past what may be in between.
    pub(crate) async fn client(&self) -> Client {
        client(&format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)).await
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
pub(crate) struct Mongod {
    pub nodes: Vec<Node>,
    options: String,
}

impl Mongod {
    /// One server without replication.
    pub(crate) async fn alone() -> Self {
        let deployment = Self { nodes: vec![Node::start(&[])], options: String::new() };
        deployment.ready().await;
        deployment
    }

    /// One server without replication, whose commands a test can have fail by a fail point.
    pub(crate) async fn that_fails_at_will() -> Self {
        let node = Node::start(&["--setParameter", "enableTestCommands=1"]);
        let deployment = Self { nodes: vec![node], options: String::new() };
        deployment.ready().await;
        deployment
    }

    /// A replica set of so many.
    pub(crate) async fn replicas(count: usize) -> Self {
        Self::replicas_behind(count, |port| port).await
    }

    /// A replica set whose members know each other, and are known to clients, by other ports: `lay` makes, for the port
    /// of each, one that
    /// leads there.
    pub(crate) async fn replicas_behind(count: usize, lay: impl Fn(u16) -> u16) -> Self {
        let start = |_| {
            let mut node = Node::start(&["--replSet", "tests", "--oplogSize", "200"]);
            node.reached_at = lay(node.port);
            node
        };
        let nodes: Vec<Node> = (0..count).map(start).collect();
        let deployment = Self { nodes, options: "replicaSet=tests".to_owned() };
        let member = |(number, node): (usize, &Node)| doc! { "_id": number as i32, "host": node.host() };
        let members: Vec<Document> = deployment.nodes.iter().enumerate().map(member).collect();
        // Failover as quick as three processes on a busy machine allow.
        let settings = doc! { "electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500 };
        let config = doc! { "_id": "tests", "members": members, "settings": settings };
        // The set begins only where each of its members can be reached.
        for node in &deployment.nodes {
            let answer = node.client().await.database("admin").run_command(doc! { "ping": 1 }).await;
            answer.expect("the member answers");
        }
        let first = deployment.nodes[0].client().await;
        first.database("admin").run_command(doc! { "replSetInitiate": config }).await.expect("the set begins");
        deployment.ready().await;
        deployment
    }

    /// One server that takes connections by TLS alone, under a certificate of its own authority, and lets in nobody but
    /// the user `ann` with the password `p@ss/word`, who may read and write the database `chat`.
    pub(crate) async fn secured() -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let made = Command::new("sh").args(["-ec", CERTIFICATES]).current_dir(data.path()).output().expect("a shell");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let file = |name: &str| data.path().join(name).display().to_string();
        let (server, authority) = (file("server.pem"), file("authority.pem"));
        let tls = ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", &server, "--tlsCAFile", &authority];
        let options = [&tls[..], &["--tlsAllowConnectionsWithoutCertificates", "--auth"]].concat();
        let node = Node::start_in(data, &options);
        let options = format!("tls=true&tlsCAFile={authority}");
        let deployment = Self { nodes: vec![node], options };
        // Until there is a user, whoever comes from this machine may make the first one.
        let root = doc! { "createUser": "root", "pwd": "root", "roles": ["root"] };
        deployment.database("admin").await.run_command(root).await.expect("the first user is made");
        let ann = doc! { "createUser": "ann", "pwd": "p@ss/word", "roles": [{ "role": "readWrite", "db": "chat" }] };
        let as_root = client(&deployment.url_as("root:root", "admin")).await;
        as_root.database("admin").run_command(ann).await.expect("the second user is made");
        deployment
    }

    /// The connection string with a user and a password, as they stand in a URL.
    pub(crate) fn url_as(&self, credentials: &str, database: &str) -> String {
        self.url(database).replacen("mongodb://", &format!("mongodb://{credentials}@"), 1) + "&authSource=admin"
    }

    /// Waits until it can be written to.
    pub(crate) async fn ready(&self) {
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
    pub(crate) fn url(&self, database: &str) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(Node::host).collect();
        format!("mongodb://{}/{database}?{}", hosts.join(","), self.options)
    }

    /// As [`Mongod::url`], as a setting.
    pub(crate) fn secret(&self, database: &str) -> Secret {
        Secret::new(self.url(database))
    }

    /// The database as the driver sees it, to look behind the store.
    pub(crate) async fn database(&self, name: &str) -> mongodb::Database {
        client(&self.url(name)).await.database(name)
    }

    /// The node that is the primary now.
    pub(crate) async fn primary(&mut self) -> &mut Node {
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
pub(crate) fn database_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A replica set of one that all tests share which do it no harm, each with a database of its own.
pub(crate) async fn shared() -> &'static Mongod {
    static SHARED: tokio::sync::OnceCell<Mongod> = tokio::sync::OnceCell::const_new();
    SHARED.get_or_init(|| Mongod::replicas(1)).await
}

/// Whether every app of the tests is to work on MongoDB instead of the embedded store: `TEST_STORE=mongodb`.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(crate) fn stands_in() -> bool {
    std::env::var("TEST_STORE").is_ok_and(|store| store == "mongodb")
}

/// How many servers every app of the tests is to be that works on MongoDB for another store: `TEST_SERVERS`, else one.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
pub(crate) fn servers() -> usize {
    std::env::var("TEST_SERVERS").map_or(1, |count| count.parse().expect("a number of servers"))
}

/// The name of the database that stands in for a data directory.
pub(crate) fn name_for(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    format!("instead_of_{}", name.trim_start_matches('.'))
}

/// As [`shared`], stand-alone.
pub(crate) async fn shared_alone() -> &'static Mongod {
    static SHARED: tokio::sync::OnceCell<Mongod> = tokio::sync::OnceCell::const_new();
    SHARED.get_or_init(Mongod::alone).await
}
