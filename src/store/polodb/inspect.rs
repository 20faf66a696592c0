//! Looking at a store from beside the server that has it open, for whoever looks after it. Nothing is opened.

use std::path::Path;

use super::fill;
use super::mark::{self, Mark, NoMark};
use super::open::is_there;

/// What lies beside a store and says how far it had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marked {
    /// There is no store yet.
    NoStore,
    /// It is being filled, or a copy into it broke off; from where.
    Filling(String),
    /// The mark is whole; for so many rooms.
    Good(usize),
    /// There is none, as before the first ten seconds of a store, or where it was removed.
    Missing,
    /// It cannot be read, and why.
    Garbled(String),
}

/// Looks at the mark in a data directory.
pub fn marked(directory: &Path) -> Marked {
    if let Some(origin) = fill::unfinished(directory) {
        return Marked::Filling(fill::origin_in_words(origin));
    }
    if !is_there(directory) {
        return Marked::NoStore;
    }
    match Mark::read(&directory.join(mark::FILE)) {
        Ok(mark) => Marked::Good(mark.rooms.len()),
        Err(NoMark::Absent) => Marked::Missing,
        Err(NoMark::Garbled(why)) => Marked::Garbled(why),
    }
}
