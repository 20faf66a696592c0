//! From a connection that was let in to one over which http or the relay can be spoken: its first byte, and the
//! handshake of TLS.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::first_byte::{Protocol, tell};
use super::line::Line;
use super::tls::Tls;

/// How long a client may take until the first byte is there, and after the handshake until the first encrypted one.
const FIRST: Duration = Duration::from_secs(15);

/// How long the handshake of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a connection is for.
pub(crate) enum Opened {
    /// For http.
    Http(Line),
    /// For the relay.
    Relay(Line),
}

/// Opens a connection; `None` where nothing comes of it: it closes, takes too long, or is for nothing that is served
/// here. What is for the relay goes there where there is one, else to http, which answers for itself.
///
/// # Errors
/// Those of the connection and of the handshake.
pub(crate) async fn open(mut stream: TcpStream, tls: Option<&Tls>, relays: bool) -> io::Result<Option<Opened>> {
    if tls.is_none() && !relays {
        return Ok(Some(Opened::Http(Line::Plain(stream))));
    }
    let first = timeout(FIRST, tell(&mut stream)).await??;
    Ok(match (first, tls) {
        (None, _) => None,
        (Some(Protocol::Tls), Some(tls)) => within_tls(stream, tls, relays).await?,
        (Some(Protocol::Stun), _) if relays => Some(Opened::Relay(Line::Plain(stream))),
        (Some(_), _) => Some(Opened::Http(Line::Plain(stream))),
    })
}

async fn within_tls(stream: TcpStream, tls: &Tls, relays: bool) -> io::Result<Option<Opened>> {
    let mut stream = timeout(HANDSHAKE, tls.accept(stream)).await??;
    let first = timeout(FIRST, tell(&mut stream)).await??;
    let line = Line::Tls(Box::new(stream));
    Ok(match first {
        None | Some(Protocol::Tls) => None,
        Some(Protocol::Stun) if relays => Some(Opened::Relay(line)),
        Some(Protocol::Http | Protocol::Stun) => Some(Opened::Http(line)),
    })
}
