//! A log that is cut short, ends in garbage or has a flipped byte: RocksDB opens it without a word, and the mark finds
//! what is missing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tincan::model::{Page, RoomId, UserId};
use tincan::store::Store;
use tincan::store::polodb::{Damage, OpenError, Options};

use crate::support::app::PATIENCE;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::sample::{append, message, stored_room};

const STORED: u64 = 600;

/// A store as a power cut leaves it: messages 1 to [`STORED`], three to a commit, all in the log, and the mark knows of
/// them.
async fn cut_off() -> (PoloDbPlace, RoomId) {
    let place = PoloDbPlace::empty();
    let store = place.open_with(Options { mark_within: Duration::from_millis(2), ..Options::default() }).await;
    let room = stored_room(&store, "general").await.id;
    let sender = UserId::new();
    for number in 0..STORED / 3 {
        let batch = (0..3).map(|part| message(sender, &format!("message {number}.{part}"))).collect();
        append(&store, room, batch).await;
    }
    let marked = format!("\"{room}\":{STORED}");
    let waiting = async {
        while !std::fs::read_to_string(place.path().join("store.mark")).is_ok_and(|mark| mark.contains(&marked)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the mark follows");
    let copy = place.after_a_power_cut();
    store.close().await;
    (copy, room)
}

/// The log, of which there is one.
fn log(place: &PoloDbPlace) -> PathBuf {
    let entries = std::fs::read_dir(place.path().join("store")).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
    assert_eq!(logs.len(), 1);
    logs[0].clone()
}

fn change_log(place: &PoloDbPlace, change: impl FnOnce(&mut Vec<u8>)) {
    let path = log(place);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

fn accepting() -> Options {
    Options { accept_damage: true, ..Options::default() }
}

/// All that is there of a room.
async fn numbers(store: &Arc<dyn Store>, room: RoomId) -> Vec<u64> {
    let page = store.messages(room, Page::After(0), 10_000).await.unwrap().unwrap();
    page.messages.iter().map(|message| message.seq).collect()
}

/// Asserts that it is refused for the newest messages of the room, however often; answers with the first number that is
/// missing.
async fn assert_refused(place: &PoloDbPlace, room: RoomId) -> u64 {
    let mut told = Vec::new();
    for _ in 0..2 {
        let error = place.try_open(Options::default()).await.expect_err("it is refused");
        let line = error.to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        for part in ["damaged", "newest commit", "room \"general\"", &room.to_string(), "--accept-damage"] {
            assert!(line.contains(part), "{part:?} in {line}");
        }
        let OpenError::Damaged { damage, .. } = error else { panic!("{line}") };
        let range = damage.iter().find_map(|damage| match damage {
            Damage::Messages { room: of, from, to: STORED, .. } if *of == room => Some(*from),
            _ => None,
        });
        told.push(range.unwrap_or_else(|| panic!("no range up to {STORED} in {line}")));
    }
    assert_eq!(told[0], told[1]);
    told[0]
}

/// Asserts that it goes on once the damage is accepted, and that no number is given twice.
async fn assert_goes_on(place: &PoloDbPlace, room: RoomId, missing: u64) {
    let store = place.try_open(accepting()).await.expect("it opens");
    assert!(numbers(&store, room).await.into_iter().eq(1..missing), "what was there before {missing} is there");
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), missing - 1);
    let seq = append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq;
    assert!(seq > STORED, "number {seq} was told to somebody");
    store.close().await;
    let store = place.open_with(Options::default()).await;
    let expected: Vec<_> = (1..missing).chain([seq]).collect();
    assert_eq!(numbers(&store, room).await, expected);
    assert_eq!(append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq, seq + 1);
    let page = store.messages(room, Page::Before(seq), 2).await.unwrap().unwrap();
    assert_eq!(page.messages.iter().map(|one| one.seq).collect::<Vec<_>>(), [missing - 2, missing - 1]);
    store.close().await;
}

#[tokio::test]
async fn a_whole_log_loses_nothing() {
    let (place, room) = cut_off().await;
    let store = place.open_with(Options::default()).await;
    assert!(numbers(&store, room).await.into_iter().eq(1..=STORED));
    store.close().await;
}

#[tokio::test]
async fn a_log_cut_in_the_middle_is_found_and_goes_on_when_accepted() {
    let (place, room) = cut_off().await;
    change_log(&place, |bytes| bytes.truncate(bytes.len() / 2));
    let missing = assert_refused(&place, room).await;
    assert!((100..500).contains(&missing), "{missing}");
    assert_goes_on(&place, room, missing).await;
}

#[tokio::test]
async fn a_log_that_lacks_its_last_byte_lacks_its_last_commit() {
    let (place, room) = cut_off().await;
    change_log(&place, |bytes| bytes.truncate(bytes.len() - 1));
    let missing = assert_refused(&place, room).await;
    assert_eq!(missing, STORED - 2);
    assert_goes_on(&place, room, missing).await;
}

#[tokio::test]
async fn a_log_that_is_gone_is_found() {
    let (place, _) = cut_off().await;
    std::fs::remove_file(log(&place)).unwrap();
    let line = place.try_open(Options::default()).await.expect_err("it is refused").to_string();
    assert!(line.contains("newest commits") && line.contains("damaged"), "{line}");
}

#[tokio::test]
async fn garbage_behind_the_log_is_passed_over() {
    let (place, room) = cut_off().await;
    change_log(&place, |bytes| bytes.extend([0xa5; 5000]));
    let store = place.open_with(Options::default()).await;
    assert!(numbers(&store, room).await.into_iter().eq(1..=STORED));
    store.close().await;
}

#[tokio::test]
async fn garbage_in_the_place_of_the_logs_end_is_found() {
    let (place, room) = cut_off().await;
    change_log(&place, |bytes| {
        let end = bytes.len();
        bytes[end - 3000..].fill(0xa5);
    });
    let missing = assert_refused(&place, room).await;
    assert!((STORED - 60..STORED).contains(&missing), "{missing}");
    assert_goes_on(&place, room, missing).await;
}

#[tokio::test]
async fn a_flipped_byte_in_the_middle_of_the_log_is_found() {
    let (place, room) = cut_off().await;
    change_log(&place, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let missing = assert_refused(&place, room).await;
    assert!((100..500).contains(&missing), "{missing}");
    assert_goes_on(&place, room, missing).await;
}

#[tokio::test]
async fn a_mark_that_cannot_be_read_is_told_and_one_that_is_missing_is_made_again() {
    let (place, room) = cut_off().await;
    let mark = place.path().join("store.mark");
    let whole = std::fs::read(&mark).unwrap();
    std::fs::write(&mark, &whole[..whole.len() - 1]).unwrap();
    let line = place.try_open(Options::default()).await.expect_err("it is refused").to_string();
    assert!(line.contains("the mark of the last commit cannot be read"), "{line}");
    place.try_open(accepting()).await.expect("it opens").close().await;
    std::fs::remove_file(&mark).unwrap();
    let store = place.open_with(Options::default()).await;
    assert!(numbers(&store, room).await.into_iter().eq(1..=STORED));
    store.close().await;
    assert!(mark.exists());
}
