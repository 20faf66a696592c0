//! Changes of role and state, so that an administrator always stays, whichever servers make several at once.
//!
//! The database need not have transactions, so this is done with changes of one document each. Whoever is to be one no
//! longer is marked first, and then it is counted who stays and is not marked; only then is the change made, and only
//! while the mark is there. So of two who are marked at the same time neither counts on the other. A mark that its
//! maker left behind is taken away by whoever meets it: the change that it stood for fails from then on.

use std::time::Duration;

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use mongodb::options::FindOptions;
use ring::rand::{SecureRandom, SystemRandom};

use super::database::Db;
use super::documents::{ended_tokens, oid, read_user};
use super::version;
use crate::model::{AccountPatch, Role, Timestamp, User, UserId};
use crate::store::{Result, StoreError};

/// The mark: by whom (an id of its own) and since when.
const LEAVING: &str = "tincanLeaving";
/// A mark that is older has been left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(10);
/// Who is refused because others are marked tries again so often: all but one of them may be refused for good.
const TRIES: usize = 12;

/// Those who administer.
fn administering() -> Document {
    doc! { "tincanRole": Role::Administrator.as_str(), "tincanDisabled": { "$ne": true } }
}

/// The oldest of those who administer.
pub(super) async fn oldest(db: &Db) -> Result<Option<User>> {
    let options = FindOptions::builder().sort(doc! { "createdAt": 1, "_id": 1 }).build();
    Ok(db.readable(&db.users, administering(), options, 1, read_user).await?.pop())
}

async fn account(db: &Db, id: UserId) -> Result<Option<User>> {
    Ok(db.readable(&db.users, doc! { "_id": oid(id) }, FindOptions::default(), 1, read_user).await?.pop())
}

