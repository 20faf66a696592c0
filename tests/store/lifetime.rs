//! From open to close and open again: what was answered is there, and a closed store says that it is closed.

use tincan::model::{Email, NameKey, Page, Proof, Room, UserId};
use tincan::store::{StoreError, Taken};

use super::Place;
use crate::support::sample::{
    append, call, fill, message, moment, repeatable, room, store_calls, stored_room, stored_user, user,
};

pub(crate) async fn everything_is_there_after_a_reopen(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (stored_user(&store, "Ann").await, stored_user(&store, "bob").await);
    let ann = store.set_password(ann.id, Proof::Operator, ann.password, moment()).await.unwrap().unwrap();
    let quiet = stored_room(&store, "quiet").await;
    let made = stored_room(&store, "room").await;
    for user in [bob.id, ann.id] {
        store.add_participant(made.id, user).await.unwrap();
    }
    fill(&store, made.id, 120).await;
    let open_call = call(ann.id, &[bob.id]);
    store_calls(&store, vec![open_call.clone()]).await;
    let before = store.room(made.id).await.unwrap().unwrap();
    let page = store.messages(made.id, Page::Newest, 200).await.unwrap().unwrap();
    store.close().await;
    drop(store);

    let store = place.open().await;
    assert_eq!(store.rooms().await.unwrap(), [before, quiet.into()]);
    assert_eq!(store.messages(made.id, Page::Newest, 200).await.unwrap().unwrap(), page);
    assert_eq!(store.user(ann.id).await.unwrap().as_ref(), Some(&ann));
    assert_eq!(store.user_by_email(&Email::parse("ann@example.com").unwrap()).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.list_users(&NameKey::of(""), None, 9).await.unwrap().len(), 2);
    assert_eq!(store.open_calls().await.unwrap(), std::slice::from_ref(&open_call));
    assert_eq!(store.calls_of(bob.id, None, 9).await.unwrap(), [open_call]);
    assert!(store.share_room(ann.id, bob.id).await.unwrap());
    let refused = store.insert_user(user("ANN")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::Username))), "{refused:?}");
    let refused = store.insert_room(room("Quiet")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{refused:?}");
}

pub(crate) async fn a_deleted_room_stays_gone_after_a_reopen(place: &impl Place) {
    let store = place.open().await;
    let (gone, kept) = (stored_room(&store, "gone").await, stored_room(&store, "kept").await);
    fill(&store, gone.id, 600).await;
    fill(&store, kept.id, 3).await;
    store.delete_room(gone.id).await.unwrap();
    store.remove_user(UserId::new()).await.unwrap();
    store.close().await;
    drop(store);

    let store = place.open().await;
    assert_eq!(store.room(gone.id).await.unwrap(), None);
    assert_eq!(store.messages(gone.id, Page::After(0), 9).await.unwrap(), None);
    let rooms: Vec<Room> = store.rooms().await.unwrap().iter().map(|room| (**room).clone()).collect();
    assert_eq!(rooms.len(), 1);
    assert_eq!((rooms[0].id, rooms[0].last_seq()), (kept.id, 3));
    stored_room(&store, "gone").await;
}

pub(crate) async fn numbers_and_client_ids_go_on_after_a_reopen(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    let user = UserId::new();
    let first = append(&store, made, vec![repeatable(user, "one", "1"), message(user, "two")]).await;
    store.close().await;
    drop(store);

    let store = place.open().await;
    let again = append(&store, made, vec![repeatable(user, "other", "1"), repeatable(user, "three", "3")]).await;
    assert_eq!((&again[0].message, again[0].fresh), (&first[0].message, false));
    assert_eq!((again[1].message.seq, again[1].fresh), (3, true));
}

pub(crate) async fn a_closed_store_answers_that_it_is_unavailable(place: &impl Place) {
    let store = place.open().await;
    let made = stored_room(&store, "room").await.id;
    fill(&store, made, 1).await;
    store.close().await;
    store.close().await;
    let answers = [
        store.insert_user(user("late")).await,
        store.append_messages(made, vec![message(UserId::new(), "late")]).await.map(drop),
        store.messages(made, Page::Newest, 9).await.map(drop),
        store.room(made).await.map(drop),
        store.calls_of(UserId::new(), None, 9).await.map(drop),
        store.health().await,
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{number}: {answer:?}");
    }
}

pub(crate) async fn an_open_store_is_healthy(place: &impl Place) {
    let store = place.open().await;
    store.health().await.unwrap();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(50), store.failed()).await;
    assert!(waiting.is_err(), "a store that works has not failed");
}
