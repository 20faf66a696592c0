//! A store that is being filled, killed at every single moment: no server opens what is half there, and the same copy
//! goes on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tincan::store::Store;
use tincan::store::polodb::{DatabaseCall, Faults, OpenError, Options, PoloDb, is_free};
use tincan::transfer::{export, import};

use crate::support::copies::{Furnished, Unwatched, are_alike, furnish, open, to_fill};
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{fill, stored_room};

/// Copies a directory at every change of the database in it: what a kill at that moment leaves.
#[derive(Debug)]
struct Snapshots {
    of: PathBuf,
    taken: Mutex<Vec<(DatabaseCall, PoloDbPlace)>>,
}

impl Faults for Snapshots {
    fn at(&self, call: DatabaseCall) -> Result<(), String> {
        if matches!(call, DatabaseCall::Begin | DatabaseCall::Commit | DatabaseCall::Committed) {
            let copy = PoloDbPlace::copy_of(&self.of);
            self.taken.lock().expect("no copy failed").push((call, copy));
        }
        Ok(())
    }
}

/// A store and an archive of it.
async fn source(place: &Path) -> (Arc<dyn Store>, Furnished, PathBuf) {
    let source = open(&place.join("one")).await;
    let furnished = furnish(&source).await;
    for number in 0..3 {
        let room = stored_room(&source, &format!("room {number}")).await.id;
        fill(&source, room, 700).await;
    }
    let archive = place.join("backup");
    export(&source, &archive, &mut Unwatched).await.unwrap();
    (source, furnished, archive)
}

/// Asserts that no server opens it, and that the import goes on there to its end.
async fn assert_goes_on(killed: &PoloDbPlace, archive: &Path, source: (&Arc<dyn Store>, &Furnished), when: &str) {
    assert!(is_free(killed.path()), "{when}: the command takes it");
    if killed.path().join("store").exists() {
        let refused = killed.try_open(Options::default()).await.expect_err(when);
        assert!(matches!(refused, OpenError::Unfinished { .. }), "{when}: {refused}");
    }
    let target = to_fill(killed.path()).await;
    import(archive, &target, "two", &mut Unwatched).await.unwrap_or_else(|error| panic!("{when}: {error}"));
    target.close().await;
    let filled = open(killed.path()).await;
    are_alike(source.0, &filled, source.1).await;
    filled.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_killed_at_any_change_of_the_database_goes_on_and_no_server_opens_it_before() {
    let place = TempDir::new().unwrap();
    let (source, furnished, archive) = source(place.path()).await;
    let target_place = PoloDbPlace::empty();
    let snapshots = Arc::new(Snapshots { of: target_place.path().to_owned(), taken: Mutex::default() });
    let options = Options { filling: true, faults: Some(snapshots.clone()), ..Options::default() };
    let target: Arc<dyn Store> = Arc::new(PoloDb::open(target_place.path(), options).await.unwrap());
    import(&archive, &target, "two", &mut Unwatched).await.unwrap();
    target.close().await;
    let taken = std::mem::take(&mut *snapshots.taken.lock().unwrap());
    assert!(taken.len() > 20, "{} moments", taken.len());
    let unfinished = |place: &PoloDbPlace| place.path().join("store.filling").exists();
    let mut ended = 0;
    for (number, (call, killed)) in taken.iter().enumerate() {
        let when = format!("moment {number}, {call:?}");
        // Reading for the comparison comes to its end before the mark is taken away.
        assert!(unfinished(killed), "{when}");
        // All of the first ones, which make the store, and a part of those that fill it.
        if number < 12 || number % 7 == 0 {
            assert_goes_on(killed, &archive, (&source, &furnished), &when).await;
            ended += 1;
        }
    }
    assert!(ended > 12);
    assert!(!unfinished(&target_place));
}

#[tokio::test]
async fn an_import_killed_before_the_database_is_made_goes_on() {
    let place = TempDir::new().unwrap();
    let (source, furnished, archive) = source(place.path()).await;
    let files: [&[&str]; 4] =
        [&[], &["store.filling-new"], &["store.filling"], &["store.filling", "store.filling-new"]];
    for (number, files) in files.iter().enumerate() {
        for with_directory in [false, true] {
            if with_directory && !files.contains(&"store.filling") {
                continue;
            }
            let killed = PoloDbPlace::empty();
            files.iter().for_each(|file| std::fs::write(killed.path().join(file), "").unwrap());
            if with_directory {
                std::fs::create_dir(killed.path().join("store")).unwrap();
            }
            let when = format!("{number}, {with_directory}");
            assert_goes_on(&killed, &archive, (&source, &furnished), &when).await;
        }
    }
}

#[tokio::test]
async fn a_directory_in_which_nothing_was_begun_is_left_as_it_was_found() {
    let place = PoloDbPlace::empty();
    to_fill(place.path()).await.close().await;
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    // A store that is there already is not touched.
    let store = open(place.path()).await;
    let room = stored_room(&store, "mine").await;
    store.close().await;
    to_fill(place.path()).await.close().await;
    assert_eq!(open(place.path()).await.rooms().await.unwrap(), [Arc::new(room)]);
}

#[tokio::test]
async fn a_server_that_has_the_store_open_is_not_filled_under_and_starts_again() {
    let place = PoloDbPlace::empty();
    let store = open(place.path()).await;
    let options = Options { filling: true, ..Options::default() };
    let refused = place.try_open(options).await.expect_err("somebody has it");
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    store.close().await;
    open(place.path()).await.close().await;
}
