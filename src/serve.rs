//! The accept loop, and the order of the shutdown.
//!
//! Our own instead of axum's: a half-sent request head is dropped in time, every connection has a kill switch, and what is behind a
//! dead network does not stay for ever.

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
use crate::peer::Peer;
use crate::socket::{Cut, Line};

/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(15);

/// How long what was sent may stay unacknowledged by the other machine before the connection counts as dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// When clients are to come back after a restart, in the order of how long one takes.
const RECONNECT_IN: Duration = Duration::from_secs(1);

/// How long requests that are under way may take to end.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until `shutdown` resolves; then stops listening, tells clients, closes connections and commits what was written.
/// Takes less than 10 s for that.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let upkeep = tokio::spawn(upkeep(app.clone(), stopped.clone()));
    let chat = Arc::clone(&app.chat);
    let calls = tokio::spawn(async move { chat.watch_calls().await });
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    tokio::spawn(connection(stream, Peer(address), app.routes.clone(), stopped.clone()));
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors, as a rule: those that end make room.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    drop(listener);
    close(app, stop, stopped).await;
    upkeep.abort();
    calls.abort();
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
    app.chat.store().close().await;
}

/// Errors that say something of the connection that was about to be, not of the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

async fn connection(stream: TcpStream, peer: Peer, routes: Router, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = tune(&stream) {
        tracing::debug!(%error, "a connection could not be tuned");
    }
    let (line, cut) = Line::new(stream);
    let service = hyper::service::service_fn(move |request| respond(routes.clone(), peer, Arc::clone(&cut), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let serving = http.serve_connection(TokioIo::new(line), service).with_upgrades();
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = told(&mut stopped) => {
            serving.as_mut().graceful_shutdown();
            serving.await
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
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(cut);
    routes.oneshot(request.map(axum::body::Body::new)).await
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

/// What has to be looked at now and then, while the server runs.
async fn upkeep(app: App, mut stopped: watch::Receiver<bool>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for count in 0_u64.. {
        tokio::select! {
            _ = second.tick() => {}
            () = told(&mut stopped) => return,
        }
        app.chat.expire_sessions();
        if count % 3 == 0
            && let Err(error) = app.chat.recheck_sessions().await
        {
            tracing::debug!(%error, "sessions could not be checked");
        }
        if count % 10 == 0 {
            app.sockets.sweep();
        }
    }
}
