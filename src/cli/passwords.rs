//! Passwords that are typed, or read from standard input.

use std::io::{BufRead, IsTerminal};

use tincan::auth::{Asker, Passwords};
use tincan::model::{NewPassword, PasswordHash, RuleError};

use super::failure::{Failure, reason};

/// Makes the hash under which a password is stored.
pub(super) async fn hash(passwords: &Passwords, password: NewPassword) -> Result<PasswordHash, Failure> {
    // The log has the cause; the error itself is made for clients.
    passwords
        .hash(Asker::OPERATOR, password)
        .await
        .map_err(|_| Failure::other("the password could not be hashed; nothing was changed"))
}

/// From a prompt, twice, or the first line of standard input.
pub(super) fn new_password() -> Result<NewPassword, Failure> {
    let password = password()?;
    if std::io::stdin().is_terminal() && prompt("Once more: ")? != password {
        return Err(Failure::other("the two passwords differ; try again"));
    }
    NewPassword::parse(&password).map_err(|RuleError(rule)| Failure::other(format!("the password {rule}")))
}

/// A password that there is, from a prompt or the first line of standard input.
pub(super) fn password() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        return prompt("Password: ");
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).map_err(|error| unreadable(&error))?;
    let line = password.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.unwrap_or(&password).to_owned())
}

fn prompt(text: &str) -> Result<String, Failure> {
    rpassword::prompt_password(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::other(format!("cannot read the password: {}", reason(error)))
}
