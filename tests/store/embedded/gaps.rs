//! Rooms with numbers that have no message because others removed it: they are no damage, real damage beside them is
//! found, and no number is given again.

use std::sync::Arc;

use bson::doc;
use tempfile::TempDir;
use tincan::model::{Message, MessageId, Page, Room, RoomId, UserId};
use tincan::store::polodb::{Damage, OpenError, Options};
use tincan::store::{Records, Store};
use tincan::transfer::{export, import};

use crate::store::Place;
use crate::support::copies::{Unwatched, open, to_fill};
use crate::support::polodb_place::PoloDbPlace;
use crate::support::raw;
use crate::support::sample::{append, message, moment, room};

fn numbered(room: RoomId, seq: u64) -> Message {
    Message {
        id: MessageId::new(),
        room,
        sender: UserId::new(),
        sender_name: "sender".to_owned(),
        content: format!("message {seq}"),
        timestamp: moment(),
        seq,
        client_id: None,
        mentions: Vec::new(),
        mentions_all: false,
    }
}

/// A closed store that was filled with a room whose messages have these numbers, and in which `last` was the highest.
async fn filled(numbers: &[u64], last: u64) -> (PoloDbPlace, RoomId) {
    let place = PoloDbPlace::empty();
    let store = to_fill(place.path()).await;
    store.begin_load("elsewhere").await.unwrap();
    let room = Room { last_seq: last, ..room("room") };
    store.load(Records::Rooms(vec![room.clone()])).await.unwrap();
    for numbers in numbers.chunks(7) {
        let messages = numbers.iter().map(|seq| numbered(room.id, *seq)).collect();
        store.load(Records::Messages(room.id, messages)).await.unwrap();
    }
    store.end_load().await.unwrap();
    store.close().await;
    (place, room.id)
}

/// All numbers of a room, forwards a page at a time; backwards they are the same.
async fn numbers(store: &Arc<dyn Store>, room: RoomId) -> Vec<u64> {
    let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
    loop {
        let after = forwards.last().copied().unwrap_or(0);
        let page = store.messages(room, Page::After(after), 3).await.unwrap().unwrap();
        forwards.extend(page.messages.iter().map(|message| message.seq));
        if !page.newer {
            break;
        }
    }
    loop {
        let before = backwards.first().copied().unwrap_or(u64::MAX);
        let page = store.messages(room, Page::Before(before), 3).await.unwrap().unwrap();
        backwards.splice(0..0, page.messages.iter().map(|message| message.seq));
        if !page.older {
            break;
        }
    }
    assert_eq!(forwards, backwards);
    forwards
}

async fn last_seq(store: &Arc<dyn Store>, room: RoomId) -> u64 {
    let last = store.room(room).await.unwrap().unwrap().last_seq();
    assert_eq!(store.messages(room, Page::Newest, 1).await.unwrap().unwrap().last_seq, last);
    last
}

