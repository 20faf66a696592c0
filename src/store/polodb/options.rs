//! How the engine is opened.

use std::sync::Arc;
use std::time::Duration;

use super::faults::Faults;

/// What of it can be set.
#[derive(Clone, Debug)]
pub struct Options {
    /// Go on without what is missing.
    pub accept_damage: bool,
    /// How often a write is tried after one failed.
    pub probe_every: Duration,
    /// How long such writes may fail, with space there, until [`crate::store::Store::failed`] resolves.
    pub patience: Duration,
    /// How old the mark of the last commit may be.
    pub mark_within: Duration,
    /// Open a store that is being filled; any other is opened as well.
    pub filling: bool,
    /// For tests: stands between the engine and the database.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accept_damage: false,
            probe_every: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            mark_within: Duration::from_secs(10),
            filling: false,
            faults: None,
        }
    }
}
