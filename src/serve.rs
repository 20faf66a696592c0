//! The accept loop, and the order of the shutdown.
//!
//! Our own instead of axum's: a half-sent request is dropped in time, every connection has a kill switch, there are never more than the
//! descriptors allow, and what is behind a dead network does not stay for ever.

mod bodies;
mod doors;
mod upkeep;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::App;
use crate::live::Full;
use crate::peer::Peer;
use crate::seldom::Seldom;
use crate::socket::{Cut, Line};
use doors::{Doors, Pass};
use upkeep::{forever, upkeep};

/// How long a connection may stay open between two requests: longer than proxies keep theirs, or they send into one that closes.
const IDLE: Duration = Duration::from_secs(100);

/// How often a connection is looked at whose client may be sending the head of a request too slowly.
const HEAD_CHECK: Duration = Duration::from_secs(5);

/// The largest head of a request, in bytes; a larger one is answered 431.
const MOST_HEAD: usize = 32 * 1024;

/// What a connection is told that cannot be let in.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\ncontent-length: 72\r\n\
connection: close\r\n\r\n{\"code\":\"overloaded\",\"message\":\"Too many connections; try again later\"}\n";

/// How long what was sent may stay unacknowledged by the other machine before the connection counts as dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// When clients are to come back after a restart, in the order of how long one takes.
const RECONNECT_IN: Duration = Duration::from_secs(1);

/// How long requests that are under way may take to end.
const DRAIN: Duration = Duration::from_secs(3);

/// How long the last changes of calls may take to be stored.
const LAST_RECORDS: Duration = Duration::from_secs(1);

/// Serves until `shutdown` resolves; then stops listening, tells clients, closes connections and commits what was written.
/// Takes less than 10 s for that.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    static NOT_ACCEPTED: Seldom = Seldom::new();
    let (stop, stopped) = watch::channel(false);
    let doors = Doors::new(app.chat.config().trusted_proxies.clone());
    let upkeep = {
        let (app, stopped) = (app.clone(), stopped.clone());
        forever("upkeep", move || upkeep(app.clone(), stopped.clone()))
    };
    let chat = Arc::clone(&app.chat);
    let calls = forever("calls", move || {
        let chat = Arc::clone(&chat);
        async move { chat.watch_calls().await }
    });
    let chat = Arc::clone(&app.chat);
    let records = forever("call records", move || Arc::clone(&chat).keep_calls());
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => match doors.enter(address.ip()) {
                    Ok(pass) => {
                        tokio::spawn(connection(stream, Peer(address), pass, app.routes.clone(), stopped.clone()));
                    }
                    Err(full) => turn_away(&stream, full),
                },
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors, as a rule: those that end make room.
                    NOT_ACCEPTED.say(|count| tracing::warn!(%error, count, "a connection could not be accepted"));
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    // It holds the app and a receiver, which the end of connections is known by.
    upkeep.abort();
    close(app, stop, stopped).await;
    calls.abort();
    records.abort();
    Ok(())
}

async fn close(app: App, stop: watch::Sender<bool>, stopped: watch::Receiver<bool>) {
    app.chat.announce_shutdown(RECONNECT_IN);
    app.sockets.close().await;
    // Connections end as their requests do; the sender knows when the last receiver is gone.
    let _ = stop.send(true);
    drop(stopped);
    if tokio::time::timeout(DRAIN, stop.closed()).await.is_err() {
        tracing::debug!("some connections were still open at the end");
    }
    if tokio::time::timeout(LAST_RECORDS, app.chat.save_calls_left()).await.is_err() {
        tracing::warn!("the end of some calls could not be stored");
    }
    app.chat.store().close().await;
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
        tracing::warn!(bound, count, "too many connections: new ones are refused; allow the process more open files, or name your proxy with --trusted-proxy");
    });
    // Whether it is read is up to the other end; a fresh connection has room for it.
    let _ = stream.try_write(FULL);
}

async fn connection(stream: TcpStream, peer: Peer, pass: Pass, routes: Router, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "a connection could not be tuned");
    }
    let (line, cut) = Line::new(stream);
    // Given back when the connection is closed, as a websocket too.
    let line = line.with(Box::new(pass));
    let service = {
        let cut = Arc::clone(&cut);
        hyper::service::service_fn(move |request| respond(routes.clone(), peer, Arc::clone(&cut), request))
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(MOST_HEAD);
    let serving = http.serve_connection(TokioIo::new(line), service).with_upgrades();
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
                if cut.head_is_late() {
                    cut.cut();
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, address = %peer.0, "a connection ended");
    }
}

/// Resolves when the shutdown has begun.
async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone: the server is, too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn respond(
    routes: Router,
    peer: Peer,
    cut: Arc<Cut>,
    mut request: hyper::Request<hyper::body::Incoming>,
) -> Result<axum::response::Response, Infallible> {
    cut.request_begins();
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(Arc::clone(&cut));
    let response = routes.oneshot(request.map(bodies::timed)).await?;
    Ok(response.map(|body| bodies::watched(body, cut)))
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}
