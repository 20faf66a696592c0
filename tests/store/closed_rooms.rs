//! Rooms that not everybody may see, and how far their participants have read.

use std::sync::Arc;

use tincan::model::{MarkedRead, MembershipEnd, Reading, RoomId, UserId};

use super::Place;
use crate::support::sample::{append, at_once, calling, direct, message, private, stored_room, stored_user};

pub(crate) async fn a_closed_room_is_read_as_it_was_made_and_seen_by_its_members(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, eve] = [UserId::new(), UserId::new(), UserId::new()];
    let open = stored_room(&store, "cellar").await;
    let (secret, two) = (private(&[ann, bob]), direct(bob, ann));
    store.insert_room(secret.clone()).await.unwrap();
    let (made, fresh) = store.open_direct(two.clone()).await.unwrap();
    assert!(fresh && *made == two);
    assert_eq!(store.room(secret.id).await.unwrap().as_deref(), Some(&secret));
    assert_eq!(store.room(two.id).await.unwrap().as_deref(), Some(&two));
    let seen = async |user| store.rooms_seen_by(user).await.unwrap().iter().map(|room| room.id).collect::<Vec<_>>();
    assert_eq!(seen(ann).await, [two.id, secret.id, open.id]);
    assert_eq!(seen(eve).await, [open.id]);
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.room(secret.id).await.unwrap().as_deref(), Some(&secret));
    assert_eq!(store.direct_room(ann, bob).await.unwrap().as_deref(), Some(&two));
    assert_eq!(store.direct_room(ann, eve).await.unwrap(), None);
}

pub(crate) async fn of_fifty_who_open_a_direct_room_of_two_at_once_all_get_one(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (UserId::new(), UserId::new());
    let rooms = at_once((0..50).map(|number| {
        let (store, wished) = (Arc::clone(&store), if number % 2 == 0 { direct(ann, bob) } else { direct(bob, ann) });
        async move { store.open_direct(wished).await.unwrap() }
    }))
    .await;
    assert_eq!(rooms.iter().filter(|(_, fresh)| *fresh).count(), 1);
    assert!(rooms.iter().all(|(room, _)| room.id == rooms[0].0.id));
    let refused = store.add_participant(rooms[0].0.id, UserId::new()).await.unwrap().unwrap();
    assert_eq!(refused.participants.len(), 2);
}

pub(crate) async fn a_private_room_is_handed_on_to_who_has_been_in_it_longest(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, cid] = [UserId::new(), UserId::new(), UserId::new()];
    let secret = private(&[ann, bob]);
    store.insert_room(secret.clone()).await.unwrap();
    store.add_participant(secret.id, cid).await.unwrap();
    assert_eq!(store.end_membership(secret.id, UserId::new()).await.unwrap(), None);
    let kept = store.remove_participant(secret.id, bob).await.unwrap().unwrap();
    assert!(kept.has_participant(bob), "participation in an open room alone ends so");
    let Some(MembershipEnd::GoesOn(left)) = store.end_membership(secret.id, ann).await.unwrap() else { panic!() };
    assert_eq!((left.created_by, left.participants.as_slice()), (bob, &[bob, cid][..]));
    let Some(MembershipEnd::GoesOn(left)) = store.end_membership(secret.id, cid).await.unwrap() else { panic!() };
    assert_eq!((left.created_by, left.participants.as_slice()), (bob, &[bob][..]));
    assert_eq!(store.end_membership(secret.id, bob).await.unwrap(), Some(MembershipEnd::Deleted));
    assert_eq!(store.room(secret.id).await.unwrap(), None);
    assert_eq!(store.add_participant(secret.id, ann).await.unwrap(), None);
}

pub(crate) async fn a_removed_user_leaves_private_rooms_and_stays_in_direct_ones(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (stored_user(&store, "ann").await.id, stored_user(&store, "bob").await.id);
    let (both, alone, two) = (private(&[ann, bob]), private(&[ann]), direct(ann, bob));
    store.insert_room(both.clone()).await.unwrap();
    store.insert_room(alone.clone()).await.unwrap();
    store.open_direct(two.clone()).await.unwrap();
    assert!(store.remove_user(ann).await.unwrap());
    let both = store.room(both.id).await.unwrap().unwrap();
    assert_eq!((both.created_by, both.participants.as_slice()), (bob, &[bob][..]));
    assert_eq!(store.room(alone.id).await.unwrap(), None);
    assert_eq!(store.room(two.id).await.unwrap().unwrap().participants, two.participants);
}

pub(crate) async fn who_sends_has_read_and_who_is_called_is_counted(place: &impl Place) {
    let store = place.open().await;
    let [ann, bob, cid] = [UserId::new(), UserId::new(), UserId::new()];
    let kitchen = stored_room(&store, "kitchen").await.id;
    for user in [ann, bob] {
        store.add_participant(kitchen, user).await.unwrap();
    }
    let batch = vec![message(ann, "one"), calling(ann, &[bob], false), calling(ann, &[ann, bob], true)];
    append(&store, kitchen, batch).await;
    store.add_participant(kitchen, cid).await.unwrap();
    append(&store, kitchen, vec![calling(ann, &[], true)]).await;
    let room = store.room(kitchen).await.unwrap().unwrap();
    let of = async |user| store.readings_in(&room, &[user]).await.unwrap().remove(&user);
    assert_eq!(of(ann).await, Some(Reading::new(4, 0, 0)));
    assert_eq!(of(bob).await, Some(Reading::new(0, 4, 3)));
    assert_eq!(of(cid).await, Some(Reading::new(3, 1, 1)));
    assert_eq!(of(UserId::new()).await, None);
    let marked = store.mark_read(kitchen, bob, 2).await.unwrap();
    assert_eq!(marked, Some(MarkedRead { reading: Reading::new(2, 2, 2), moved: true }));
    let marked = store.mark_read(kitchen, bob, 1).await.unwrap();
    assert_eq!(marked, Some(MarkedRead { reading: Reading::new(2, 2, 2), moved: false }));
    assert_eq!(store.mark_read(kitchen, UserId::new(), 1).await.unwrap(), None);
    assert_eq!(store.mark_read(RoomId::new(), bob, 1).await.unwrap(), None);
    // Who joins again where one is already has read no more than before.
    store.add_participant(kitchen, bob).await.unwrap();
    store.close().await;
    let store = place.open().await;
    let of_bob = store.readings_of(bob, &[&room]).await.unwrap();
    assert_eq!(of_bob[&kitchen], Reading::new(2, 2, 2));
    append(&store, kitchen, vec![message(bob, "read")]).await;
    let room = store.room(kitchen).await.unwrap().unwrap();
    assert_eq!(store.readings_of(bob, &[&room]).await.unwrap()[&kitchen], Reading::new(5, 0, 0));
}

pub(crate) async fn more_senders_than_stand_in_one_record_are_all_kept(place: &impl Place) {
    let store = place.open().await;
    let kitchen = stored_room(&store, "kitchen").await.id;
    let users: Vec<UserId> = (0..70).map(|_| UserId::new()).collect();
    for user in &users {
        store.add_participant(kitchen, *user).await.unwrap();
    }
    for user in &users {
        append(&store, kitchen, vec![message(*user, "hello")]).await;
    }
    store.close().await;
    let store = place.open().await;
    let room = store.room(kitchen).await.unwrap().unwrap();
    let readings = store.readings_in(&room, &users).await.unwrap();
    for (number, user) in users.iter().enumerate() {
        assert_eq!(readings[user].read_seq, number as u64 + 1);
    }
}
