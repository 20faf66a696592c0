//! What a handler of an event works with, and what it answers with.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::entrance::Verbs;
use crate::error::Error;
use crate::model::Actor;

/// The answer to an event, encoded: `{"ok":true, …}`.
pub(crate) struct Reply(pub(super) Box<RawValue>);

impl Reply {
    /// `ok` and these fields.
    ///
    /// # Errors
    /// [`Error::Internal`] where they cannot be encoded.
    pub(crate) fn with(fields: &impl Serialize) -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Ok<'a, T> {
            ok: bool,
            #[serde(flatten)]
            fields: &'a T,
        }
        to_raw_value(&Ok { ok: true, fields }).map(Self).map_err(|error| {
            tracing::error!(%error, "an acknowledgement could not be encoded");
            Error::Internal
        })
    }

    /// `ok` alone; a result, as every handler answers with one.
    ///
    /// # Errors
    /// As [`Reply::with`].
    pub(crate) fn ok() -> Result<Self, Error> {
        #[derive(Serialize)]
        struct Nothing {}
        Self::with(&Nothing {})
    }
}

/// What an event's handler works with.
pub(crate) struct Context<'a> {
    /// What it may do.
    pub verbs: &'a Verbs,
    /// Who sends it.
    pub from: &'a Actor,
}
