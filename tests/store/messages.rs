//! Messages: numbered without gaps whoever writes at once, stored once for each client id, and read in pages.

use std::collections::BTreeSet;

use tincan::model::{Message, MessagePage, NewMessage, Page, RoomId, UserId};

use super::Place;
use crate::support::sample::{append, at_once, fill, message, repeatable, stored_room};

pub(crate) async fn messages_are_numbered_from_one_without_gaps(place: &impl Place) {
    let store = place.open().await;
    let (room, other) = (stored_room(&store, "room").await.id, stored_room(&store, "other").await.id);
    let user = UserId::new();
    let mut seen = Vec::new();
    for size in [1, 3, 0, 2] {
        fill(&store, other, 2).await;
        let batch = (0..size).map(|_| message(user, "text")).collect();
        seen.extend(append(&store, room, batch).await.iter().map(|one| (one.message.seq, one.fresh)));
    }
    assert_eq!(seen, (1..=6).map(|seq| (seq, true)).collect::<Vec<_>>());
    assert_eq!(store.append_messages(RoomId::new(), vec![message(user, "text")]).await.unwrap(), None);
}

pub(crate) async fn a_message_is_read_as_it_was_written(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let sender = UserId::new();
    let texts = ["hello", "two\nlines\tand a tab", "{\"$gt\": \"\"}", "महेश 🙂 e\u{301}", &"x".repeat(4000)];
    let batch: Vec<_> = texts.iter().map(|text| repeatable(sender, text, &format!("id of {}", text.len()))).collect();
    let expected: Vec<_> = batch.iter().zip(1..).map(|(new, seq)| stored(new, room, seq)).collect();
    let answered: Vec<_> = append(&store, room, batch).await.iter().map(|one| (*one.message).clone()).collect();
    assert_eq!(answered, expected);
    assert_eq!(store.messages(room, Page::Newest, 50).await.unwrap().unwrap().messages, expected);
}

fn stored(new: &NewMessage, room: RoomId, seq: u64) -> Message {
    Message {
        id: new.id,
        room,
        sender: new.sender,
        sender_name: new.sender_name.clone(),
        content: new.content.to_string(),
        timestamp: new.timestamp,
        seq,
        client_id: new.client_id.as_ref().map(ToString::to_string),
        mentions: new.mentions.users.clone(),
        mentions_all: new.mentions.all,
    }
}

pub(crate) async fn of_eight_hundred_parallel_messages_none_is_lost_and_no_number_repeats(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let answers = at_once((0..800).map(|number| {
        let store = store.clone();
        async move { append(&store, room, vec![message(UserId::new(), &format!("text {number}"))]).await }
    }))
    .await;
    let numbers: BTreeSet<_> = answers.iter().flatten().map(|one| one.message.seq).collect();
    assert_eq!(numbers, (1..=800).collect());
    let mut read = BTreeSet::new();
    for after in [0, 200, 400, 600] {
        let page = store.messages(room, Page::After(after), 200).await.unwrap().unwrap();
        read.extend(page.messages.into_iter().map(|one| one.content));
    }
    assert_eq!(read, (0..800).map(|number| format!("text {number}")).collect());
}

pub(crate) async fn a_batch_keeps_its_order_among_others(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let answers = at_once((0..20).map(|_| {
        let store = store.clone();
        async move { append(&store, room, (0..10).map(|_| message(UserId::new(), "text")).collect()).await }
    }))
    .await;
    for batch in answers {
        let first = batch[0].message.seq;
        let numbers: Vec<_> = batch.iter().map(|one| one.message.seq).collect();
        assert_eq!(numbers, (first..first + 10).collect::<Vec<_>>());
    }
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), 200);
}

pub(crate) async fn a_repeated_client_id_is_answered_with_the_first_message(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let user = UserId::new();
    for client_id in ["1", "a:b", "$where", "महेश 🙂", "{\"a\":1}", &"x".repeat(64), "a", "A"] {
        let first = append(&store, room, vec![repeatable(user, "first", client_id)]).await.remove(0);
        assert!(first.fresh, "{client_id}");
        let again = append(&store, room, vec![repeatable(user, "second", client_id)]).await.remove(0);
        assert!(!again.fresh, "{client_id}");
        assert_eq!(again.message, first.message);
    }
    assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), 8);
}

pub(crate) async fn a_client_id_may_repeat_within_one_batch(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let user = UserId::new();
    let batch = [("one", "a"), ("two", "b"), ("three", "a"), ("four", "c"), ("five", "b")];
    let answers = append(&store, room, batch.iter().map(|(text, id)| repeatable(user, text, id)).collect()).await;
    let seen: Vec<_> = answers.iter().map(|one| (one.message.seq, one.message.content.as_str(), one.fresh)).collect();
    let expected = [(1, "one", true), (2, "two", true), (1, "one", false), (3, "four", true), (2, "two", false)];
    assert_eq!(seen, expected);
}

pub(crate) async fn a_client_id_used_by_fifty_at_once_is_stored_once(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let user = UserId::new();
    for round in 1..=5 {
        let answers = at_once((0..50).map(|number| {
            let store = store.clone();
            let one = repeatable(user, &format!("text {number}"), &format!("round {round}"));
            async move { append(&store, room, vec![one]).await.remove(0) }
        }))
        .await;
        assert_eq!(answers.iter().filter(|one| one.fresh).count(), 1);
        assert!(answers.iter().all(|one| one.message == answers[0].message));
        assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), round);
    }
}

