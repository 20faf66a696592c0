//! Why an embedded store was not opened, in words for the operator.

use std::path::PathBuf;

use super::damage::Damage;

/// Why a store was not opened. Each shows as one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is something else in the place of the data directory.
    #[error("{} is not a directory; choose another with --data-dir", .0.display())]
    NotADirectory(PathBuf),
    /// Another process has it open.
    #[error(
        "{} is in use by another process; stop that one, or choose another directory with \
         --data-dir",
        .0.display()
    )]
    InUse(PathBuf),
    /// It cannot be written to.
    #[error(
        "{} cannot be written to ({reason}); give this user the right to, or choose another directory with \
         --data-dir",
        path.display()
    )]
    ReadOnly {
        /// The data directory.
        path: PathBuf,
        /// In the words of the system.
        reason: String,
    },
    /// No space is left.
    #[error("there is no space left for {}; free some and start again", .0.display())]
    Full(PathBuf),
    /// A newer program wrote it.
    #[error(
        "{} was written by a newer version (its data version is {found}, this program knows {known}); start that \
         version",
        path.display()
    )]
    Newer {
        /// The data directory.
        path: PathBuf,
        /// The store's data version.
        found: i32,
        /// The newest that this program knows.
        known: i32,
    },
    /// Something is missing from it.
    #[error(
        "the store in {} is damaged: {}; restore a backup, or go on without what is missing with \
         --accept-damage",
        path.display(), list(damage)
    )]
    Damaged {
        /// The data directory.
        path: PathBuf,
        /// What is wrong, as far as it is known.
        damage: Vec<Damage>,
    },
    /// Filling it was begun and not ended.
    #[error(
        "{} is only half filled from {origin}; let tincan migrate or import finish, or remove the \
         directory",
        path.display()
    )]
    Unfinished {
        /// The data directory.
        path: PathBuf,
        /// What it is filled from.
        origin: String,
    },
    /// Anything else, in the words of the database.
    #[error("the store in {} does not open: {reason}; see to that, or restore a backup", path.display())]
    Failed {
        /// The data directory.
        path: PathBuf,
        /// In the words of the database or the system.
        reason: String,
    },
}

/// The first few of them, and how many more there are.
fn list(damage: &[Damage]) -> String {
    const SHOWN: usize = 8;
    let mut parts: Vec<String> = damage.iter().take(SHOWN).map(ToString::to_string).collect();
    if damage.len() > SHOWN {
        parts.push(format!("and {} more", damage.len() - SHOWN));
    }
    parts.join("; ")
}
