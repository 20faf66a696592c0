//! The log: lines on standard error, coloured where that is a terminal.
//!
//! What libraries say below `info` is never logged, whatever the filter: at `debug` and `trace` they print packets,
//! headers and tokens. For the same reason their spans are left out, and the records of the `log` crate, where
//! WebSocket frames are printed, are not taken.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use super::failure::Failure;
use super::stderr;

/// Logs from now on. `filter` has been checked as a setting.
pub(super) fn start(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Failure::other(format!("--log: {error}")))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(ToStandardError)
        .with_ansi(stderr::is_terminal())
        // It tells its own failures with a macro that panics.
        .log_internal_errors(false);
    let log = tracing_subscriber::registry().with(filter).with(filter_fn(tells_no_secret)).with(lines);
    // Not `init`, which would take the records of the `log` crate as well.
    tracing::subscriber::set_global_default(log).map_err(|error| Failure::other(error.to_string()))
}

/// Whether it is this program's own, or an event of a library for operators.
fn tells_no_secret(about: &Metadata<'_>) -> bool {
    let target = about.target();
    let own = target == "tincan" || target.starts_with("tincan::");
    own || (about.is_event() && *about.level() <= Level::INFO)
}

/// Gives each line to standard error's queue.
struct ToStandardError;

impl<'a> MakeWriter<'a> for ToStandardError {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for ToStandardError {
    /// Is called with a whole line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        stderr::write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
