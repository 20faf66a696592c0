//! What every connection gets: notice of a dead network, small packets sent at once, and word of the shutdown.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How long what was sent may stay unacknowledged by the other machine before the connection counts as dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// How much the kernel may hold of what is written to a session and is not on its way yet, in bytes.
#[cfg(target_os = "linux")]
const MOST_NOT_SENT: u32 = 256 * 1024;

/// Resolves when the shutdown has begun.
pub async fn told(stopped: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone: the server is, too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Has a connection that nobody is at the end of any more noticed, and small packets sent at once.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

/// Has a reader that stalls noticed early: the kernel would take megabytes for it, which nobody counts.
pub(super) fn hold_little(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(stream).set_tcp_notsent_lowat(MOST_NOT_SENT) {
        tracing::debug!(%error, "a session's connection could not be tuned");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}
