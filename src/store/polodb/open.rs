//! Opens the embedded store: the directory, the database in it, what is kept in memory, and whether all of it is there.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use super::batch::{Batch, Outcome};
use super::catalog::Catalog;
use super::change::{Change, RoomEntry};
use super::check;
use super::damage::Damage;
use super::database::Database;
use super::layout::{self, StoreRecord};
use super::load::{Loaded, load};
use super::mark::{self, Mark, NoMark};
use super::open_error::OpenError;
use super::options::Options;
use super::rescue::{self, Wreck};
use super::{fill, load as loading, tail};
use crate::store::StoreError;

/// The database's own directory, in the data directory.
const DATABASE: &str = "store";

/// A store that is being copied out of a damaged one.
const RESCUED: &str = "store.rescued";

/// Whether there is no store in a directory yet, or one that is being filled.
pub fn is_free(directory: &Path) -> bool {
    !is_there(directory) || fill::unfinished(directory).is_some()
}

/// Removes a store that was made to be filled where nobody began to; the mark of that goes last.
pub(crate) fn undo_what_was_not_begun(directory: &Path) {
    if fill::unfinished(directory).is_none_or(|origin| !origin.is_empty()) {
        return;
    }
    let removed = std::fs::remove_dir_all(directory.join(DATABASE)).and_then(|()| {
        for file in [mark::FILE, tail::FILE] {
            match std::fs::remove_file(directory.join(file)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    });
    if removed.is_ok() {
        // Where this fails, it is still a directory that can be filled.
        let _ = fill::end(directory);
    }
}

pub(super) fn is_there(directory: &Path) -> bool {
    [DATABASE, RESCUED].iter().any(|name| directory.join(name).exists())
}

fn refuse_unfinished(directory: &Path) -> Result<(), OpenError> {
    match fill::unfinished(directory) {
        Some(origin) => {
            Err(OpenError::Unfinished { path: directory.to_owned(), origin: fill::origin_in_words(origin) })
        }
        None => Ok(()),
    }
}

/// An open database and what was read from it.
pub(crate) struct Opened {
    pub database: Arc<Database>,
    pub catalog: Catalog,
    pub store: StoreRecord,
    /// See [`Mark::run`].
    pub run: u64,
}

/// What was read before it is decided whether to go on.
struct Examined {
    loaded: Loaded,
    /// Rooms as they are to go on if the damage is accepted.
    repairs: Vec<RoomEntry>,
    mark: Option<Mark>,
}

/// Opens it and checks it. A damaged one, where that is accepted, is gone on with in a copy of what can be read.
///
/// # Errors
/// See [`OpenError`].
pub(crate) fn open(directory: &Path, options: &Options) -> Result<Opened, OpenError> {
    make_directory(directory)?;
    if options.filling {
        fill::prepare(directory, is_there(directory)).map_err(|error| explain_io(directory, &error))?;
    } else {
        refuse_unfinished(directory)?;
    }
    make_inside(directory)?;
    let database = Database::open(&directory.join(DATABASE), options.faults.clone())
        .map_err(|reason| explain(directory, reason))?;
    if !options.filling {
        // Somebody who began to fill it since the last look has let go of it.
        refuse_unfinished(directory)?;
    }
    let failed = |error: StoreError| explain(directory, error.to_string());
    let examined = examine(&database, directory).map_err(failed)?;
    let Loaded { store, damage, .. } = &examined.loaded;
    if let Some(Err(found)) = store.as_ref().map(loading::known_version) {
        return Err(OpenError::Newer { path: directory.to_owned(), found, known: layout::VERSION });
    }
    if !damage.is_empty() {
        if !options.accept_damage {
            return Err(OpenError::Damaged { path: directory.to_owned(), damage: damage.clone() });
        }
        damage.iter().for_each(|damage| tracing::warn!(%damage, "damage accepted"));
        rescue(directory, database, examined)?;
        return open(directory, &Options { accept_damage: false, ..options.clone() });
    }
    let is_new = store.is_none();
    let Loaded { mut catalog, store, .. } = examined.loaded;
    let mut store = store.unwrap_or_else(new_record);
    if is_new {
        write_first(&database, &mut catalog, &mut store).map_err(failed)?;
    }
    if !store.has_readers {
        write_readers(&database, &mut catalog, &mut store).map_err(failed)?;
    }
    let run = new_run();
    write_mark(directory, &catalog, &store, run)?;
    Ok(Opened { database: Arc::new(database), catalog, store, run })
}

fn examine(database: &Database, directory: &Path) -> crate::store::Result<Examined> {
    let txn = database.begin()?;
    let mut loaded = load(&txn)?;
    let mark = match Mark::read(&directory.join(mark::FILE)) {
        Ok(mut mark) => {
            tail::bring_up(&mut mark, &directory.join(tail::FILE));
            Some(mark)
        }
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
    Ok(Examined { loaded, repairs, mark })
}

/// Puts a copy of what can be read in the place of a damaged store, which is kept beside it.
fn rescue(directory: &Path, damaged: Database, examined: Examined) -> Result<(), OpenError> {
    let explained = |error: io::Error| explain_io(directory, &error);
    let Examined { loaded: Loaded { mut catalog, store, damage, .. }, repairs, mark } = examined;
    let reported = damage.iter().filter_map(|damage| if let Damage::Room(id) = damage { Some(*id) } else { None });
    let marked = mark.iter().flat_map(|mark| mark.rooms.keys().copied());
    let missing_rooms: BTreeSet<_> = reported.chain(marked).filter(|id| !catalog.has_known(*id)).collect();
    for entry in repairs {
        catalog.apply(Change::Room(entry.room.id, Some(entry)));
    }
    let mut store = store.unwrap_or_else(new_record);
    store.commits = store.commits.max(mark.map_or(0, |mark| mark.commits));

    let beside = directory.join(RESCUED);
    if beside.exists() {
        std::fs::remove_dir_all(&beside).map_err(explained)?;
    }
    DirBuilder::new().mode(0o700).create(&beside).map_err(explained)?;
    tracing::warn!("copying what can be read into a new store");
    let copy = Database::open(&beside, None).map_err(|reason| explain(directory, reason))?;
    let copied = rescue::copy(&damaged, &copy, Wreck { catalog, store, missing_rooms });
    let (catalog, store, found) = copied.map_err(|error| explain(directory, error.to_string()))?;
    found.iter().for_each(|damage| tracing::warn!(%damage, "damage accepted"));
    drop((copy, damaged));
    let mut kept = (1..).map(|number| directory.join(format!("{DATABASE}.damaged-{number}")));
    let kept = kept.find(|path| !path.exists()).expect("numbers do not end");
    std::fs::rename(directory.join(DATABASE), &kept).map_err(explained)?;
    std::fs::rename(&beside, directory.join(DATABASE)).map_err(explained)?;
    tracing::warn!("the damaged store is kept in {}", kept.display());
    write_mark(directory, &catalog, &store, 0)
}

/// Also makes it durable what lies in the directory.
fn write_mark(directory: &Path, catalog: &Catalog, store: &StoreRecord, run: u64) -> Result<(), OpenError> {
    let written = Mark::of(catalog, store.commits, run).write(&directory.join(mark::FILE));
    written.map_err(|error| explain_io(directory, &error))
}

/// A number that no earlier opening had, in all likelihood.
fn new_run() -> u64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since_1970.as_nanos() as u64).max(1)
}

fn new_record() -> StoreRecord {
    StoreRecord {
        key: layout::STORE_ID.to_owned(),
        version: layout::FIRST_VERSION,
        commits: 0,
        users: 0,
        rooms: 0,
        call_log: 0,
        open_calls: 0,
        doomed: 0,
        has_readers: true,
        invites: 0,
    }
}

/// Makes a new store a store: with a record of its own.
fn write_first(database: &Database, catalog: &mut Catalog, store: &mut StoreRecord) -> crate::store::Result<()> {
    let mut batch = Batch::new(database.begin()?, catalog, store);
    batch.write(|_| Ok(()))?;
    match batch.finish() {
        Outcome::Done(_) => Ok(()),
        Outcome::Failed(error, _) => Err(error),
    }
}

/// Writes down how far participants have read in a store of an older version, as it was loaded: all that is there.
fn write_readers(database: &Database, catalog: &mut Catalog, store: &mut StoreRecord) -> crate::store::Result<()> {
    let readers: Vec<_> = {
        let rooms = catalog.rooms().map(|entry| entry.room.id);
        rooms
            .flat_map(|room| catalog.readers().in_room(room).map(move |(user, reader)| (room, user, reader.clone())))
            .collect()
    };
    let mut batch = Batch::new(database.begin()?, catalog, store);
    readers.into_iter().for_each(|(room, user, reader)| batch.set_reader(room, user, Some(reader)));
    batch.have_readers();
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
    Ok(())
}

/// The database's own directory, in a data directory that is there.
fn make_inside(directory: &Path) -> Result<(), OpenError> {
    let (inside, rescued) = (directory.join(DATABASE), directory.join(RESCUED));
    // A rescue that broke off between its last two steps.
    if !inside.exists() && rescued.exists() {
        std::fs::rename(rescued, &inside).map_err(|error| explain_io(directory, &error))?;
    }
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
