//! SIGTERM and SIGINT: the first shuts down in order, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// Both signals. From its making on they no longer kill the process.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::other(format!("cannot listen for signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Resolves at the next one, with its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// From now on a signal ends the process at once, with exit code 130. The store is as after a power cut: what was acknowledged is there.
    #[expect(clippy::disallowed_methods, reason = "whoever signals twice wants no order")]
    pub fn end_at_next(mut self) {
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!("{name} again: ending at once");
            std::process::exit(130);
        });
    }
}
