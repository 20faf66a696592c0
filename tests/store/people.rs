//! Roles, disabled accounts, resets: who comes first, who must stay, and what ends tokens.

use std::sync::Arc;

use tincan::model::{AccountPatch, CodeHash, NameKey, PasswordHash, Proof, Reset, Role, Timestamp, User, UserId};
use tincan::store::{Counts, Store, StoreError};

use super::Place;
use crate::support::sample::{append, at_once, message, moment, stored_room, stored_user, user};

const DEMOTED: AccountPatch = AccountPatch { role: Some(Role::Member), disabled: None };
const PROMOTED: AccountPatch = AccountPatch { role: Some(Role::Administrator), disabled: None };
const DISABLED: AccountPatch = AccountPatch { role: None, disabled: Some(true) };
const ENABLED: AccountPatch = AccountPatch { role: None, disabled: Some(false) };

async fn administrator(store: &Arc<dyn Store>, name: &str) -> User {
    let user = stored_user(store, name).await;
    store.patch_account(user.id, PROMOTED, moment()).await.unwrap().unwrap()
}

async fn administrators(store: &Arc<dyn Store>) -> Vec<String> {
    let all = store.list_accounts(&NameKey::of(""), None, 1000).await.unwrap();
    all.into_iter().filter(User::administers).map(|user| user.username).collect()
}

pub(crate) async fn of_fifty_at_once_in_an_empty_store_just_one_is_the_first(place: &impl Place) {
    let store = place.open().await;
    assert!(!store.has_users().await.unwrap());
    let answers = at_once((0..50).map(|number| {
        let store = store.clone();
        let first = User { role: Role::Administrator, ..user(&format!("first{number}")) };
        async move { store.insert_first_user(first).await.unwrap() }
    }));
    assert_eq!(answers.await.into_iter().filter(|first| *first).count(), 1);
    assert_eq!(administrators(&store).await.len(), 1);
    assert_eq!(store.list_users(&NameKey::of(""), None, 100).await.unwrap().len(), 1);
    assert!(store.has_users().await.unwrap());
}

pub(crate) async fn where_somebody_has_an_account_nobody_is_the_first(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    assert!(!store.insert_first_user(user("bob")).await.unwrap());
    assert_eq!(store.oldest_administrator().await.unwrap(), None);
    assert!(store.remove_user(ann.id).await.unwrap());
    assert!(store.insert_first_user(user("bob")).await.unwrap());
}

pub(crate) async fn the_last_administrator_is_neither_demoted_disabled_nor_removed(place: &impl Place) {
    let store = place.open().await;
    let ann = administrator(&store, "ann").await;
    let bob = administrator(&store, "bob").await;
    stored_user(&store, "cid").await;
    assert_eq!(store.oldest_administrator().await.unwrap(), Some(ann.clone()));
    let last = Err(StoreError::LastAdministrator);
    let disabled = store.patch_account(bob.id, DISABLED, moment()).await.unwrap().unwrap();
    assert!(disabled.disabled && disabled.is_administrator());
    assert_eq!(store.patch_account(ann.id, DEMOTED, moment()).await, last);
    assert_eq!(store.patch_account(ann.id, DISABLED, moment()).await, last);
    assert_eq!(store.remove_user(ann.id).await, Err(StoreError::LastAdministrator));
    assert_eq!(store.user(ann.id).await.unwrap(), Some(ann.clone()));
    // Who is disabled and an administrator may go.
    assert!(store.remove_user(bob.id).await.unwrap());
    let cid = store.user_by_name("cid").await.unwrap().unwrap();
    store.patch_account(cid.id, PROMOTED, moment()).await.unwrap().unwrap();
    assert!(store.remove_user(ann.id).await.unwrap());
    assert_eq!(administrators(&store).await, ["cid"]);
}

pub(crate) async fn of_many_administrators_who_go_at_once_one_stays(place: &impl Place) {
    let store = place.open().await;
    for round in 0..4 {
        let mut all = Vec::new();
        for number in 0..4 {
            all.push(administrator(&store, &format!("boss{round}{number}")).await.id);
        }
        at_once(all.into_iter().enumerate().map(|(number, id)| {
            let store = store.clone();
            async move {
                let gone = match number % 3 {
                    0 => store.patch_account(id, DEMOTED, moment()).await.map(drop),
                    1 => store.patch_account(id, DISABLED, moment()).await.map(drop),
                    _ => store.remove_user(id).await.map(drop),
                };
                assert!(matches!(gone, Ok(()) | Err(StoreError::LastAdministrator)), "{gone:?}");
            }
        }))
        .await;
        assert!(!administrators(&store).await.is_empty(), "round {round}");
    }
}

pub(crate) async fn disabling_ends_tokens_once_and_changes_nothing_else(place: &impl Place) {
    let store = place.open().await;
    administrator(&store, "ann").await;
    let bob = stored_user(&store, "bob").await;
    let at = moment();
    let disabled = store.patch_account(bob.id, DISABLED, at).await.unwrap().unwrap();
    let expected = User { disabled: true, token_version: 1, tokens_ended_at: Some(at), ..bob.clone() };
    assert_eq!(disabled, expected);
    assert_eq!(store.patch_account(bob.id, DISABLED, moment()).await.unwrap(), Some(expected.clone()));
    let enabled = store.patch_account(bob.id, ENABLED, moment()).await.unwrap();
    assert_eq!(enabled, Some(User { disabled: false, ..expected }));
    assert_eq!(store.user(bob.id).await.unwrap(), enabled);
    assert_eq!(store.patch_account(UserId::new(), DISABLED, moment()).await.unwrap(), None);
    let nothing = AccountPatch::default();
    assert_eq!(store.patch_account(bob.id, nothing, moment()).await.unwrap(), enabled);
}

