//! Rooms: unique by name, complete in their participants whoever joins at once, and gone when they are deleted.

use std::sync::Arc;

use tincan::model::{Description, Page, Room, RoomId, RoomName, RoomPatch, UserId};
use tincan::store::{Loading, Records, StoreError, Taken};

use super::Place;
use crate::support::sample::{append, at_once, fill, message, repeatable, room, stored_room};

fn renamed(name: &str) -> RoomPatch {
    RoomPatch { name: Some(RoomName::parse(name).expect("a good name")), description: None }
}

pub(crate) async fn a_room_is_read_as_it_was_made(place: &impl Place) {
    let store = place.open().await;
    let made = Room { description: "Where we talk 🙂".to_owned(), ..room("Küche") };
    store.insert_room(made.clone()).await.unwrap();
    assert_eq!(store.room(made.id).await.unwrap().as_deref(), Some(&made));
    assert_eq!(store.room(RoomId::new()).await.unwrap(), None);
    assert_eq!(store.messages(made.id, Page::Newest, 50).await.unwrap().unwrap().messages, []);
}

pub(crate) async fn rooms_are_listed_newest_first(place: &impl Place) {
    let store = place.open().await;
    assert!(store.rooms().await.unwrap().is_empty());
    for name in ["first", "second", "third"] {
        stored_room(&store, name).await;
    }
    let names: Vec<_> = store.rooms().await.unwrap().iter().map(|room| room.name.clone()).collect();
    assert_eq!(names, ["third", "second", "first"]);
}

pub(crate) async fn a_room_name_is_taken_in_any_case(place: &impl Place) {
    let store = place.open().await;
    stored_room(&store, "Straßencafé").await;
    let refused = store.insert_room(room("STRAßENCAFE\u{301}")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
    let other = stored_room(&store, "other").await;
    let refused = store.update_room(other.id, renamed("straßencafé")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
    assert_eq!(store.room(other.id).await.unwrap().as_deref(), Some(&other));
    assert_eq!(store.rooms().await.unwrap().len(), 2);
}

pub(crate) async fn a_room_name_is_taken_whatever_cannot_be_seen_in_it(place: &impl Place) {
    let store = place.open().await;
    let first = stored_room(&store, "Kitchen\u{200b}").await;
    let other = stored_room(&store, "other").await;
    for name in ["kitchen", "Kitchen", "KIT\u{ad}CHEN", "Kitchen \u{3164}"] {
        let refused = store.insert_room(room(name)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{name:?}: {refused:?}");
        let refused = store.update_room(other.id, renamed(name)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{name:?}: {refused:?}");
    }
    assert_eq!(store.room(first.id).await.unwrap().unwrap().name, "Kitchen\u{200b}");
    let respelled = store.update_room(first.id, renamed("Kitchen")).await.unwrap().unwrap();
    assert_eq!(respelled.name, "Kitchen");
    assert!(store.delete_room(first.id).await.unwrap());
    stored_room(&store, "kitchen\u{fe0f}").await;
}

pub(crate) async fn rooms_of_before_that_look_alike_are_all_kept(place: &impl Place) {
    let store = place.open().await;
    let old = [room("Kitchen"), room("kitchen\u{200b}"), room("\u{3164}"), room("\u{2060}")];
    assert_eq!(store.begin_load("an older version").await.unwrap(), Loading::Begun);
    store.load(Records::Rooms(old.to_vec())).await.unwrap();
    store.end_load().await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.rooms().await.unwrap().len(), old.len());
    for one in &old {
        assert_eq!(store.room(one.id).await.unwrap().as_deref(), Some(one));
        // Each may be changed without another one's name, and goes on to be used.
        let patch = RoomPatch { name: None, description: Some(Description::parse("old").unwrap()) };
        assert_eq!(store.update_room(one.id, patch).await.unwrap().unwrap().name, one.name);
        fill(&store, one.id, 1).await;
    }
    for gone in &old[..2] {
        let refused = store.insert_room(room("KITCHEN")).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
        assert!(store.delete_room(gone.id).await.unwrap());
    }
    stored_room(&store, "KITCHEN").await;
}

pub(crate) async fn of_fifty_at_once_that_want_one_room_name_just_one_gets_it(place: &impl Place) {
    let store = place.open().await;
    let mine = stored_room(&store, "mine").await;
    let answers = at_once((0..50).map(|number| {
        let store = store.clone();
        async move {
            match number % 10 {
                0 => store.update_room(mine.id, renamed("Wanted")).await.map(drop),
                even if even % 2 == 0 => store.insert_room(room("WANTED")).await,
                _ => store.insert_room(room("wanted")).await,
            }
        }
    }))
    .await;
    assert!(answers.iter().any(Result::is_ok));
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(StoreError::Conflict(Taken::RoomName)))));
    let named = store.rooms().await.unwrap().iter().filter(|room| room.name.to_lowercase() == "wanted").count();
    assert_eq!(named, 1);
}

