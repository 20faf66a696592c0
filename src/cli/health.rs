//! `tincan healthcheck`: asks a running server, for containers and supervisors that have no other client at hand.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tincan::config::{Flags, Settings};
use tincan::net::on_this_machine;

use super::failure::Failure;
use super::failure::reason;
use super::output::print;

const CONNECT: Duration = Duration::from_secs(2);
/// Longer than the server takes to find out that its store does not answer.
const ANSWER: Duration = Duration::from_secs(5);
/// More than an answer has.
const LONGEST: u64 = 64 * 1024;

pub(super) fn run(flags: Flags) -> Result<(), Failure> {
    let address = Settings::load(flags)?.address();
    let places = on_this_machine(address.ip()).into_iter().map(|ip| SocketAddr::new(ip, address.port()));
    let (address, answer) = ask_any(places)?;
    let well = answer.split_whitespace().nth(1) == Some("200");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let health: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let field = |pointer| health.pointer(pointer).and_then(serde_json::Value::as_str);
    match (field("/status"), field("/version"), field("/store/engine")) {
        (Some(_), Some(version), Some(engine)) if well => print(&format!("ok: tincan {version} on {engine}\n")),
        (Some(status), ..) => Err(Failure::other(format!("the server at {address} is not well: {status}"))),
        (None, ..) => Err(Failure::other(format!("what answers at {address} is no tincan; name its port with --port"))),
    }
}

/// The first that answers, and what.
fn ask_any(places: impl Iterator<Item = SocketAddr>) -> Result<(SocketAddr, String), Failure> {
    let mut failure = None;
    for address in places {
        match ask(address) {
            Ok(answer) => return Ok((address, answer)),
            Err(error) => {
                failure.get_or_insert_with(|| {
                    let reason = reason(&error);
                    format!("no server answers at {address}: {reason}; start it, or name its port with --port")
                });
            }
        }
    }
    Err(Failure::other(failure.unwrap_or_default()))
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
