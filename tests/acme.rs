//! Certificates of an ACME authority, against Debian's `pebble`, which looks at names through a server of names of the
//! test's own: got, kept over a restart, renewed under a connection that stays open, and shared by the servers of a
//! database.

#![expect(clippy::disallowed_methods, reason = "a test has nothing else to do while its processes start and end")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::block_in_place;

use crate::support::mongod::{database_name, shared};
use crate::support::port::free_port;
use crate::support::process::{Process, Server, Workplace};
use crate::support::secure::Trusting;
use crate::support::skip::skipped;
use crate::support::socket::timed;

/// How long a certificate lasts: it is renewed when two thirds of that are over.
const LASTS_S: u64 = 24;

/// An authority; dropped, it is gone.
struct Authority {
    children: Vec<Child>,
    directory: u16,
    management: u16,
    /// Its own certificate, by which its directory is reached.
    certificate: (String, String),
}

impl Authority {
    /// One that looks at these ports; `None` where there is no pebble.
    fn start(place: &Path, http: u16, tls: u16) -> Option<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let certificate = (made.cert.pem(), made.signing_key.serialize_pem());
        std::fs::write(place.join("pebble.pem"), &certificate.0).expect("a file");
        std::fs::write(place.join("pebble.key"), &certificate.1).expect("a file");
        let (directory, management, names, names_management) = (free_port(), free_port(), free_port(), free_port());
        let settings = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{directory}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": place.join("pebble.pem"),
            "privateKey": place.join("pebble.key"),
            "httpPort": http,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": LASTS_S,
        }});
        std::fs::write(place.join("pebble.json"), settings.to_string()).expect("a file");
        let quiet = |command: &mut Command| command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let names_at = format!("127.0.0.1:{names}");
        let mut of_names = Command::new("pebble-challtestsrv");
        of_names.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &names_at, "-http01", ""]);
        of_names.args(["-https01", "", "-tlsalpn01", "", "-management", &format!("127.0.0.1:{names_management}")]);
        let mut pebble = Command::new("pebble");
        pebble.arg("-config").arg(place.join("pebble.json")).args(["-dnsserver", &names_at]);
        pebble.env("PEBBLE_VA_NOSLEEP", "1");
        let children = match (quiet(&mut of_names), quiet(&mut pebble)) {
            (Ok(of_names), Ok(pebble)) => vec![of_names, pebble],
            _ => return None,
        };
        Some(Self { children, directory, management, certificate })
    }

    /// The certificate of its root, which is another one at each start.
    async fn root(&self) -> String {
        let client = Trusting::pem(&self.certificate.0).requests(&[], ([127, 0, 0, 1], self.management).into());
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        timed("the root of the authority", async {
            loop {
                match client.get(&url).send().await {
                    Ok(answer) => return answer.text().await.expect("a certificate"),
                    // It has only just begun.
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        })
        .await
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in &mut self.children {
            // One that has ended already is left alone.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn serve(workplace: &Workplace, authority: &Authority, port: u16) -> Server {
    Server::up(Process::spawn(serving(workplace, authority, port), ""))
}

fn serving(workplace: &Workplace, authority: &Authority, port: u16) -> Command {
    let directory = format!("https://127.0.0.1:{}/dir", authority.directory);
    let mut command = workplace.command(&["--host", "127.0.0.1", "--port", &port.to_string(), "--tls", "acme"]);
    command.args(["--public-url", "https://chat.example.com,https://talk.example.com", "--acme-directory", &directory]);
    let root = workplace.write("authority.pem", &authority.certificate.0);
    command.args(["--acme-email", "ann@example.com"]).env("SSL_CERT_FILE", root);
    command
}

/// One of several servers on a database, in a place of its own.
fn serve_together(workplace: &Workplace, authority: &Authority, (port, database): (u16, &str)) -> Server {
    let mut command = serving(workplace, authority, port);
    command.env("MONGO_URL", database).env("JWT_SECRET", "a secret that all of these servers share");
    Server::up(Process::spawn(command, ""))
}

/// A port whose connections lead to these ports in turn, once somebody is there.
async fn in_turn(ports: [u16; 2]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let own = listener.local_addr().expect("its number").port();
    tokio::spawn(async move {
        for port in ports.into_iter().cycle() {
            let Ok((mut near, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut far = loop {
                    match TcpStream::connect(("127.0.0.1", port)).await {
                        Ok(far) => break far,
                        Err(_) => tokio::task::yield_now().await,
                    }
                };
                copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    own
}

/// Waits until the server says that it has a certificate.
fn wait_for_one(server: &mut Server) {
    block_in_place(|| server.process.logged("new connections get a new certificate"));
}

async fn shown(trusting: &Trusting, server: &Server, name: &str) -> Vec<u8> {
    let stream = trusting.connect(server.address, name).await.expect(name);
    stream.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_got_by_tls_kept_and_renewed_while_connections_stay() {
    let (workplace, port) = (Workplace::new(), free_port());
    let Some(authority) = Authority::start(workplace.path(), free_port(), port) else {
        return skipped("the test of ACME: there is no pebble");
    };
    let root = authority.root().await;
    let mut server = block_in_place(|| serve(&workplace, &authority, port));
    wait_for_one(&mut server);
    let trusting = Trusting::pem(&root);
    let first = shown(&trusting, &server, "chat.example.com").await;
    assert_eq!(shown(&trusting, &server, "talk.example.com").await, first, "one for all names");
    for file in ["acme-account.json", "acme-certificate.json"] {
        let kept = std::fs::metadata(workplace.path().join("tincan-data/tls").join(file)).expect(file);
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept.permissions()) & 0o777, 0o600, "{file}");
    }
    assert_eq!(block_in_place(|| server.stop()).code, Some(0));

    // Kept: it is shown before the authority could have given another.
    let mut server = block_in_place(|| serve(&workplace, &authority, port));
    assert_eq!(shown(&trusting, &server, "chat.example.com").await, first);
    let mut client = trusting.connect(server.address, "chat.example.com").await.expect("a connection");
    // One that has asked once may be silent for longer than one that has not.
    assert!(timed("an answer", ask(&mut client)).await.starts_with("HTTP/1.1 200"));
    wait_for_one(&mut server);
    assert_ne!(shown(&Trusting::pem(&root), &server, "chat.example.com").await, first, "renewed");
    // The connection from before is as it was.
    let answer = timed("an answer", ask(&mut client)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(client);
    assert_eq!(block_in_place(|| server.stop()).code, Some(0));
}

async fn ask(line: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    line.write_all(b"GET /health HTTP/1.1\r\nHost: chat.example.com\r\n\r\n").await.expect("it is open");
    let mut came = [0; 512];
    let read = line.read(&mut came).await.expect("it is open");
    String::from_utf8_lossy(&came[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_found_by_tls_is_found_by_http_and_a_failure_is_told() {
    let (workplace, port) = (Workplace::new(), free_port());
    // The authority looks for TLS where nobody is.
    let Some(authority) = Authority::start(workplace.path(), port, free_port()) else {
        return skipped("the test of ACME: there is no pebble");
    };
    let root = authority.root().await;
    let mut server = block_in_place(|| serve(&workplace, &authority, port));
    block_in_place(|| server.process.logged("by TLS on port 443: "));
    let health: Value = reqwest::get(server.url("/health")).await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "ok", "http is served whatever comes of it");
    wait_for_one(&mut server);
    shown(&Trusting::pem(&root), &server, "chat.example.com").await;
    assert_eq!(block_in_place(|| server.stop()).code, Some(0));
}

/// Two servers on one database, of which one asks; what the authority looks at comes to both in turn.
struct Together {
    places: [Workplace; 2],
    authority: Authority,
    database: String,
    servers: [Server; 2],
}

impl Together {
    /// The authority looks by TLS, or by http alone. `None` where there is no pebble.
    async fn start(by_tls: bool) -> Option<Self> {
        let database = shared().await.url(&database_name());
        let (places, ports) = ([Workplace::new(), Workplace::new()], [free_port(), free_port()]);
        let (looked, nobody) = (in_turn(ports).await, free_port());
        let (http, tls) = if by_tls { (nobody, looked) } else { (looked, nobody) };
        let authority = Authority::start(places[0].path(), http, tls)?;
        authority.root().await;
        let start = |at: usize| block_in_place(|| serve_together(&places[at], &authority, (ports[at], &database)));
        let mut servers = [start(0), start(1)];
        servers.iter_mut().for_each(wait_for_one);
        Some(Self { servers, authority, database, places })
    }

    /// What all servers show, which is the same.
    async fn shown(&self, trusting: &Trusting) -> Vec<u8> {
        let [one, other] = &self.servers;
        let certificate = shown(trusting, one, "chat.example.com").await;
        assert_eq!(shown(trusting, other, "talk.example.com").await, certificate, "one for all servers");
        certificate
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn of_servers_on_one_database_one_asks_whichever_is_come_to_answers_and_all_serve() {
    let Some(mut together) = Together::start(true).await else {
        return skipped("the test of ACME with several servers: there is no pebble");
    };
    let trusting = Trusting::pem(&together.authority.root().await);
    let first = together.shown(&trusting).await;
    let told = |server: &mut Server| server.process.said().matches("which another server got").count();
    assert_eq!(
        together.servers.iter_mut().map(told).sum::<usize>(),
        1,
        "one has asked, and the other has it from there"
    );

    // One that comes later has it at once, and on its own disk lies nothing.
    let place = Workplace::new();
    let third = block_in_place(|| serve_together(&place, &together.authority, (free_port(), &together.database)));
    assert_eq!(shown(&trusting, &third, "chat.example.com").await, first);
    for place in together.places.iter().chain([&place]) {
        assert!(std::fs::read_dir(place.path().join("tincan-data/tls")).expect("a folder").next().is_none());
    }

    together.servers.iter_mut().for_each(wait_for_one);
    assert_ne!(together.shown(&trusting).await, first, "renewed for all of them");
    for server in together.servers.into_iter().chain([third]) {
        assert_eq!(block_in_place(|| server.stop()).code, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_token_of_one_server_is_answered_by_the_other_and_the_database_holds_no_key_that_it_can_read() {
    let Some(together) = Together::start(false).await else {
        return skipped("the test of ACME with several servers: there is no pebble");
    };
    let trusting = Trusting::pem(&together.authority.root().await);
    together.shown(&trusting).await;
    let name = together.database.rsplit('/').next().and_then(|rest| rest.split('?').next()).expect("a database");
    let kept = shared().await.database(name).await.collection::<Document>("tincan_shared");
    let kept: Vec<Document> = kept.find(doc! {}).await.expect("it answers").try_collect().await.expect("documents");
    let words: Vec<&str> = kept.iter().filter_map(|kept| kept.get_str("_id").ok()?.split(' ').nth(1)).collect();
    assert_eq!(words.iter().filter(|word| **word == "certificate").count(), 1, "{words:?}");
    assert!(words.contains(&"account") && !words.contains(&"proof"), "{words:?}");
    for kept in kept {
        let content = kept.get_binary_generic("content").cloned().unwrap_or_default();
        assert!(!String::from_utf8_lossy(&content).contains("key"), "{kept}");
    }
    for server in together.servers {
        assert_eq!(block_in_place(|| server.stop()).code, Some(0));
    }
}
