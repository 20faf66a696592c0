//! What a packet costs that two callers send each other through the relay, beside coturn, which many run for that. The
//! load of both is coturn's own client.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::figures::{Figures, Ratio};
use crate::port::free_port;
use crate::process::{Cpu, Server, resident};
use crate::scale::Scale;

const TINCAN: &str = "Tincan";
const COTURN: &str = "coturn";
/// Of the credentials that coturn takes.
const SECRET: &str = "shared by this benchmark and coturn";
/// Who send to each other in pairs. Each asks for two addresses, of which a user of Tincan may have twelve.
const CLIENTS: usize = 6;
/// Of a packet, about as many as of sound.
const BYTES: usize = 200;
/// How long coturn may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A relay that runs.
struct Relay {
    column: &'static str,
    process: Process,
    port: u16,
}

enum Process {
    Tincan(Server),
    Coturn(Child),
}

/// What a relay lets a user in with.
struct Ticket {
    name: String,
    password: String,
}

impl Process {
    fn id(&self) -> u32 {
        match self {
            Self::Tincan(server) => server.id(),
            Self::Coturn(child) => child.id().expect("it runs"),
        }
    }
}

impl Relay {
    /// Of a user with this name, which is new.
    async fn ticket(&self, user: &str) -> Ticket {
        let Process::Tincan(server) = &self.process else {
            let name = format!("{}:{user}", UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()) + 3600);
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
            let password = BASE64_STANDARD.encode(hmac::sign(&key, name.as_bytes()));
            return Ticket { name, password };
        };
        let token = server.user(user).await;
        let told = server.get(&token, "/api/ice-servers").await;
        let servers = told["iceServers"].as_array().expect("a list");
        let relay = servers.iter().find(|one| one["username"].is_string()).expect("a relay");
        let text = |name: &str| relay[name].as_str().expect("text").to_owned();
        Ticket { name: text("username"), password: text("credential") }
    }
}

/// Measures both in turns; where coturn is missing, that is told to `absent`, and there is nothing to load with.
pub(crate) async fn measure(scale: &Scale, absent: &mut Vec<String>) -> Option<Figures> {
    let ratios = vec![Ratio { name: "Tincan ÷ coturn", of: TINCAN, to: vec![COTURN] }];
    let mut figures = Figures::new("the relay for calls", vec![TINCAN, COTURN], ratios);
    let relays = match coturn().await {
        Ok(coturn) => [tincan().await, coturn],
        Err(why) => {
            absent.push(format!("the relay for calls: {why} (package coturn)"));
            return None;
        }
    };
    for round in 1..=scale.relay_rounds {
        for relay in &relays {
            let (column, process) = (relay.column, relay.process.id());
            for (over, flags) in [("UDP", &[][..]), ("TCP", &["-t"][..])] {
                println!("round {round} of {}: {column}, over {over}", scale.relay_rounds);
                // One of its own each time, for what the one before had is given back when its time is over.
                let ticket = relay.ticket(&format!("caller{round}{over}")).await;
                let cpu = Cpu::of(process);
                let came = send(relay, &ticket, flags, scale.relayed).await;
                let each = Cpu::of(process).since(&cpu) / came as f64;
                figures.note(&format!("a packet from one caller to another, over {over}"), "µs", column, each);
            }
            figures.note("resident then", "MB", column, resident(process) as f64 / 1e6);
        }
    }
    Some(figures)
}

async fn tincan() -> Relay {
    let port = free_port();
    let data = Arc::new(TempDir::new().expect("a directory"));
    let server = Server::on(data, &["--turn", "127.0.0.1", "--turn-port", &port.to_string()]).await;
    Relay { column: TINCAN, process: Process::Tincan(server), port }
}

async fn coturn() -> Result<Relay, String> {
    let port = free_port();
    let mut command = Command::new("turnserver");
    command.args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers", "--realm", "benchmark"]);
    command.args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", &port.to_string()]);
    command.args(["--use-auth-secret", "--static-auth-secret", SECRET, "--log-file", "/dev/null", "--pidfile", ""]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let child = child.map_err(|error| format!("turnserver does not start: {error}"))?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("turnserver is not up after {PATIENCE:?}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(Relay { column: COTURN, process: Process::Coturn(child), port })
}

/// Lets [`CLIENTS`] send each other so many packets each; how many came.
async fn send(relay: &Relay, ticket: &Ticket, flags: &[&str], packets: usize) -> u64 {
    let mut client = Command::new("turnutils_uclient");
    client.args(flags).args(["-y", "-c", "-z", "1", "-m", &CLIENTS.to_string(), "-n", &packets.to_string()]);
    client.args(["-l", &BYTES.to_string(), "-p", &relay.port.to_string(), "-u", &ticket.name, "-w", &ticket.password]);
    let ran = client.arg("127.0.0.1").output().await.expect("coturn's client is there with coturn");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    let came =
        said.rsplit("tot_recv_msgs=").next().and_then(|rest| rest.split([',', '\n']).next()?.trim().parse().ok());
    let came: u64 = came.unwrap_or_else(|| panic!("it does not say how many came: {said}"));
    assert!(came * 100 >= (CLIENTS * packets) as u64 * 99, "packets are lost: {said}");
    came
}
