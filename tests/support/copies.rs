//! What tests of copies share: opening a store and one that is to be filled, putting some of everything into it,
//! comparing two of them.

use std::path::Path;
use std::sync::Arc;

use crate::store::invites::invite;
use tincan::model::{
    AccountPatch, Call, CallStatus, CodeHash, EndReason, Invite, Mentions, NewMessage, Page, Proof, Reset, Role, Room,
    RoomId, RoomKind, Timestamp, UserId,
};
use tincan::store::{Place, Store, StoreError, Taken, open_to_fill};
use tincan::transfer::Watch;

use super::sample::{append, call, fill, message, moment, repeatable, room, stored_room, stored_user, user};
use super::settings::settings;

/// Nobody looks.
pub(crate) struct Unwatched;

impl Watch for Unwatched {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}

/// Opens the embedded store in a directory.
pub(crate) async fn open(directory: &Path) -> Arc<dyn Store> {
    tincan::store::open(&settings(directory)).await.expect("the store opens")
}

pub(crate) async fn to_fill(directory: &Path) -> Arc<dyn Store> {
    open_to_fill(&Place::Directory(directory.to_owned())).await.expect("the store opens")
}

/// What [`furnish`] put into a store.
pub(crate) struct Furnished {
    pub ann: UserId,
    pub talk: RoomId,
}

/// Puts some of everything into a store.
pub(crate) async fn furnish(store: &Arc<dyn Store>) -> Furnished {
    let ann = stored_user(store, "Ann").await;
    let bob = stored_user(store, "Bøb").await.id;
    store.set_password(ann.id, Proof::Operator, ann.password.clone(), Timestamp::now()).await.unwrap();
    let now = Timestamp::now();
    let administrator = AccountPatch { role: Some(Role::Administrator), disabled: None };
    store.patch_account(ann.id, administrator, now).await.unwrap();
    store.patch_account(bob, AccountPatch { role: None, disabled: Some(true) }, now).await.unwrap();
    store.set_reset(ann.id, Reset { hash: CodeHash([9; 32]), expires_at: now }).await.unwrap();
    store.note_seen(&[(bob, now)]).await.unwrap();
    let talk = stored_room(store, "Talk 🙂").await.id;
    let used = Invite { room: Some(talk), used: 1, ..invite(Some(ann.id), 2) };
    // That to the first account goes nowhere with the accounts.
    for one in [used, invite(Some(bob), 5), invite(None, 1)] {
        store.insert_invite(one).await.unwrap();
    }
    stored_room(store, "Quiet").await;
    for member in [bob, ann.id] {
        store.add_participant(talk, member).await.unwrap();
    }
    append(store, talk, vec![repeatable(ann.id, "two\nlines \"quoted\"", "first"), message(bob, "महेश 🙂")]).await;
    fill(store, talk, 3000).await;
    furnish_closed_rooms(store, ann.id, bob).await;
    let rings = call(ann.id, &[bob]);
    let over = Call {
        room: Some(talk),
        status: CallStatus::Ended,
        ended_at: Some(moment()),
        end_reason: Some(EndReason::Timeout),
        inside: Vec::new(),
        ringing: Vec::new(),
        ..call(bob, &[ann.id])
    };
    super::sample::store_calls(store, vec![rings, over]).await;
    Furnished { ann: ann.id, talk }
}

/// A private and a direct room, with calls by name that one of the two has read some of.
async fn furnish_closed_rooms(store: &Arc<dyn Store>, ann: UserId, bob: UserId) {
    let members = Arc::new(vec![bob, ann]);
    let private = Room { kind: RoomKind::Private, created_by: bob, participants: members.clone(), ..room("Cellar") };
    let two = Room { kind: RoomKind::Direct, name: String::new(), participants: members, ..room("of two") };
    store.insert_room(private.clone()).await.unwrap();
    store.open_direct(two.clone()).await.unwrap();
    let calling = |all| NewMessage { mentions: Mentions { users: vec![ann], all }, ..message(bob, "@Ann") };
    append(store, private.id, vec![calling(false), calling(true), calling(false)]).await;
    append(store, two.id, vec![calling(false)]).await;
    store.mark_read(private.id, ann, 1).await.unwrap().expect("she is in it");
}

/// All rooms, with the highest number that was given in each, however the engine holds that.
async fn rooms(store: &Arc<dyn Store>) -> Vec<Room> {
    let rooms = store.rooms().await.unwrap().into_iter();
    rooms.map(|room| Room { last_seq: room.last_seq(), numbered: room.numbered(), ..Room::clone(&room) }).collect()
}

/// The two hold the same, as far as the trait shows it, and the second works as a store does.
pub(crate) async fn are_alike(one: &Arc<dyn Store>, other: &Arc<dyn Store>, furnished: &Furnished) {
    assert_eq!(rooms(one).await, rooms(other).await);
    assert_eq!(one.dump_users(None, 100).await.unwrap(), other.dump_users(None, 100).await.unwrap());
    assert_eq!(one.dump_invites(None, 100).await.unwrap(), other.dump_invites(None, 100).await.unwrap());
    assert_eq!(other.invites(None, Timestamp::from_millis(0)).await.unwrap().len(), 2);
    assert_eq!(one.dump_calls(None, 100).await.unwrap(), other.dump_calls(None, 100).await.unwrap());
    assert_eq!(one.open_calls().await.unwrap(), other.open_calls().await.unwrap());
    for room in rooms(one).await {
        let read = one.readings_in(&room, &room.participants).await.unwrap();
        assert_eq!(read, other.readings_in(&room, &room.participants).await.unwrap(), "{}", room.name);
    }
    let Furnished { ann, talk } = *furnished;
    assert_eq!(one.calls_of(ann, None, 10).await.unwrap(), other.calls_of(ann, None, 10).await.unwrap());
    for page in [Page::After(0), Page::After(1500), Page::Newest] {
        assert_eq!(one.messages(talk, page, 200).await.unwrap(), other.messages(talk, page, 200).await.unwrap());
    }
    let again = append(other, talk, vec![repeatable(ann, "again", "first"), message(ann, "next")]).await;
    assert_eq!(again.iter().map(|one| (one.message.seq, one.fresh)).collect::<Vec<_>>(), [(1, false), (3003, true)]);
    let refused = other.insert_user(user("ANN")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::Username))), "{refused:?}");
    assert!(other.user_by_name("BØB").await.unwrap().is_some());
}
