//! Where a setting's text comes from: a flag wins over the environment, that over `.env`, that over the default.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::{SettingError, dotenv, reason};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Flag(&'static str),
    Environment(&'static str),
    DotEnv { variable: &'static str, line: usize },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => out.write_str(flag),
            Self::Environment(variable) => write!(out, "{variable} in the environment"),
            Self::DotEnv { variable, line } => write!(out, "{variable} in .env line {line}"),
            Self::Default => out.write_str("default"),
        }
    }
}

/// A setting's text, with the variable that it was found in (`None` for a flag).
#[derive(Debug)]
pub(super) struct Found {
    pub text: String,
    pub variable: Option<&'static str>,
    pub origin: Origin,
}

/// The environment and the `.env` file. Variables that are empty are not in it.
#[derive(Debug, Default)]
pub(super) struct Sources {
    environment: HashMap<OsString, OsString>,
    dotenv: HashMap<String, (String, usize)>,
}

impl Sources {
    /// `path` is that of a `.env` file, which need not exist. What a later line sets again counts.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>, path: &Path) -> Result<Self, SettingError> {
        let shown = path.display();
        let text = match std::fs::read(path) {
            Ok(bytes) => {
                String::from_utf8(bytes).map_err(|_| SettingError(format!("{shown} is not UTF-8; save it as UTF-8")))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(SettingError(format!(
                    "cannot read {shown}: {}; make it readable or remove it",
                    reason(&error)
                )));
            }
        };
        let assignments =
            dotenv::parse(&text).map_err(|(line, message)| SettingError(format!("{shown} line {line}: {message}")))?;
        let kept = assignments.into_iter().map(|one| (one.name, (one.value, one.line)));
        Ok(Self {
            environment: environment.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            dotenv: kept.collect::<HashMap<_, _>>().into_iter().filter(|(_, (value, _))| !value.is_empty()).collect(),
        })
    }

    /// The first of the variables that the environment has, else the first that `.env` has.
    pub fn find(&self, variables: &[&'static str]) -> Result<Option<Found>, SettingError> {
        for &variable in variables {
            if let Some(text) = self.environment.get(std::ffi::OsStr::new(variable)) {
                let origin = Origin::Environment(variable);
                let text = text.to_str().ok_or_else(|| SettingError(format!("{origin}: is not UTF-8; set it anew")))?;
                return Ok(Some(Found { text: text.to_owned(), variable: Some(variable), origin }));
            }
        }
        let in_file = variables.iter().find_map(|&variable| {
            let (text, line) = self.dotenv.get(variable)?;
            let origin = Origin::DotEnv { variable, line: *line };
            Some(Found { text: text.clone(), variable: Some(variable), origin })
        });
        Ok(in_file)
    }
}
