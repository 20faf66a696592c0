//! One setting, as the operator is told of it: its value, where it was set, what is wrong with it.

use std::fmt;

/// What is wrong with a setting: one line that says where it stood, what is wrong and what to do. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub(super) String);

/// A setting as the operator may see it: secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its flag without the dashes, or its variable where it has no flag.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Where it was set.
    pub set_by: String,
}

/// Where a value was set, as it is told to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SetBy {
    Flag(&'static str),
    Environment(&'static str),
    DotEnv { variable: &'static str, line: usize },
    Default,
}

impl fmt::Display for SetBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => out.write_str(flag),
            Self::Environment(variable) => write!(out, "{variable} in the environment"),
            Self::DotEnv { variable, line } => write!(out, "{variable} in .env line {line}"),
            Self::Default => out.write_str("default"),
        }
    }
}
