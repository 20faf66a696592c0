//! Roles and states beside other programs, and administrators who go where a server died while one went.

use std::sync::Arc;

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use tincan::model::{AccountPatch, Role, User, UserId};
use tincan::store::{Store, StoreError};

use super::open;
use crate::support::mongod::{database_name, shared};
use crate::support::sample::{moment, stored_user};

const PROMOTED: AccountPatch = AccountPatch { role: Some(Role::Administrator), disabled: None };
const DEMOTED: AccountPatch = AccountPatch { role: Some(Role::Member), disabled: None };

async fn administrator(store: &Arc<dyn Store>, name: &str) -> User {
    let user = stored_user(store, name).await;
    store.patch_account(user.id, PROMOTED, moment()).await.unwrap().unwrap()
}

fn object_id(id: UserId) -> ObjectId {
    ObjectId::from_bytes(id.bytes())
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn what_other_programs_mean_by_a_role_makes_nobody_one_and_stays_as_it_is() {
    let name = database_name();
    let users = shared().await.database(&name).await.collection::<Document>("users");
    let ann = ObjectId::new();
    let theirs = doc! {
        "_id": ann, "username": "ann", "email": "ann@example.com", "password": "x", "role": "admin",
        "disabled": true, "isAdmin": true, "reset": "soon", "lastSeenAt": "yesterday",
        "tincanRole": 7, "tincanDisabled": "no", "tincanReset": { "hash": 5 }, "tincanSeenAt": true,
    };
    users.insert_one(theirs.clone()).await.unwrap();
    let store = open(shared().await, &name).await;
    let id = UserId::from_bytes(ann.bytes());
    let read = store.user(id).await.unwrap().unwrap();
    assert_eq!((read.role, read.disabled, read.reset, read.last_seen_at), (Role::Member, false, None, None));
    assert!(store.has_users().await.unwrap() && store.oldest_administrator().await.unwrap().is_none());
    let patch = AccountPatch { role: Some(Role::Administrator), disabled: Some(false) };
    store.patch_account(id, patch, moment()).await.unwrap().unwrap();
    store.note_seen(&[(id, moment())]).await.unwrap();
    store.close().await;
    let kept = users.find_one(doc! { "_id": ann }).await.unwrap().unwrap();
    let of_them = theirs.iter().filter(|(field, _)| !field.starts_with("tincan"));
    assert!(of_them.into_iter().all(|(field, value)| kept.get(field) == Some(value)), "{kept}");
    let store = open(shared().await, &name).await;
    assert!(store.user(id).await.unwrap().unwrap().administers());
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn nobody_counts_on_an_administrator_who_is_going_and_a_mark_that_was_left_behind_holds_nobody() {
    let name = database_name();
    let users = shared().await.database(&name).await.collection::<Document>("users");
    let store = open(shared().await, &name).await;
    let (ann, bob) = (administrator(&store, "ann").await, administrator(&store, "bob").await);
    let mark = async |user: UserId, ago: i64| {
        let at = DateTime::from_millis(DateTime::now().timestamp_millis() - ago);
        let mark = doc! { "$set": { "tincanLeaving": { "by": ObjectId::new(), "at": at } } };
        users.update_one(doc! { "_id": object_id(user) }, mark).await.unwrap();
    };
    // Another server is about to demote Bob.
    mark(bob.id, 0).await;
    assert_eq!(store.patch_account(ann.id, DEMOTED, moment()).await, Err(StoreError::LastAdministrator));
    assert!(store.user(ann.id).await.unwrap().unwrap().administers());
    // It died a minute ago.
    mark(bob.id, 60_000).await;
    assert!(!store.patch_account(ann.id, DEMOTED, moment()).await.unwrap().unwrap().administers());
    let kept = users.find_one(doc! { "_id": object_id(bob.id) }).await.unwrap().unwrap();
    assert!(!kept.contains_key("tincanLeaving"), "what it was about to do fails now: {kept}");
    // Nor is who was marked so held by it.
    store.patch_account(ann.id, PROMOTED, moment()).await.unwrap();
    mark(bob.id, 60_000).await;
    assert!(store.remove_user(bob.id).await.unwrap());
    assert_eq!(store.remove_user(ann.id).await, Err(StoreError::LastAdministrator));
}
