//! A line as the log has them, for what is said without it.

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// The line, with its end.
pub(super) fn line(level: &str, message: &str) -> String {
    let mut line = String::new();
    // Without a time it is a line all the same.
    let _ = SystemTime.format_time(&mut Writer::new(&mut line));
    line + &format!(" {level:>5} tincan: {message}\n")
}
