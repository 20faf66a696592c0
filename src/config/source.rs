//! Where a setting's text comes from: a flag wins over the environment, that over `.env`, that over the default.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use super::dotenv::Unreadable;
use super::setting::{SetBy, SettingError};
use super::{dotenv, reason};

/// A setting's text, with the variable that it was found in (`None` for a flag).
#[derive(Debug)]
pub(super) struct Found {
    pub text: String,
    pub variable: Option<&'static str>,
    pub set_by: SetBy,
}

/// Every variable that is a setting. A line of `.env` that begins with one of them is meant for this program, and must
/// be readable.
const VARIABLES: &[&str] = &[
    "ACME_DIRECTORY",
    "ACME_EMAIL",
    "BCRYPT_COST",
    "CALL_GRACE",
    "CLIENT",
    "CLIENT_DIR",
    "CLIENT_URL",
    "DATA_DIR",
    "HOST",
    "ICE_SERVERS",
    "JWT_SECRET",
    "JWT_SECRET_FILE",
    "LOG",
    "MDNS",
    "METRICS",
    "MONGODB_URI",
    "MONGO_URL",
    "MONGO_URL_FILE",
    "NODE_ENV",
    "PORT",
    "PUBLIC_URL",
    "RATE_LIMIT",
    "RING_TIMEOUT",
    "SIGNUP",
    "SSL_CERT_FILE",
    "TLS",
    "TLS_CERT",
    "TLS_KEY",
    "TOKEN_TTL",
    "TRUSTED_PROXY",
    "TURN",
    "TURN_PORT",
    "TURN_SECRET",
    "TURN_SECRET_FILE",
    "TURN_URLS",
];

/// How many lines that are passed over are named.
const NAMED_LINES: usize = 8;

/// The environment and the `.env` file. Variables that are empty are not in it.
#[derive(Debug, Default)]
pub(super) struct Sources {
    environment: HashMap<OsString, OsString>,
    dotenv: HashMap<String, (String, usize)>,
    /// What the operator should know of the file.
    pub warnings: Vec<String>,
}

impl Sources {
    /// `path` is that of a `.env` file, which need not exist. What a later line sets again counts.
    pub(crate) fn new(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        path: &Path,
    ) -> Result<Self, SettingError> {
        let mut warnings = Vec::new();
        let text = read(path, &mut warnings)?;
        let (assignments, unreadable) = dotenv::parse(&text);
        let shown = path.display();
        let is_ours = |name: &str| VARIABLES.contains(&name);
        if let Some(Unreadable { word, line }) = unreadable.iter().find(|one| is_ours(&one.word)) {
            let message = format!("{shown} line {line}: {word} is set to nothing that can be read; write {word}=value");
            return Err(SettingError(message));
        }
        // What was not UTF-8 was replaced by this character.
        if let Some(one) = assignments.iter().find(|one| is_ours(&one.name) && one.value.contains('\u{fffd}')) {
            let message = format!("{} in {shown} line {}: is not UTF-8; save the file as UTF-8", one.name, one.line);
            return Err(SettingError(message));
        }
        warnings.extend(passed_over(path, &unreadable));
        let kept = assignments.into_iter().map(|one| (one.name, (one.value, one.line)));
        Ok(Self {
            environment: environment.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            dotenv: kept.collect::<HashMap<_, _>>().into_iter().filter(|(_, (value, _))| !value.is_empty()).collect(),
            warnings,
        })
    }

    /// The first of the variables that the environment has, else the first that `.env` has.
    pub(crate) fn find(&self, variables: &[&'static str]) -> Result<Option<Found>, SettingError> {
        #[cfg(test)]
        assert!(variables.iter().all(|variable| VARIABLES.contains(variable)), "{variables:?} are not all in the list");
        for &variable in variables {
            if let Some(text) = self.environment.get(std::ffi::OsStr::new(variable)) {
                let set_by = SetBy::Environment(variable);
                let text = text.to_str().ok_or_else(|| SettingError(format!("{set_by}: is not UTF-8; set it anew")))?;
                return Ok(Some(Found { text: text.to_owned(), variable: Some(variable), set_by }));
            }
        }
        let in_file = variables.iter().find_map(|&variable| {
            let (text, line) = self.dotenv.get(variable)?;
            let set_by = SetBy::DotEnv { variable, line: *line };
            Some(Found { text: text.clone(), variable: Some(variable), set_by })
        });
        Ok(in_file)
    }
}

/// The text of the file, empty where there is none. A directory in its place, as containers make one for a file that is
/// not there, sets nothing and is warned of.
fn read(path: &Path, warnings: &mut Vec<String>) -> Result<String, SettingError> {
    let shown = path.display();
    match std::fs::read(path) {
        Ok(bytes) if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => {
            Err(SettingError(format!("{shown} is UTF-16; save it as UTF-8")))
        }
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            warnings.push(format!("{shown} is a directory and sets nothing"));
            Ok(String::new())
        }
        Err(error) => {
            let reason = reason(&error);
            Err(SettingError(format!("cannot read {shown}: {reason}; make it readable or remove it")))
        }
    }
}

/// The warning of lines that set nothing.
fn passed_over(path: &Path, unreadable: &[Unreadable]) -> Option<String> {
    let shown = path.display();
    const ADVICE: &str = "write NAME=value, or # before a comment";
    match unreadable {
        [] => None,
        [one] => Some(format!("{shown} line {}: is no assignment and is passed over; {ADVICE}", one.line)),
        several => {
            let numbers: Vec<_> = several.iter().take(NAMED_LINES).map(|one| one.line.to_string()).collect();
            let more = several.len().saturating_sub(NAMED_LINES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let numbers = numbers.join(", ");
            Some(format!("{shown} lines {numbers}{more}: are no assignments and are passed over; {ADVICE}"))
        }
    }
}