pub(crate) async fn a_code_sets_a_password_once_and_until_it_ends(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let ends = Timestamp::from_millis(1_900_000_000_000);
    let before = Timestamp::from_millis(ends.millis() - 1);
    let (one, other) = (CodeHash([1; 32]), CodeHash([2; 32]));
    let new = |text: &str| PasswordHash::new(text.to_owned());
    let by = async |hash, now| store.set_password(ann.id, Proof::Reset(hash), new("reset"), now).await.unwrap();
    assert_eq!(by(one, before).await, None);
    store.set_reset(ann.id, Reset { hash: other, expires_at: ends }).await.unwrap().unwrap();
    let given = store.set_reset(ann.id, Reset { hash: one, expires_at: ends }).await.unwrap().unwrap();
    assert_eq!(given.reset, Some(Reset { hash: one, expires_at: ends }));
    // The one before it, and one whose time is over.
    assert_eq!(by(other, before).await, None);
    assert_eq!(by(one, ends).await, None);
    let set = by(one, before).await.unwrap();
    assert_eq!((set.password.expose(), set.reset.as_ref(), set.reset_at), ("reset", None, Some(before)));
    assert_eq!((set.token_version, set.tokens_ended_at), (1, Some(before)));
    assert_eq!(by(one, before).await, None);
    store.note_reset_told(ann.id).await.unwrap();
    assert_eq!(store.user(ann.id).await.unwrap().unwrap().reset_at, None);
    // Any new password ends it.
    store.set_reset(ann.id, Reset { hash: one, expires_at: ends }).await.unwrap().unwrap();
    store.set_password(ann.id, Proof::Operator, new("other"), moment()).await.unwrap().unwrap();
    assert_eq!(by(one, before).await, None);
    assert_eq!(store.set_reset(UserId::new(), Reset { hash: one, expires_at: ends }).await.unwrap(), None);
}

pub(crate) async fn of_a_disabled_account_the_operator_alone_sets_the_password(place: &impl Place) {
    let store = place.open().await;
    administrator(&store, "ann").await;
    let bob = stored_user(&store, "bob").await;
    let (hash, ends) = (CodeHash([1; 32]), Timestamp::from_millis(1_900_000_000_000));
    store.set_reset(bob.id, Reset { hash, expires_at: ends }).await.unwrap().unwrap();
    let disabled = store.patch_account(bob.id, DISABLED, moment()).await.unwrap();
    let new = || PasswordHash::new("new".to_owned());
    for proof in [Proof::Reset(hash), Proof::Password(bob.password)] {
        assert_eq!(store.set_password(bob.id, proof, new(), moment()).await.unwrap(), None);
    }
    assert_eq!(store.user(bob.id).await.unwrap(), disabled);
    let set = store.set_password(bob.id, Proof::Operator, new(), moment()).await.unwrap().unwrap();
    assert_eq!((set.password, set.disabled), (new(), true));
}

pub(crate) async fn tokens_are_ended_without_a_new_password(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let at = moment();
    let ended = store.end_tokens(ann.id, at).await.unwrap().unwrap();
    assert_eq!(ended, User { token_version: 1, tokens_ended_at: Some(at), ..ann });
    assert_eq!(store.end_tokens(UserId::new(), at).await.unwrap(), None);
}

pub(crate) async fn when_somebody_was_seen_never_goes_back(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (stored_user(&store, "ann").await.id, stored_user(&store, "bob").await.id);
    let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
    store.note_seen(&[(ann, late), (UserId::new(), late), (bob, early)]).await.unwrap();
    store.note_seen(&[(ann, early)]).await.unwrap();
    store.note_seen(&[]).await.unwrap();
    let seen = async |id| store.user(id).await.unwrap().unwrap().last_seen_at;
    assert_eq!((seen(ann).await, seen(bob).await), (Some(late), Some(early)));
}

pub(crate) async fn accounts_are_listed_whole_and_everything_is_counted(place: &impl Place) {
    let store = place.open().await;
    let ann = administrator(&store, "ann").await;
    let bob = stored_user(&store, "bob").await;
    assert_eq!(store.list_accounts(&NameKey::of("a"), None, 10).await.unwrap(), std::slice::from_ref(&ann));
    assert_eq!(store.list_accounts(&NameKey::of(""), None, 1).await.unwrap(), std::slice::from_ref(&ann));
    assert_eq!(store.list_accounts(&NameKey::of(""), None, 10).await.unwrap(), [ann.clone(), bob]);
    let room = stored_room(&store, "one").await.id;
    append(&store, room, vec![message(ann.id, "1"), message(ann.id, "2"), message(ann.id, "3")]).await;
    assert_eq!(store.counts().await.unwrap(), Counts { users: 2, rooms: 1, messages: 3 });
}
