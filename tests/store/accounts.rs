//! Accounts: found by what identifies them, unique whoever comes at once, and no update of them is lost.

use std::sync::Arc;

use tincan::model::{Email, NameKey, PasswordHash, Proof, User, UserId, UserPlace};
use tincan::store::{Store, StoreError, Taken};

use super::Place;
use crate::support::sample::{append, at_once, message, moment, stored_room, stored_user, user};

fn email(text: &str) -> Email {
    Email::parse(text).expect("a good address")
}

async fn names_like(store: &Arc<dyn Store>, prefix: &str, limit: usize) -> Vec<String> {
    let found = store.list_users(&NameKey::of(prefix), None, limit).await.unwrap();
    found.into_iter().map(|user| user.username).collect()
}

/// How many were stored, where every other was told that `taken` is taken.
fn stored_among(answers: Vec<tincan::store::Result<()>>, taken: Taken) -> usize {
    let of = answers.len();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Conflict(what)) if *what == taken));
    let refused = refused.count();
    let stored = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(stored + refused, of, "{answers:?}");
    stored
}

pub(crate) async fn an_account_is_found_by_its_id_its_address_and_its_name_in_any_case(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "Ann").await;
    stored_user(&store, "Annabel").await;
    assert_eq!(store.user(ann.id).await.unwrap().as_ref(), Some(&ann));
    assert_eq!(store.user_by_email(&email("ann@example.com")).await.unwrap().as_ref(), Some(&ann));
    for name in ["Ann", "ann", "ANN"] {
        assert_eq!(store.user_by_name(name).await.unwrap().as_ref(), Some(&ann), "{name}");
    }
}

pub(crate) async fn what_does_not_exist_is_none(place: &impl Place) {
    let store = place.open().await;
    stored_user(&store, "Ann").await;
    assert_eq!(store.user(UserId::new()).await.unwrap(), None);
    assert_eq!(store.user_by_email(&email("an@example.com")).await.unwrap(), None);
    assert_eq!(store.user_by_name("An").await.unwrap(), None);
    assert_eq!(store.user_by_name("{\"$gt\":\"\"}").await.unwrap(), None);
    assert_eq!(store.user_by_name("").await.unwrap(), None);
    assert!(!store.remove_user(UserId::new()).await.unwrap());
    let hash = PasswordHash::new("x".to_owned());
    assert_eq!(store.set_password(UserId::new(), Proof::Operator, hash, moment()).await.unwrap(), None);
}

pub(crate) async fn a_name_is_taken_in_any_case_and_told_before_the_address(place: &impl Place) {
    let store = place.open().await;
    let zoe = stored_user(&store, "Zoë").await;
    let both = User { id: UserId::new(), username: "ZOE\u{308}".to_owned(), ..zoe.clone() };
    let refused = store.insert_user(both).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::Username))), "{refused:?}");
    let address = User { email: zoe.email.clone(), ..user("other") };
    let refused = store.insert_user(address).await;
    assert!(matches!(refused, Err(StoreError::Conflict(Taken::Email))), "{refused:?}");
    assert_eq!(store.user_by_name("other").await.unwrap(), None);
    assert_eq!(store.user(zoe.id).await.unwrap(), Some(zoe));
}

pub(crate) async fn an_id_that_exists_is_refused(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let refused = store.insert_user(User { id: ann.id, ..user("bob") }).await;
    assert!(matches!(refused, Err(StoreError::Bug(_))), "{refused:?}");
    assert_eq!(store.user(ann.id).await.unwrap(), Some(ann));
    assert_eq!(store.user_by_name("bob").await.unwrap(), None);
}

pub(crate) async fn of_fifty_at_once_that_want_one_name_just_one_gets_it(place: &impl Place) {
    let store = place.open().await;
    for round in 0..5 {
        let answers = at_once((0..50).map(|number| {
            let store = store.clone();
            let name = if number % 2 == 0 { format!("Wanted{round}") } else { format!("wANTED{round}") };
            let one = User { email: format!("{round}-{number}@example.com"), ..user(&name) };
            async move { store.insert_user(one).await }
        }));
        assert_eq!(stored_among(answers.await, Taken::Username), 1);
        assert_eq!(names_like(&store, &format!("wanted{round}"), 100).await.len(), 1);
    }
}

