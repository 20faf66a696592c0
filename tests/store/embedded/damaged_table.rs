//! Damage in what lies sorted on the disk: the database reads on as if nothing had been there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bson::doc;
use tincan::model::{Page, RoomId, UserId};
use tincan::store::polodb::{Damage, OpenError, Options};
use tincan::store::{Store, StoreError};

use crate::store::Place;
use crate::support::polodb_place::PoloDbPlace;
use crate::support::raw;
use crate::support::sample::{append, message, repeatable, stored_room, stored_user};

const STORED: u64 = 3000;

/// A closed store with [`STORED`] messages `message 0001` … and some users.
async fn stored() -> (PoloDbPlace, RoomId) {
    let place = PoloDbPlace::empty();
    let store = place.open().await;
    for number in 0..200 {
        stored_user(&store, &format!("user{number:03}")).await;
    }
    let room = stored_room(&store, "general").await.id;
    let sender = UserId::new();
    let text = |number| format!("message {number:04}");
    append(&store, room, (1..=STORED).map(|number| repeatable(sender, &text(number), &text(number))).collect()).await;
    store.close().await;
    (place, room)
}

/// The files of sorted tables.
fn tables(place: &PoloDbPlace) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.path().join("store")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "sst")).collect()
}

/// Flips a byte in the middle of the first occurrence of `text` in a table.
fn flip(place: &PoloDbPlace, text: &str) {
    fn flip_in(table: &Path, text: &[u8]) -> bool {
        let mut bytes = std::fs::read(table).unwrap();
        let Some(at) = bytes.windows(text.len()).position(|part| part == text) else { return false };
        bytes[at + text.len() / 2] ^= 1;
        std::fs::write(table, bytes).unwrap();
        true
    }
    assert!(tables(place).iter().any(|table| flip_in(table, text.as_bytes())), "{text} is in a table");
}

async fn refused(place: &PoloDbPlace) -> (Vec<Damage>, String) {
    let error = place.try_open(Options::default()).await.expect_err("it is refused");
    let line = error.to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    match error {
        OpenError::Damaged { damage, .. } => (damage, line),
        error => panic!("{error}"),
    }
}

async fn accepted(place: &PoloDbPlace) -> Arc<dyn Store> {
    place.try_open(Options { accept_damage: true, ..Options::default() }).await.expect("it opens")
}

/// All numbers of a room, a page at a time.
async fn numbers(store: &Arc<dyn Store>, room: RoomId) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let after = numbers.last().copied().unwrap_or(0);
        let page = store.messages(room, Page::After(after), 100).await.unwrap().unwrap();
        numbers.extend(page.messages.iter().map(|message| message.seq));
        if !page.newer {
            return numbers;
        }
    }
}

/// Writes so much that the tables are merged, which reads all of them.
async fn live_on(place: &PoloDbPlace, room: RoomId) {
    let before = numbers(&place.open().await, room).await.len();
    let mut last = 0;
    for round in 1..=8 {
        let store = place.open().await;
        for _ in 0..5 {
            let answers = append(&store, room, (0..50).map(|_| message(UserId::new(), "more")).collect()).await;
            assert!(answers.iter().all(|answer| answer.message.seq > last), "no number twice");
            last = answers.last().expect("fifty").message.seq;
        }
        store.health().await.unwrap();
        store.close().await;
        let store = place.open().await;
        assert_eq!(numbers(&store, room).await.len(), before + round * 250);
        store.close().await;
    }
}

#[tokio::test]
async fn newest_messages_that_cannot_be_read_are_told_by_room_and_range_and_their_numbers_are_not_given_again() {
    let (place, room) = stored().await;
    flip(&place, "message 2970");
    let (damage, line) = refused(&place).await;
    let range = damage.iter().find_map(|damage| match damage {
        Damage::Messages { room: of, from, to, .. } if *of == room => Some((*from, *to)),
        _ => None,
    });
    let (from, to) = range.unwrap_or_else(|| panic!("{line}"));
    assert!(from <= 2970 && to >= 2970 && to - from < 100, "{line}");
    assert!(line.contains("room \"general\"") && line.contains("--accept-damage"), "{line}");

    let store = accepted(&place).await;
    let seq = append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq;
    assert!(seq > STORED, "{seq}");
    let there = numbers(&store, room).await;
    assert!(there.contains(&1) && there.contains(&(from - 1)) && !there.contains(&2970), "{there:?}");
    store.close().await;
    live_on(&place, room).await;
}