pub(crate) async fn a_room_that_is_not_new_or_has_a_control_character_is_refused_at_the_door(place: &impl Place) {
    let store = place.open().await;
    let good = stored_room(&store, "good").await;
    let bad = [
        Room { id: good.id, ..room("same id") },
        room("nul\0name"),
        Room { description: "bell\u{7}".to_owned(), ..room("described") },
        Room { participants: Arc::new(vec![UserId::new()]), ..room("peopled") },
    ];
    for one in bad {
        let refused = store.insert_room(one.clone()).await;
        assert!(matches!(refused, Err(StoreError::Bug(_))), "{one:?}: {refused:?}");
    }
    assert_eq!(store.rooms().await.unwrap(), [Arc::new(good)]);
}

pub(crate) async fn a_patch_changes_what_it_names_and_nothing_else(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "before").await;
    let member = UserId::new();
    store.add_participant(made.id, member).await.unwrap();
    fill(&store, made.id, 3).await;

    let after = store.update_room(made.id, renamed("after")).await.unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.description.as_str()), ("after", ""));
    let text = |text| RoomPatch { name: None, description: Some(Description::parse(text).expect("a good text")) };
    let after = store.update_room(made.id, text("about")).await.unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.description.as_str()), ("after", "about"));
    assert_eq!((after.last_seq(), &*after.participants), (3, &vec![member]));
    assert_eq!((after.created_at, after.created_by), (made.created_at, made.created_by));
    assert_eq!(store.room(made.id).await.unwrap(), Some(after));
    assert_eq!(store.update_room(made.id, text("")).await.unwrap().unwrap().description, "");

    stored_room(&store, "before").await;
    assert_eq!(store.update_room(RoomId::new(), renamed("nobody")).await.unwrap(), None);
}

pub(crate) async fn a_room_may_take_another_spelling_of_its_own_name(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "lounge").await;
    assert_eq!(store.update_room(made.id, renamed("LOUNGE")).await.unwrap().unwrap().name, "LOUNGE");
    let refused = store.insert_room(room("lounge")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
}

pub(crate) async fn participants_stand_in_the_order_of_joining_and_none_twice(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    let [ann, bob, carl] = [UserId::new(), UserId::new(), UserId::new()];
    for user in [carl, ann, carl, bob, ann] {
        assert!(store.add_participant(made, user).await.unwrap().unwrap().has_participant(user));
    }
    assert_eq!(*store.room(made).await.unwrap().unwrap().participants, [carl, ann, bob]);
    assert_eq!(*store.remove_participant(made, carl).await.unwrap().unwrap().participants, [ann, bob]);
    assert_eq!(*store.remove_participant(made, carl).await.unwrap().unwrap().participants, [ann, bob]);
    assert_eq!(*store.add_participant(made, carl).await.unwrap().unwrap().participants, [ann, bob, carl]);
    assert_eq!(store.add_participant(RoomId::new(), ann).await.unwrap(), None);
    assert_eq!(store.remove_participant(RoomId::new(), ann).await.unwrap(), None);
}