pub(crate) async fn of_fifty_at_once_that_want_one_address_just_one_gets_it(place: &impl Place) {
    let store = place.open().await;
    let answers = at_once((0..50).map(|number| {
        let store = store.clone();
        let one = User { email: "wanted@example.com".to_owned(), ..user(&format!("name{number}")) };
        async move { store.insert_user(one).await }
    }));
    assert_eq!(stored_among(answers.await, Taken::Email), 1);
    assert_eq!(names_like(&store, "name", 100).await.len(), 1);
}

pub(crate) async fn names_of_any_script_are_kept_as_they_are_written(place: &impl Place) {
    let store = place.open().await;
    for name in ["महेश", "李小龍", "Ωmega", "İstanbul", "straße", "a.b-c_d"] {
        let one = User { email: format!("{}@example.com", UserId::new()), ..user(name) };
        store.insert_user(one.clone()).await.unwrap();
        assert_eq!(store.user_by_name(name).await.unwrap().as_ref(), Some(&one), "{name}");
        assert_eq!(names_like(&store, name, 10).await, [name]);
    }
    assert_eq!(store.user_by_name("ΩMEGA").await.unwrap().unwrap().username, "Ωmega");
}

pub(crate) async fn a_name_with_a_control_character_is_refused_at_the_door(place: &impl Place) {
    let store = place.open().await;
    let victim = stored_user(&store, "victim").await;
    for name in ["victim\0\u{2}", "\0", "vic\ntim", "c1\u{85}x", "del\u{7f}"] {
        let refused = store.insert_user(User { email: "x@example.com".to_owned(), ..user(name) }).await;
        assert!(matches!(refused, Err(StoreError::Bug(_))), "{name:?}: {refused:?}");
    }
    let refused = store.insert_user(User { email: "x\0@example.com".to_owned(), ..user("other") }).await;
    assert!(matches!(refused, Err(StoreError::Bug(_))), "{refused:?}");
    assert_eq!(store.user_by_name("victim").await.unwrap(), Some(victim));
    assert_eq!(names_like(&store, "", 10).await, ["victim"]);
}

pub(crate) async fn users_are_found_by_the_beginning_of_a_part_in_the_order_of_their_keys(place: &impl Place) {
    let store = place.open().await;
    for name in ["carl", "Bob", "bobby", "ann", "Anna", "ANton", "ä-umlaut", "a.dot", "a_line", "anx"] {
        let one = User { email: format!("{}@example.com", UserId::new()), ..user(name) };
        store.insert_user(one).await.unwrap();
    }
    assert_eq!(names_like(&store, "AN", 10).await, ["ann", "Anna", "ANton", "anx"]);
    assert_eq!(names_like(&store, "an", 2).await, ["ann", "Anna"]);
    assert_eq!(names_like(&store, "ann", 1).await, ["ann"]);
    assert_eq!(names_like(&store, "bobb", 10).await, ["bobby"]);
    assert_eq!(names_like(&store, "a.", 10).await, ["a.dot"]);
    assert_eq!(names_like(&store, "do", 10).await, ["a.dot"]);
    assert_eq!(names_like(&store, "LI", 10).await, ["a_line"]);
    assert_eq!(names_like(&store, "uml", 10).await, ["ä-umlaut"]);
    for none in ["z", "nn", "ot", "a?", ".*", "a\\"] {
        assert_eq!(names_like(&store, none, 10).await, [""; 0], "{none}");
    }
    let all = ["a.dot", "a_line", "ann", "Anna", "ANton", "anx", "Bob", "bobby", "carl", "ä-umlaut"];
    assert_eq!(names_like(&store, "", 200).await, all);

    // Behind a place, also that of a user who is not there (any more).
    let mut seen = Vec::new();
    let mut after = None;
    while let Some(last) = {
        let page = store.list_users(&NameKey::of(""), after.as_ref(), 3).await.unwrap();
        seen.extend(page.iter().map(|user| user.username.clone()));
        page.into_iter().last()
    } {
        after = Some(UserPlace { key: NameKey::of(&last.username), id: last.id });
    }
    assert_eq!(seen, all);
    let nobody = UserPlace { key: NameKey::of("anselm"), id: UserId::new() };
    let found = store.list_users(&NameKey::of("an"), Some(&nobody), 9).await.unwrap();
    assert_eq!(found.into_iter().map(|user| user.username).collect::<Vec<_>>(), ["ANton", "anx"]);
}