#[tokio::test]
async fn old_messages_that_cannot_be_read_make_their_page_fail_and_no_other() {
    let (place, room) = stored().await;
    flip(&place, "message 1000");
    let store = place.open().await;
    let answer = store.messages(room, Page::After(990), 20).await;
    assert!(matches!(&answer, Err(StoreError::Corrupt(what)) if what.contains(&room.to_string())), "{answer:?}");
    let page = store.messages(room, Page::Newest, 50).await.unwrap().unwrap();
    assert_eq!((page.messages.len(), page.last_seq), (50, STORED));
    assert_eq!(append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq, STORED + 1);
    store.close().await;
}

#[tokio::test]
async fn accepted_damage_is_stepped_over_wherever_it_lies_and_the_damaged_files_are_kept() {
    let (place, room) = stored().await;
    flip(&place, "message 1000");
    flip(&place, "message 2970");
    let store = accepted(&place).await;
    let there = numbers(&store, room).await;
    assert!(there.len() > 2800 && !there.contains(&1000) && !there.contains(&2970), "{there:?}");
    assert!(there.contains(&500) && there.contains(&1500) && there.contains(&STORED), "{there:?}");
    // What its sender repeats is known, and what was lost is stored again.
    let page = store.messages(room, Page::After(1499), 1).await.unwrap().unwrap();
    let sender = page.messages[0].sender;
    let batch = vec![repeatable(sender, "again", "message 1500"), repeatable(sender, "again", "message 1000")];
    let answers = append(&store, room, batch).await;
    assert_eq!((answers[0].message.seq, answers[0].fresh), (1500, false));
    assert_eq!((answers[1].message.seq, answers[1].fresh), (STORED + 1, true));
    store.close().await;
    assert!(place.path().join("store.damaged-1/CURRENT").exists());
    assert!(!place.path().join("store.rescued").exists());
    live_on(&place, room).await;
}

#[tokio::test]
async fn a_rescue_that_broke_off_before_its_last_step_is_ended() {
    let (place, room) = stored().await;
    std::fs::rename(place.path().join("store"), place.path().join("store.rescued")).unwrap();
    let store = place.open().await;
    assert_eq!(numbers(&store, room).await.len() as u64, STORED);
    store.close().await;
}

#[tokio::test]
async fn users_that_cannot_be_read_are_missed() {
    let (place, room) = stored().await;
    flip(&place, "user100@example.com");
    let (damage, line) = refused(&place).await;
    let counted = damage.iter().any(|damage| matches!(damage, Damage::Count { what: "users", expected: 200, .. }));
    assert!(counted, "{line}");
    let store = accepted(&place).await;
    assert_eq!(numbers(&store, room).await.len() as u64, STORED);
    stored_user(&store, "somebody").await;
    store.close().await;
    live_on(&place, room).await;
    assert_eq!(
        place.open().await.user_by_name("somebody").await.unwrap().map(|user| user.username),
        Some("somebody".into())
    );
}

#[tokio::test]
async fn a_table_that_is_gone_is_told() {
    let (place, _) = stored().await;
    tables(&place).iter().for_each(|table| std::fs::remove_file(table).unwrap());
    let line = place.try_open(Options::default()).await.expect_err("it is refused").to_string();
    assert!(line.contains("restore a backup"), "{line}");
}

#[tokio::test]
async fn a_document_of_another_shape_is_told_and_panics_nobody() {
    let (place, _) = stored().await;
    let mut users = raw::documents(&place, "users");
    users[7] = doc! { "_id": users[7].get_object_id("_id").unwrap(), "username": 7 };
    raw::replace(&place, "users", &users);
    let (damage, line) = refused(&place).await;
    assert!(damage.iter().any(|damage| matches!(damage, Damage::Unreadable(what) if what.contains("users"))), "{line}");
}
