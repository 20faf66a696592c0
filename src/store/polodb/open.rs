//! Opens the embedded store: the directory, the database in it, what is kept in memory, and whether all of it is there.

use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Batch, Outcome};
use super::catalog::{Catalog, RoomEntry};
use super::check;
use super::damage::Damage;
use super::database::Database;
use super::layout::{self, StoreRecord};
use super::load::{Loaded, load};
use super::mark::{Mark, NoMark};
use super::{Options, load as loading};
use crate::store::{OpenError, StoreError};

/// The database's own directory, in the data directory.
pub const DATABASE: &str = "store";
/// The mark, beside it.
pub const MARK: &str = "store.mark";

/// An open database and what was read from it.
pub struct Opened {
    pub database: Database,
    pub catalog: Catalog,
    pub store: StoreRecord,
}

/// Opens it, checks it, and writes what a new or a damaged one needs.
///
/// # Errors
/// See [`OpenError`].
pub fn open(directory: &Path, options: &Options) -> Result<Opened, OpenError> {
    make_directory(directory)?;
    let database = Database::open(&directory.join(DATABASE), options.faults.clone())
        .map_err(|reason| explain(directory, reason))?;
    let failed = |error: StoreError| OpenError::Failed { path: directory.to_owned(), reason: error.to_string() };
    let (loaded, repairs, marked) = examine(&database, directory).map_err(failed)?;
    if let Some(Err(found)) = loaded.store.as_ref().map(loading::known_version) {
        return Err(OpenError::Newer { path: directory.to_owned(), found, known: layout::VERSION });
    }
    if !loaded.damage.is_empty() {
        if !options.accept_damage {
            return Err(OpenError::Damaged { path: directory.to_owned(), damage: loaded.damage });
        }
        loaded.damage.iter().for_each(|damage| tracing::warn!(%damage, "damage accepted"));
    }
    let must_write = loaded.store.is_none() || !loaded.damage.is_empty();
    let Loaded { mut catalog, store, .. } = loaded;
    let mut store = store.unwrap_or_else(new_record);
    store.commits = store.commits.max(marked);
    if must_write {
        settle(&database, &mut catalog, &mut store, repairs).map_err(|error| explain(directory, error.to_string()))?;
    }
    let mark = Mark::of(&catalog, store.commits).write(&directory.join(MARK));
    mark.map_err(|error| explain(directory, error.to_string()))?;
    Ok(Opened { database, catalog, store })
}

/// Everything that is read before it is decided whether to go on; and how many commits the mark tells of.
fn examine(database: &Database, directory: &Path) -> crate::store::Result<(Loaded, Vec<RoomEntry>, i64)> {
    let txn = database.begin()?;
    let mut loaded = load(&txn)?;
    let mark = match Mark::read(&directory.join(MARK)) {
        Ok(mark) => Some(mark),
        Err(NoMark::Absent) => {
            if loaded.store.is_some() {
                tracing::warn!(
                    "the mark of the last commit is missing: whether the store is whole at its end is not known"
                );
            }
            None
        }
        Err(NoMark::Garbled(why)) => {
            loaded.damage.push(Damage::Mark(why));
            None
        }
    };
    let repairs = check::check(&txn, &mut loaded, mark.as_ref())?;
    Ok((loaded, repairs, mark.map_or(0, |mark| mark.commits)))
}

fn new_record() -> StoreRecord {
    StoreRecord {
        key: layout::STORE_ID.to_owned(),
        version: layout::VERSION,
        commits: 0,
        users: 0,
        rooms: 0,
        call_log: 0,
        open_calls: 0,
        doomed: 0,
    }
}

/// Writes the store's own record and the rooms as they go on.
fn settle(
    database: &Database,
    catalog: &mut Catalog,
    store: &mut StoreRecord,
    repairs: Vec<RoomEntry>,
) -> crate::store::Result<()> {
    let mut orphans = Vec::new();
    let txn = database.begin()?;
    txn.scan(layout::HEADS, |head: crate::store::Result<layout::Head>| orphans.extend(head))?;
    let mut batch = Batch::new(txn, catalog, store);
    for entry in repairs {
        batch.set_room(entry.room.id, Some(entry));
    }
    orphans.retain(|head| batch.catalog().room(crate::store::records::Stored::from_object_id(head.room)).is_none());
    batch.write(|txn| orphans.iter().try_for_each(|head| txn.take(layout::HEADS, head.room).map(drop)))?;
    match batch.finish() {
        Outcome::Done(_) => Ok(()),
        Outcome::Failed(error, _) => Err(error),
    }
}

fn make_directory(directory: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(directory) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Err(OpenError::NotADirectory(directory.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
            made.map_err(|error| explain_io(directory, &error))?;
        }
        Err(error) => return Err(explain_io(directory, &error)),
    }
    let inside = directory.join(DATABASE);
    match DirBuilder::new().mode(0o700).create(&inside) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && inside.is_dir() => Ok(()),
        Err(error) => Err(explain_io(&inside, &error)),
        Ok(()) => Ok(()),
    }
}

fn explain_io(directory: &Path, error: &io::Error) -> OpenError {
    let path = directory.to_owned();
    match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => OpenError::NotADirectory(path),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly { path, reason: error.to_string() }
        }
        ErrorKind::StorageFull => OpenError::Full(path),
        _ => OpenError::Failed { path, reason: error.to_string() },
    }
}

/// RocksDB tells its errors in words only.
fn explain(directory: &Path, reason: String) -> OpenError {
    let path = directory.to_owned();
    let reason = reason.lines().next().unwrap_or_default().to_owned();
    let says = |words: &str| reason.to_lowercase().contains(words);
    if says("no space left") {
        OpenError::Full(path)
    } else if says("read-only file system") || says("permission denied") {
        OpenError::ReadOnly { path, reason }
    } else if says("lock") && (says("temporarily unavailable") || says("lock hold by current process")) {
        OpenError::InUse(path)
    } else {
        OpenError::Failed { path, reason }
    }
}

/// The database behind an `Arc`, for the writer and the readers.
impl Opened {
    pub fn split(self) -> (Arc<Database>, Catalog, StoreRecord) {
        (Arc::new(self.database), self.catalog, self.store)
    }
}