pub(crate) async fn a_client_id_belongs_to_its_sender_and_its_room(place: &impl Place) {
    let store = place.open().await;
    let rooms = [stored_room(&store, "one").await.id, stored_room(&store, "two").await.id];
    let users = [UserId::new(), UserId::new()];
    for room in rooms {
        for user in users {
            assert!(append(&store, room, vec![repeatable(user, "text", "same")]).await[0].fresh);
        }
        assert_eq!(store.room(room).await.unwrap().unwrap().last_seq(), 2);
    }
}

/// What a page of a room of `count` messages must be, worked out over a plain list.
fn plain_page(count: u64, page: Page, limit: usize) -> (Vec<u64>, bool, bool) {
    let all = 1..=count;
    let numbers: Vec<u64> = match page {
        Page::Newest => all.rev().take(limit).collect(),
        Page::Before(seq) => all.rev().filter(|one| *one < seq).take(limit).collect(),
        Page::After(seq) => all.filter(|one| *one > seq).take(limit).collect(),
    };
    let numbers: Vec<u64> = numbers.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    // An empty page lies at its cursor.
    let (first, last) = match (numbers.first(), numbers.last(), page) {
        (Some(first), Some(last), _) => (*first, *last),
        (_, _, Page::Before(seq)) => (seq, seq.saturating_sub(1)),
        (_, _, Page::After(seq)) => (seq.saturating_add(1), seq),
        (_, _, Page::Newest) => (1, 0),
    };
    let older = (1..=count).any(|seq| seq < first);
    let newer = (1..=count).any(|seq| seq > last);
    (numbers, older, newer)
}

fn seen(page: &MessagePage) -> (Vec<u64>, bool, bool) {
    (page.messages.iter().map(|one| one.seq).collect(), page.older, page.newer)
}

pub(crate) async fn every_page_is_what_a_plain_list_would_give(place: &impl Place) {
    let store = place.open().await;
    for count in [0, 1, 2, 7] {
        let room = stored_room(&store, &format!("room of {count}")).await.id;
        fill(&store, room, count as usize).await;
        for limit in [1, 2, 3, 6, 7, 8, 200] {
            let cursors = (0..=9).chain([1 << 32, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX]);
            let pages = cursors.flat_map(|seq| [Page::Before(seq), Page::After(seq)]).chain([Page::Newest]);
            for page in pages {
                let found = store.messages(room, page, limit).await.unwrap().unwrap();
                assert_eq!(seen(&found), plain_page(count, page, limit), "{count} messages, {page:?}, limit {limit}");
                assert_eq!(found.last_seq, count);
            }
        }
    }
    assert_eq!(store.messages(RoomId::new(), Page::Newest, 1).await.unwrap(), None);
}

pub(crate) async fn a_page_reaches_across_many_batches(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    for _ in 0..50 {
        fill(&store, room, 7).await;
    }
    for page in [Page::Newest, Page::Before(351), Page::Before(200), Page::Before(2), Page::After(3), Page::After(349)]
    {
        for limit in [1, 50, 200] {
            let found = store.messages(room, page, limit).await.unwrap().unwrap();
            assert_eq!(seen(&found), plain_page(350, page, limit), "{page:?}, limit {limit}");
        }
    }
}

pub(crate) async fn a_room_knows_its_newest_message(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    assert_eq!(store.room(room).await.unwrap().unwrap().last_message, None);
    let user = UserId::new();
    let appended = append(&store, room, vec![repeatable(user, "one", "1"), repeatable(user, "two", "2")]).await;
    assert_eq!(store.room(room).await.unwrap().unwrap().last_message.as_ref(), Some(&appended[1].message));
    append(&store, room, vec![repeatable(user, "again", "1")]).await;
    assert_eq!(store.rooms().await.unwrap()[0].last_message.as_ref(), Some(&appended[1].message));
}

pub(crate) async fn a_sender_whose_name_holds_a_control_character_writes_and_so_do_its_neighbours(place: &impl Place) {
    let store = place.open().await;
    let room = stored_room(&store, "room").await.id;
    let odd = ["a\ttab", "nul\0", "line\nline"];
    let from = |name: &str| NewMessage { sender_name: name.to_owned(), ..message(UserId::new(), "text") };
    append(&store, room, odd.into_iter().flat_map(|name| [from("plain"), from(name)]).collect()).await;
    let stored = store.messages(room, Page::Newest, 9).await.unwrap().unwrap().messages;
    let names: Vec<_> = stored.iter().map(|message| message.sender_name.as_str()).collect();
    assert_eq!(names, ["plain", odd[0], "plain", odd[1], "plain", odd[2]]);
}

pub(crate) async fn rooms_written_at_once_are_numbered_each_for_itself(place: &impl Place) {
    let store = place.open().await;
    let mut rooms = Vec::new();
    for number in 0..20 {
        rooms.push(stored_room(&store, &format!("room {number}")).await.id);
    }
    at_once((0..200).map(|number| {
        let (store, room) = (store.clone(), rooms[number % 20]);
        async move { append(&store, room, vec![message(UserId::new(), "text")]).await }
    }))
    .await;
    for room in rooms {
        let page = store.messages(room, Page::Newest, 50).await.unwrap().unwrap();
        assert_eq!(seen(&page).0, (1..=10).collect::<Vec<_>>());
    }
}
