//! SIGTERM and SIGINT: the first shuts down in order, the second ends at once. Two others do no harm any more: SIGHUP,
//! which comes when a terminal closes, and SIGXFSZ, which comes when a file (the log's, for one) has reached the
//! largest size that is allowed.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use super::stderr;

/// SIGXFSZ, as Linux, macOS and the BSDs number it.
const FILE_TOO_LARGE: i32 = 25;

/// The signals that are listened for. From its making on none of them kills the process.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// The write that it came for fails with an error, which whoever wrote reports.
    _file_too_large: Signal,
}

impl Signals {
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::other(format!("cannot listen for signals: {error}")));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
            _file_too_large: listen(SignalKind::from_raw(FILE_TOO_LARGE))?,
        })
    }

    /// Resolves at the next one that is to end the process, with its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hangup.recv() => {
                    tracing::info!("SIGHUP: nothing is read anew and the server goes on; restart it for new settings");
                }
            }
        }
    }

    /// From now on a signal ends the process at once, with exit code 130. The store is as after a power cut: what was
    /// acknowledged is there.
    #[expect(clippy::disallowed_methods, reason = "whoever signals twice wants no order")]
    pub(crate) fn end_at_next(mut self) {
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!("{name} again: ending at once");
            stderr::flush(stderr::LAST_WORDS);
            std::process::exit(130);
        });
    }
}
