//! Damage at the very end of the log, later than the mark: what is noted after each commit finds it.

use std::path::PathBuf;

use tincan::model::UserId;
use tincan::store::polodb::Options;

use crate::store::Place;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{append, message, stored_room};

/// A store as a kill leaves it, whose mark was never written after the start.
async fn killed() -> (PoloDbPlace, PathBuf) {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    let room = stored_room(&store, "general").await.id;
    for _ in 0..30 {
        append(&store, room, vec![message(UserId::new(), "text")]).await;
    }
    let copy = place.after_a_power_cut();
    store.close().await;
    let entries = std::fs::read_dir(copy.path().join("store")).unwrap().map(|entry| entry.unwrap().path());
    let log = entries.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "log"));
    (copy, log.expect("there is a log"))
}

#[tokio::test]
async fn the_last_message_is_missed_whatever_happens_to_the_end_of_the_log() {
    for cut in [true, false] {
        let (place, log) = killed().await;
        let mut bytes = std::fs::read(&log).unwrap();
        let end = bytes.len();
        if cut {
            bytes.truncate(end - 1);
        } else {
            bytes[end - 10] ^= 1;
        }
        std::fs::write(&log, bytes).unwrap();
        let refused = place.try_open(Options::default()).await.expect_err("it is refused").to_string();
        assert!(refused.contains("message 30 is missing"), "{refused}");
        let store = place.try_open(Options { accept_damage: true, ..Options::default() }).await.unwrap();
        let room = store.rooms().await.unwrap()[0].id;
        assert!(append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq > 30);
        store.close().await;
        place.open().await.close().await;
    }
}

#[tokio::test]
async fn notes_of_an_earlier_opening_and_a_file_that_is_gone_are_no_damage() {
    let (place, _) = killed().await;
    let before = std::fs::read(place.path().join("store.tail")).unwrap();
    place.open().await.close().await;
    std::fs::write(place.path().join("store.tail"), before).unwrap();
    place.open().await.close().await;
    std::fs::remove_file(place.path().join("store.tail")).unwrap();
    place.open().await.close().await;
}