pub(crate) async fn references_come_in_the_order_asked_for(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await.id;
    let bob = stored_user(&store, "bob").await.id;
    let refs = store.user_refs(&[bob, UserId::new(), ann]).await.unwrap();
    let found: Vec<_> = refs.iter().map(|user| (user.id, user.username.as_str())).collect();
    assert_eq!(found, [(bob, "bob"), (ann, "ann")]);
    assert!(store.user_refs(&[]).await.unwrap().is_empty());
}

pub(crate) async fn token_versions_are_told_of_those_who_exist(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (stored_user(&store, "ann").await, stored_user(&store, "bob").await.id);
    store.set_password(ann.id, Proof::Operator, ann.password, moment()).await.unwrap();
    let versions = store.token_versions(&[bob, UserId::new(), ann.id, bob]).await.unwrap();
    assert_eq!(versions, [(ann.id, 1), (bob, 0)].into());
    assert!(store.token_versions(&[]).await.unwrap().is_empty());
}

pub(crate) async fn a_password_is_changed_only_from_the_one_that_it_was(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let [first, second, third] = ["first", "second", "third"].map(|hash| PasswordHash::new(hash.to_owned()));
    let changed =
        store.set_password(ann.id, Proof::Password(first.clone()), second.clone(), moment()).await.unwrap().unwrap();
    let at = changed.tokens_ended_at;
    let expected = User { password: second.clone(), token_version: 1, tokens_ended_at: at, ..ann.clone() };
    assert_eq!(changed, expected);
    assert!(at.is_some());
    assert_eq!(store.set_password(ann.id, Proof::Password(first), third.clone(), moment()).await.unwrap(), None);
    assert_eq!(store.user(ann.id).await.unwrap(), Some(changed));
    let forced = store.set_password(ann.id, Proof::Operator, third.clone(), moment()).await.unwrap().unwrap();
    let at = forced.tokens_ended_at;
    assert_eq!(forced, User { password: third, token_version: 2, tokens_ended_at: at, ..ann });
}

pub(crate) async fn of_fifty_changes_of_one_password_just_one_wins(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let answers = at_once((0..50).map(|number| {
        let (store, current) = (store.clone(), ann.password.clone());
        let next = PasswordHash::new(format!("next{number}"));
        async move { store.set_password(ann.id, Proof::Password(current), next, moment()).await.unwrap() }
    }))
    .await;
    let winners: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(store.user(ann.id).await.unwrap().as_ref(), winners.first());
}

pub(crate) async fn of_eight_hundred_parallel_updates_none_is_lost(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let answers = at_once((0..800).map(|_| {
        let store = store.clone();
        async move {
            store.set_password(ann.id, Proof::Operator, PasswordHash::new("next".to_owned()), moment()).await.unwrap()
        }
    }))
    .await;
    let mut versions: Vec<_> = answers.into_iter().flatten().map(|user| user.token_version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=800).collect::<Vec<_>>());
    assert_eq!(store.user(ann.id).await.unwrap().unwrap().token_version, 800);
}

pub(crate) async fn a_removed_user_frees_name_and_address_and_leaves_every_room(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await;
    let bob = stored_user(&store, "bob").await;
    let (one, two) = (stored_room(&store, "one").await.id, stored_room(&store, "two").await.id);
    for room in [one, two] {
        store.add_participant(room, ann.id).await.unwrap();
        store.add_participant(room, bob.id).await.unwrap();
    }
    append(&store, one, vec![message(ann.id, "stays")]).await;

    assert!(store.remove_user(ann.id).await.unwrap());
    assert!(!store.remove_user(ann.id).await.unwrap());
    assert_eq!(store.user(ann.id).await.unwrap(), None);
    assert_eq!(store.user_by_email(&email(&ann.email)).await.unwrap(), None);
    for room in [one, two] {
        assert_eq!(*store.room(room).await.unwrap().unwrap().participants, [bob.id]);
    }
    assert!(!store.share_room(ann.id, bob.id).await.unwrap());
    assert_eq!(store.room(one).await.unwrap().unwrap().last_message.as_ref().unwrap().sender, ann.id);
    stored_user(&store, "ann").await;
    assert_eq!(names_like(&store, "", 10).await, ["ann", "bob"]);
}
