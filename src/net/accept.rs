//! The accept loop, and what each connection that it lets in gets.
//!
//! Our own instead of axum's: a half-sent request is dropped in time, every connection has a kill switch, there are
//! never more than the
//! descriptors allow, and what is behind a dead network does not stay for ever.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::binding::plain;
use super::bodies;
use super::doors::{Doors, Pass};
use super::kill_switch::{KillSwitch, Switched};
use super::line::Line;
use super::opening::{self, Opened};
use super::relay::Relay;
use super::remote::Connection;
use super::tls::Tls;
use super::tuning::{told, tune};
use crate::live::Full;
use crate::seldom::Seldom;

/// How long a connection may stay open between two requests: longer than proxies keep theirs, or they send into one
/// that closes.
const IDLE: Duration = Duration::from_secs(100);
const _: () = assert!(IDLE.as_secs() > LONGEST_OF_PROXIES, "a proxy would send into a connection that closes");

/// How long nginx keeps a connection to the server behind it, and most others for less, in seconds.
const LONGEST_OF_PROXIES: u64 = 75;

/// How often a connection is looked at whose client may be sending the head of a request too slowly.
const HEAD_CHECK: Duration = Duration::from_secs(5);

/// The largest head of a request, in bytes; a larger one is answered 431.
const MOST_HEAD: usize = 32 * 1024;

/// What a connection is told that cannot be let in.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\ncontent-length: 72\r\n\
connection: close\r\n\r\n{\"code\":\"overloaded\",\"message\":\"Too many connections; try again later\"}\n";

/// What every connection is served.
#[derive(Clone)]
pub struct Served {
    /// Over http.
    pub routes: Router,
    /// For those who come over https; `None` where that is not served.
    pub tls: Option<Arc<Tls>>,
    /// For calls that find no way of their own; `None` where there is none.
    pub relay: Option<Arc<Relay>>,
}

/// Lets connections in and serves them until it is dropped. `stopped` then ends those that are open, each after the
/// request that is under way; all are closed when the last receiver of it is gone.
pub async fn accept(listener: TcpListener, doors: Doors, served: Served, stopped: watch::Receiver<bool>) -> Infallible {
    static NOT_ACCEPTED: Seldom = Seldom::new();
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let address = plain(address);
                match doors.enter(address.ip()) {
                    Ok(pass) => {
                        tokio::spawn(welcome(stream, address, pass, served.clone(), stopped.clone()));
                    }
                    Err(full) => turn_away(&stream, full),
                }
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, as a rule: those that end make room.
                NOT_ACCEPTED.say(|count| tracing::warn!(%error, count, "a connection could not be accepted"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Errors that say something of the connection that was about to be, not of the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// Tells a connection that it cannot be let in, and closes it.
fn turn_away(stream: &TcpStream, full: Full) {
    static TURNED_AWAY: Seldom = Seldom::new();
    let bound = match full {
        Full::All => "all",
        Full::Key => "address",
    };
    metrics::counter!("tincan_connections_refused_total", "bound" => bound).increment(1);
    TURNED_AWAY.say(|count| {
        tracing::warn!(
            bound,
            count,
            "too many connections: new ones are refused; allow the process more open files, or name your proxy with \
             --trusted-proxy"
        );
    });
    // Whether it is read is up to the other end; a fresh connection has room for it.
    let _ = stream.try_write(FULL);
}

/// Opens a connection and serves it. It ends before it is open where the server does.
async fn welcome(
    stream: TcpStream,
    remote: SocketAddr,
    pass: Pass,
    served: Served,
    mut stopped: watch::Receiver<bool>,
) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "a connection could not be tuned");
    }
    let local = plain(stream.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0))));
    let opened = tokio::select! {
        opened = opening::open(stream, served.tls.as_deref(), served.relay.is_some()) => opened,
        () = told(&mut stopped) => return,
    };
    match opened {
        Ok(Some(Opened::Relay(line))) => {
            let Some(relay) = served.relay else { return };
            tokio::select! {
                () = relay.serve_stream(line, remote) => {}
                () = told(&mut stopped) => {}
            }
            drop(pass);
        }
        Ok(Some(Opened::Http(line))) => {
            let connection = Connection { remote, local, tls: line.is_tls() };
            serve(line, connection, pass, served.routes, stopped).await;
        }
        Ok(None) => {}
        Err(error) => tracing::trace!(%error, address = %remote, "a connection did not open"),
    }
}

async fn serve(stream: Line, connection: Connection, pass: Pass, routes: Router, mut stopped: watch::Receiver<bool>) {
    let (stream, switch) = Switched::new(stream);
    // Given back when the connection is closed, as a websocket too.
    let stream = stream.with(Box::new(pass));
    let service = {
        let switch = Arc::clone(&switch);
        hyper::service::service_fn(move |request| respond(routes.clone(), connection, Arc::clone(&switch), request))
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(MOST_HEAD);
    let serving = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(serving);
    let mut check = tokio::time::interval(HEAD_CHECK);
    let ended = loop {
        tokio::select! {
            ended = &mut serving => break ended,
            () = told(&mut stopped) => {
                serving.as_mut().graceful_shutdown();
                break serving.await;
            }
            _ = check.tick() => {
                if switch.head_is_late() {
                    switch.cut();
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, address = %connection.remote, "a connection ended");
    }
}

async fn respond(
    routes: Router,
    connection: Connection,
    switch: Arc<KillSwitch>,
    mut request: hyper::Request<hyper::body::Incoming>,
) -> Result<axum::response::Response, Infallible> {
    switch.request_begins();
    request.extensions_mut().insert(connection);
    request.extensions_mut().insert(Arc::clone(&switch));
    let response = routes.oneshot(request.map(bodies::timed)).await?;
    Ok(response.map(|body| bodies::watched(body, switch)))
}
