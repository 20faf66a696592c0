//! How the program fails: one line for the operator, and an exit code for whatever supervises it.

use std::process::ExitCode;

use tincan::config::SettingError;

use super::stderr;

/// Why it ends.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Whatever is neither a setting nor a store that failed: exit code 1.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// A store that has given up and may be well after a restart: exit code 74, `EX_IOERR`.
    pub(crate) fn store(message: impl Into<String>) -> Self {
        Self { code: 74, message: message.into() }
    }

    /// Tells the operator, in one line whatever the message was made of.
    pub(crate) fn report(&self) -> ExitCode {
        tell(&self.message);
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

/// Tells the operator something in one line of its own. Where nobody reads standard error there is nobody to be told.
pub(super) fn tell(message: &str) {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // What a name or a path holds must not move the cursor of a terminal.
    let line = line.replace(char::is_control, "\u{fffd}");
    stderr::write(format!("tincan: {line}\n").as_bytes());
}

/// What the system says of an error, without the number that it adds for programmers.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self { code: 2, message: error.to_string() }
    }
}