/// See [`crate::store::Store::patch_account`].
pub(super) async fn patch(db: &Db, id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>> {
    for attempt in 0..TRIES {
        let Some(before) = account(db, id).await? else { return Ok(None) };
        let role = patch.role.unwrap_or(before.role);
        let disabled = patch.disabled.unwrap_or(before.disabled);
        if (role, disabled) == (before.role, before.disabled) {
            return Ok(Some(before));
        }
        let after = User { role, disabled, ..before.clone() };
        // What was read is what is changed, or it is read anew.
        let mut filter = doc! { "_id": oid(id) };
        filter.extend(as_it_is(&before));
        let mark = before.administers() && !after.administers();
        if mark {
            match leave(db, id, &mut filter).await? {
                Leaving::Marked => {}
                Leaving::Last => return Err(StoreError::LastAdministrator),
                Leaving::Others if attempt + 1 == TRIES => return Err(StoreError::LastAdministrator),
                Leaving::Others | Leaving::Changed => {
                    wait().await;
                    continue;
                }
            }
        }
        if after.disabled && !before.disabled {
            version::note_disabled(db).await?;
        }
        if let Some(changed) = db.change_one(&db.users, filter, change(db, &before, &after, now)).await? {
            return Ok(db.read_one(&db.users, &changed, read_user));
        }
        wait().await;
    }
    Err(StoreError::Unavailable("the account was changed by others all the time".to_owned()))
}

fn as_it_is(user: &User) -> Document {
    let role = if user.is_administrator() {
        doc! { "$eq": user.role.as_str() }
    } else {
        doc! { "$ne": Role::Administrator.as_str() }
    };
    let disabled = if user.disabled {
        doc! { "$eq": true }
    } else {
        doc! { "$ne": true }
    };
    doc! { "tincanRole": role, "tincanDisabled": disabled }
}

fn change(db: &Db, before: &User, after: &User, now: Timestamp) -> Vec<Document> {
    let (mut set, mut unset) = (Document::new(), vec![LEAVING]);
    if after.is_administrator() {
        set.insert("tincanRole", after.role.as_str());
    } else {
        unset.push("tincanRole");
    }
    if after.disabled {
        set.insert("tincanDisabled", true);
    } else {
        unset.push("tincanDisabled");
    }
    if after.disabled && !before.disabled {
        set.extend(ended_tokens(&db.names, now));
    }
    let set = (!set.is_empty()).then(|| doc! { "$set": set });
    set.into_iter().chain([doc! { "$unset": unset }]).collect()
}

/// What came of it that somebody is to be an administrator no longer.
enum Leaving {
    /// The change may be made, by the filter that was given.
    Marked,
    /// Nobody else is there.
    Last,
    /// Those who are there are marked too, or this one is by somebody else.
    Others,
    /// It is otherwise than it was.
    Changed,
}

/// Marks an administrator and counts who stays.
async fn leave(db: &Db, id: UserId, filter: &mut Document) -> Result<Leaving> {
    let by = ObjectId::new();
    if let Some(marked) = db.find_one(&db.users, doc! { "_id": oid(id) }, FindOptions::default()).await?
        && !free_of_mark(db, &marked).await?
    {
        return Ok(Leaving::Others);
    }
    filter.insert(LEAVING, Bson::Null);
    let mark = doc! { "$set": { LEAVING: { "by": by, "at": DateTime::now() } } };
    let (unmarked, marking) = (filter.clone(), mark);
    let write = async move |db: Db| db.users.update_one(unmarked, marking).await;
    if db.run("writing users", write).await?.matched_count == 0 {
        return Ok(Leaving::Changed);
    }
    filter.remove(LEAVING);
    filter.insert(format!("{LEAVING}.by"), by);
    let left = match who_stays(db, id).await {
        Ok((0, 0)) => Leaving::Last,
        Ok((0, _)) => Leaving::Others,
        Ok(_) => return Ok(Leaving::Marked),
        Err(error) => {
            // The mark would be left behind, and harms nobody for long.
            let _ = take_mark(db, id, by).await;
            return Err(error);
        }
    };
    take_mark(db, id, by).await?;
    Ok(left)
}

/// How many administer besides this one and are not marked, and how many are.
async fn who_stays(db: &Db, id: UserId) -> Result<(usize, usize)> {
    let mut others = administering();
    others.insert("_id", doc! { "$ne": oid(id), "$type": "objectId" });
    others.insert("username", doc! { "$type": "string", "$ne": "" });
    let (mut staying, mut leaving) = (0, 0);
    for other in db.find(&db.users, others, FindOptions::default()).await? {
        if free_of_mark(db, &other).await? { staying += 1 } else { leaving += 1 }
    }
    Ok((staying, leaving))
}

/// Whether somebody is not marked; a mark that was left behind is taken away.
async fn free_of_mark(db: &Db, user: &Document) -> Result<bool> {
    let Ok(mark) = user.get_document(LEAVING) else { return Ok(true) };
    let at = mark.get_datetime("at").map_or(0, |at| at.timestamp_millis());
    let age = DateTime::now().timestamp_millis().abs_diff(at);
    let (Ok(by), Ok(id)) = (mark.get_object_id("by"), user.get_object_id("_id")) else { return Ok(true) };
    if u128::from(age) < LEFT_BEHIND.as_millis() {
        return Ok(false);
    }
    take_mark(db, UserId::from_bytes(id.bytes()), by).await
}

/// Whether it was there.
async fn take_mark(db: &Db, id: UserId, by: ObjectId) -> Result<bool> {
    let marked = doc! { "_id": oid(id), format!("{LEAVING}.by"): by };
    let take = doc! { "$unset": { LEAVING: "" } };
    let write = async move |db: Db| db.users.update_one(marked, take).await;
    Ok(db.run("writing users", write).await?.matched_count == 1)
}

/// For a while that is another for everybody.
async fn wait() {
    let mut byte = [0];
    // Without random bytes all wait alike, and try more often.
    let _ = SystemRandom::new().fill(&mut byte);
    tokio::time::sleep(Duration::from_millis(10 + u64::from(byte[0]) / 2)).await;
}
