//! The log: lines on standard error, coloured where that is a terminal.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs from now on. `filter` has been checked as a setting.
pub(super) fn start(filter: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