pub(crate) async fn of_eight_hundred_parallel_joins_none_is_lost(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    let mut users: Vec<_> = (0..800).map(|_| UserId::new()).collect();
    at_once(users.clone().into_iter().map(|user| {
        let store = store.clone();
        async move { store.add_participant(made, user).await.unwrap().unwrap() }
    }))
    .await;
    let mut joined = store.room(made).await.unwrap().unwrap().participants.to_vec();
    joined.sort_unstable();
    users.sort_unstable();
    assert_eq!(joined, users);
}

pub(crate) async fn joins_and_renames_at_once_lose_nothing(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    at_once((0..100).map(|number| {
        let store = store.clone();
        async move {
            match number {
                50 => drop(store.update_room(made, renamed("other name")).await.unwrap()),
                odd if odd % 2 == 1 => fill(&store, made, 1).await,
                _ => drop(store.add_participant(made, UserId::new()).await.unwrap()),
            }
        }
    }))
    .await;
    let after = store.room(made).await.unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.participants.len(), after.last_seq()), ("other name", 49, 50));
}

pub(crate) async fn two_share_a_room_while_both_are_participants(place: &impl Place) {
    let store = place.open().await;
    let (one, two) = (stored_room(&store, "one").await.id, stored_room(&store, "two").await.id);
    let [ann, bob, carl] = [UserId::new(), UserId::new(), UserId::new()];
    for (room, user) in [(one, ann), (two, ann), (one, bob), (two, bob), (two, carl)] {
        store.add_participant(room, user).await.unwrap();
    }
    let shared = |a, b| {
        let store = store.clone();
        async move {
            let both = (store.share_room(a, b).await.unwrap(), store.share_room(b, a).await.unwrap());
            assert_eq!(both.0, both.1, "sharing has no direction");
            both.0
        }
    };
    assert!(shared(ann, bob).await && shared(ann, carl).await);
    assert!(!shared(ann, UserId::new()).await);
    store.remove_participant(two, ann).await.unwrap();
    assert!(shared(ann, bob).await && !shared(ann, carl).await);
    store.delete_room(one).await.unwrap();
    assert!(!shared(ann, bob).await && shared(bob, carl).await);
}

pub(crate) async fn a_deleted_room_is_gone_at_once_and_its_name_is_free(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    let user = UserId::new();
    store.add_participant(made, user).await.unwrap();
    fill(&store, made, 500).await;

    assert!(store.delete_room(made).await.unwrap());
    assert!(!store.delete_room(made).await.unwrap());
    assert_eq!(store.room(made).await.unwrap(), None);
    assert!(store.rooms().await.unwrap().is_empty());
    assert_eq!(store.messages(made, Page::Newest, 50).await.unwrap(), None);
    assert_eq!(store.append_messages(made, vec![message(user, "late")]).await.unwrap(), None);
    assert_eq!(store.add_participant(made, user).await.unwrap(), None);
    assert_eq!(store.update_room(made, renamed("late")).await.unwrap(), None);
    stored_room(&store, "room").await;
}

pub(crate) async fn a_room_made_after_a_deleted_one_is_not_touched_by_it(place: &impl Place) {
    let store = place.open().await;
    let old = stored_room(&store, "room").await.id;
    let user = UserId::new();
    append(&store, old, (0..300).map(|number| repeatable(user, "old", &format!("id{number}"))).collect()).await;
    store.delete_room(old).await.unwrap();

    let new = stored_room(&store, "room").await.id;
    let batch = (0..300).map(|number| repeatable(user, "new", &format!("id{number}"))).collect();
    assert!(append(&store, new, batch).await.iter().all(|one| one.fresh && one.message.content == "new"));
    // What is left of the old room goes in the background; each of these waits behind a piece of it.
    for number in 0..20 {
        stored_room(&store, &format!("after{number}")).await;
    }
    let page = store.messages(new, Page::After(0), 200).await.unwrap().unwrap();
    assert!(page.messages.len() == 200 && page.last_seq == 300);
    assert!(!append(&store, new, vec![repeatable(user, "again", "id299")]).await[0].fresh);
}
