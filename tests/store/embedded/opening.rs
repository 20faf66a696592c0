//! What does not open says in one line what to do.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use bson::Bson;
use tincan::store::Store;
use tincan::store::polodb::{OpenError, Options, PoloDb};

use crate::store::Place;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::raw;
use crate::support::sample::stored_room;

/// Asserts that it does not open, and says so in a line with all of these.
async fn assert_refused(place: &PoloDbPlace, parts: &[&str]) -> OpenError {
    let error = place.try_open(Options::default()).await.expect_err("it is refused");
    let line = error.to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in parts {
        assert!(line.contains(part), "{part:?} in {line}");
    }
    error
}

#[tokio::test]
async fn a_store_that_is_open_is_not_opened_again() {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    let error = assert_refused(&place, &["in use", "--data-dir"]).await;
    assert!(matches!(error, OpenError::InUse(_)));
    stored_room(&store, "it goes on").await;
    store.close().await;
    place.open().await.close().await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    stored_room(&store, "room").await;
    store.close().await;
    let mut record = raw::documents(&place, "store");
    record[0].insert("version", Bson::Int32(99));
    raw::replace(&place, "store", &record);
    let error = assert_refused(&place, &["newer version", "99", "start that version"]).await;
    assert!(matches!(error, OpenError::Newer { found: 99, .. }));
    assert_eq!(raw::documents(&place, "store"), record);
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory_is_told() {
    let place = PoloDbPlace::empty();
    let file = place.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = PoloDb::open(&path, Options::default()).await.expect_err("it is refused");
        assert!(matches!(&error, OpenError::NotADirectory(told) if *told == path), "{error}");
    }
    std::fs::write(place.path().join("store"), "").unwrap();
    assert!(matches!(assert_refused(&place, &["not a directory"]).await, OpenError::NotADirectory(_)));
}

#[tokio::test]
async fn a_store_without_its_table_of_contents_is_told_and_cannot_be_accepted() {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    stored_room(&store, "room").await;
    store.close().await;
    std::fs::write(place.path().join("store/CURRENT"), "MANIFEST-999999\n").unwrap();
    let line = assert_refused(&place, &["does not open", "restore a backup"]).await.to_string();
    assert!(!line.contains("--accept-damage"), "{line}");
    let accepting = Options { accept_damage: true, ..Options::default() };
    assert_eq!(place.try_open(accepting).await.expect_err("nothing to go on with").to_string(), line);
}

#[tokio::test]
async fn what_is_made_is_for_its_owner_alone() {
    let place = PoloDbPlace::empty();
    let data = place.path().join("made/below");
    let store: Arc<dyn Store> = Arc::new(PoloDb::open(&data, Options::default()).await.unwrap());
    let mode = |path: &str| std::fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("store"), mode("store.mark")), (0o700, 0o700, 0o600));
    store.close().await;
}