#[tokio::test]
async fn gaps_are_stepped_over_and_no_number_is_given_again_after_a_restart_too() {
    let many: Vec<u64> = (1..=200).filter(|seq| seq % 2 == 0).collect();
    let cases: [(&[u64], u64); 6] =
        [(&[1, 2, 5, 6, 9], 9), (&[3, 4], 12), (&[], 7), (&[5], 5), (&many, 200), (&many, 300)];
    for (there, last) in cases {
        let (place, room) = filled(there, last).await;
        for round in 1..=2 {
            let store = place.open().await;
            let expected: Vec<u64> = there.iter().copied().chain(last + 1..last + round).collect();
            assert_eq!(numbers(&store, room).await, expected, "of {there:?} up to {last}");
            assert_eq!(last_seq(&store, room).await, last + round - 1);
            let seq = append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq;
            assert_eq!(seq, last + round);
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_message_that_is_missing_beside_gaps_is_damage() {
    let many: Vec<u64> = (1..=200).filter(|seq| seq % 2 == 0).collect();
    for (there, last, removed) in [(vec![1, 2, 5, 6, 9], 12, 6), (vec![1, 2, 5, 6, 9], 12, 9), (many, 200, 198)] {
        let (place, room) = filled(&there, last).await;
        let mut documents = raw::documents(&place, "messages");
        documents.retain(|document| document.get_i64("seq") != Ok(removed));
        raw::replace(&place, "messages", &documents);
        let refused = place.try_open(Options::default()).await.expect_err("it is refused");
        let OpenError::Damaged { damage, .. } = &refused else { panic!("{refused}") };
        let removed = removed as u64;
        let told =
            |one: &Damage| matches!(one, Damage::Messages { from, to, .. } if (*from, *to) == (removed, removed));
        assert!(damage.len() == 1 && told(&damage[0]), "{refused}");
        let store = place.try_open(Options { accept_damage: true, ..Options::default() }).await.unwrap();
        let expected: Vec<u64> = there.into_iter().filter(|seq| *seq != removed).collect();
        assert_eq!(numbers(&store, room).await, expected);
        let seq = append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq;
        assert!(seq > last);
        store.close().await;
    }
}

#[tokio::test]
async fn a_list_of_gaps_that_is_gone_is_damage() {
    let there: Vec<u64> = (1..=200).filter(|seq| seq % 2 == 0).collect();
    let (place, _) = filled(&there, 200).await;
    assert_eq!(raw::documents(&place, "gaps").len(), 1);
    assert_eq!(raw::documents(&place, "heads")[0].get_array("lost"), Err(bson::document::ValueAccessError::NotPresent));
    raw::replace(&place, "gaps", &[doc! { "_id": bson::oid::ObjectId::new(), "ranges": 7 }]);
    let refused = place.try_open(Options::default()).await.expect_err("it is refused").to_string();
    assert!(refused.contains("the list of its numbers without a message"), "{refused}");
}

#[tokio::test]
async fn gaps_and_the_highest_number_go_through_an_archive() {
    let many: Vec<u64> = (1..=100).filter(|seq| seq % 3 == 0).collect();
    let cases: [(&[u64], u64); 4] = [(&[1, 2, 5, 6, 9], 12), (&[], 7), (&[4], 4), (&many, 1000)];
    for (there, last) in cases {
        let (place, room) = filled(there, last).await;
        let source = place.open().await;
        let (archive, other) = (place.path().join("backup"), TempDir::new().unwrap());
        let exported = export(&source, &archive, &mut Unwatched).await.unwrap();
        assert_eq!(exported.messages.count, there.len() as u64);
        let target = to_fill(other.path()).await;
        import(&archive, &target, "there", &mut Unwatched).await.unwrap();
        target.close().await;
        let store = open(other.path()).await;
        assert_eq!(numbers(&store, room).await, there);
        assert_eq!(last_seq(&store, room).await, last);
        assert_eq!(append(&store, room, vec![message(UserId::new(), "on")]).await[0].message.seq, last + 1);
        source.close().await;
    }
}

#[tokio::test]
async fn numbers_that_accepted_damage_may_have_taken_are_not_given_again_after_a_copy() {
    let (place, id) = filled(&[1, 2, 3], 3).await;
    let mut documents = raw::documents(&place, "messages");
    documents.truncate(2);
    raw::replace(&place, "messages", &documents);
    let source = place.try_open(Options { accept_damage: true, ..Options::default() }).await.unwrap();
    assert_eq!((last_seq(&source, id).await, source.room(id).await.unwrap().unwrap().numbered()), (2, 3));
    let (archive, other) = (place.path().join("backup"), TempDir::new().unwrap());
    export(&source, &archive, &mut Unwatched).await.unwrap();
    let target = to_fill(other.path()).await;
    import(&archive, &target, "there", &mut Unwatched).await.unwrap();
    target.close().await;
    let store = open(other.path()).await;
    assert_eq!(append(&store, id, vec![message(UserId::new(), "on")]).await[0].message.seq, 4);
}

#[tokio::test]
async fn a_room_with_gaps_is_deleted_to_its_last_message() {
    let there: Vec<u64> = (1..=600).filter(|seq| seq % 3 == 0).collect();
    let (place, room) = filled(&there, 1 << 40).await;
    let store = place.open().await;
    assert!(store.delete_room(room).await.unwrap());
    for _ in 0..100 {
        // The removal goes on between other work.
        crate::support::sample::stored_user(&store, &format!("user{}", moment().millis())).await;
    }
    let left = async {
        while !raw::documents(&place.after_a_power_cut(), "doomed").is_empty() {
            // Nobody is told how far a removal has come, so the files are looked at again and again.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::support::app::PATIENCE, left).await.expect("it comes to its end");
    store.close().await;
    assert_eq!(raw::documents(&place, "messages"), []);
    assert_eq!(raw::documents(&place, "gaps"), []);
}
