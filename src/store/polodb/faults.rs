//! The seam at which tests stand between the engine and the database.

use std::fmt::Debug;

/// A kind of call of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A transaction begins.
    Begin,
    /// A document is looked up, or a collection read through.
    Read,
    /// A document is inserted or deleted.
    Write,
    /// A transaction is about to be committed.
    Commit,
    /// A transaction was committed, but that is not known yet.
    Committed,
}

/// Lets a test stand between the engine and the database.
pub trait Faults: Send + Sync + Debug {
    /// Asked at every call; an error is taken as the database's own.
    ///
    /// # Errors
    /// Whatever the test wants to happen.
    fn at(&self, call: Call) -> std::result::Result<(), String>;
}
