//! How the program fails: one line for the operator, and an exit code for whatever supervises it.

use std::io::Write;
use std::process::ExitCode;

use tincan::config::SettingError;

/// Why it ends.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Whatever is neither a setting nor a store that failed: exit code 1.
    pub fn other(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// A store that has given up and may be well after a restart: exit code 74, `EX_IOERR`.
    pub fn store(message: impl Into<String>) -> Self {
        Self { code: 74, message: message.into() }
    }

    /// Tells the operator, in one line whatever the message was made of.
    pub fn report(&self) -> ExitCode {
        let line = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        // Where nobody reads standard error there is nobody to be told.
        let _ = writeln!(std::io::stderr(), "tincan: {line}");
        ExitCode::from(self.code)
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self { code: 2, message: error.to_string() }
    }
}
