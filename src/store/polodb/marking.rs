//! How the writer keeps the mark and what comes after it up to date.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::catalog::Catalog;
use super::change::Change;
use super::mark::{self, Mark};
use super::tail::{self, Tail};

/// The mark and what comes after it, as the writer keeps them.
#[derive(Debug)]
pub(crate) struct Marking {
    /// The mark's file.
    pub path: PathBuf,
    run: u64,
    /// `None` where it cannot be written: then the mark alone knows.
    tail: Option<Tail>,
    /// When the mark is to be written; `None` while it is up to date.
    pub due: Option<Instant>,
}

impl Marking {
    /// In a data directory; `run` is that of the mark that lies there.
    pub(crate) fn new(directory: &Path, run: u64) -> Self {
        let path = directory.join(tail::FILE);
        let tail = Tail::open(&path, run).inspect_err(|error| without_tail(&path, error)).ok();
        Self { path: directory.join(mark::FILE), run, tail, due: None }
    }

    /// Notes a commit that is durable. The mark itself follows within `allowed`.
    pub(crate) fn committed(&mut self, commits: i64, changes: &[Change], allowed: Duration) {
        if let Some(tail) = &mut self.tail
            && let Err(error) = tail.note(commits, changes)
        {
            without_tail(&self.path.with_file_name(tail::FILE), &error);
            self.tail = None;
        }
        // Half of what is allowed, so that a busy moment does not make it older.
        self.due.get_or_insert_with(|| Instant::now() + allowed / 2);
    }

    /// Writes the mark.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn write(&mut self, catalog: &Catalog, commits: i64) -> io::Result<()> {
        Mark::of(catalog, commits, self.run).write(&self.path)?;
        self.due = None;
        Ok(())
    }
}

fn without_tail(path: &Path, error: &io::Error) {
    let file = path.display();
    tracing::warn!(%error, %file, "it cannot be written: the end of the store is known only as far as its mark");
}
