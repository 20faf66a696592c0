//! Accounts.

use std::collections::HashMap;

use bson::{Document, doc};
use futures_util::TryStreamExt;
use mongodb::options::ReturnDocument;

use super::database::{Db, soon};
use super::documents::{email_key, oid, read_user, user_document};
use super::failure::Failure;
use super::pending::{self, Removal};
use super::takeover;
use crate::model::{Email, NameKey, PasswordHash, User, UserId, UserRef};
use crate::store::records::object_ids;
use crate::store::{Result, StoreError, Taken};

pub(super) async fn insert(db: &Db, user: User) -> Result<()> {
    if [&user.username, &user.email].iter().any(|text| text.is_empty() || text.chars().any(char::is_control)) {
        return Err(StoreError::Bug("a name or address that breaks the rules".to_owned()));
    }
    if let Some(taken) = taken(db, &user).await? {
        return Err(StoreError::Conflict(taken));
    }
    match soon(db.users.insert_one(user_document(&user)?)).await {
        Ok(_) => Ok(()),
        Err(Failure::Duplicate(index)) if index == "_id_" => Err(Failure::Duplicate(index).into()),
        // Somebody was faster. What of the two is told first is for those to say who are there now.
        Err(Failure::Duplicate(index)) => {
            let by_index = if index.to_lowercase().contains("mail") { Taken::Email } else { Taken::Username };
            Err(StoreError::Conflict(taken(db, &user).await?.unwrap_or(by_index)))
        }
        Err(Failure::Other(error)) => Err(error),
    }
}

/// What of a new user's others have, also such as a Node backend stored and nobody holds as unique.
async fn taken(db: &Db, user: &User) -> Result<Option<Taken>> {
    let key = NameKey::of(&user.username);
    let filter = doc! { "$or": [{ "usernameKey": key.as_str() }, { "emailKey": email_key(&user.email) }] };
    let others = all(db, filter).await?;
    let name = others.iter().any(|other| NameKey::of(&other.username) == key);
    Ok(match others.is_empty() {
        true => None,
        false if name => Some(Taken::Username),
        false => Some(Taken::Email),
    })
}

/// All users that a filter with an index behind it finds, oldest first.
async fn all(db: &Db, filter: Document) -> Result<Vec<User>> {
    let found: Vec<Document> =
        soon(async { db.users.find(filter).sort(doc! { "_id": 1 }).await?.try_collect().await }).await?;
    found.iter().map(read_user).collect()
}

pub(super) async fn by_id(db: &Db, id: UserId) -> Result<Option<User>> {
    let found = soon(db.users.find_one(doc! { "_id": oid(id) })).await?;
    found.as_ref().map(read_user).transpose()
}

/// Found by its key; where nobody is, the users are looked at whom a Node backend added since, and who have no keys yet.
async fn by_key(db: &Db, field: &str, key: &str) -> Result<Vec<User>> {
    let found = all(db, doc! { field: key }).await?;
    if found.is_empty() && takeover::fill_new_users(db).await? > 0 {
        return all(db, doc! { field: key }).await;
    }
    Ok(found)
}

/// Where a Node backend stored several addresses that differ in case alone: the one in lower case, else the oldest account.
pub(super) async fn by_email(db: &Db, email: &Email) -> Result<Option<User>> {
    let mut found = by_key(db, "emailKey", &email_key(email.as_str())).await?;
    let exact = found.iter().position(|user| user.email == email.as_str()).unwrap_or(0);
    Ok((!found.is_empty()).then(|| found.swap_remove(exact)))
}

pub(super) async fn by_name(db: &Db, name: &str) -> Result<Option<User>> {
    let mut found = by_key(db, "usernameKey", NameKey::of(name).as_str()).await?;
    if found.len() > 1 {
        found.retain(|user| user.username == name);
    }
    Ok(found.pop())
}

/// Those of these users who exist, without address and password.
async fn some(db: &Db, ids: &[UserId]) -> Result<Vec<User>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let fields = doc! { "username": 1, "tokenVersion": 1 };
    let find = db.users.find(doc! { "_id": { "$in": object_ids(ids) } }).projection(fields);
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.iter().map(read_user).collect()
}

pub(super) async fn token_versions(db: &Db, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
    Ok(some(db, ids).await?.into_iter().map(|user| (user.id, user.token_version)).collect())
}

pub(super) async fn refs(db: &Db, ids: &[UserId]) -> Result<Vec<UserRef>> {
    let names: HashMap<UserId, String> =
        some(db, ids).await?.into_iter().map(|user| (user.id, user.username)).collect();
    let reference = |id: &UserId| Some(UserRef { id: *id, username: names.get(id)?.clone() });
    Ok(ids.iter().filter_map(reference).collect())
}

pub(super) async fn list(db: &Db, prefix: &NameKey, limit: usize) -> Result<Vec<UserRef>> {
    // Strings are compared byte by byte, in UTF-8; no name goes on with this last of all characters.
    let end = format!("{}\u{10ffff}", prefix.as_str());
    let find = db
        .users
        .find(doc! { "usernameKey": { "$gte": prefix.as_str(), "$lt": end } })
        .sort(doc! { "usernameKey": 1, "_id": 1 })
        .projection(doc! { "username": 1 })
        .limit(limit.try_into().unwrap_or(i64::MAX));
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.iter().map(|document| read_user(document).map(|user| UserRef::from(&user))).collect()
}

pub(super) async fn set_password(
    db: &Db,
    id: UserId,
    current: Option<&PasswordHash>,
    password: PasswordHash,
) -> Result<Option<User>> {
    let mut filter = doc! { "_id": oid(id) };
    if let Some(current) = current {
        filter.insert("password", current.expose());
    }
    let change = doc! { "$set": { "password": password.expose() }, "$inc": { "tokenVersion": 1_i64 } };
    let changed = soon(db.users.find_one_and_update(filter, change).return_document(ReturnDocument::After)).await?;
    changed.as_ref().map(read_user).transpose()
}

pub(super) async fn remove(db: &Db, id: UserId) -> Result<bool> {
    if by_id(db, id).await?.is_none() {
        return Ok(false);
    }
    pending::promise(db, Removal::User(id)).await?;
    let removed = soon(db.users.delete_one(doc! { "_id": oid(id) })).await?.deleted_count == 1;
    pending::carry_out(db, Removal::User(id)).await?;
    Ok(removed)
}

pub(super) async fn dump(db: &Db, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
    let filter = after.map_or_else(|| doc! {}, |after| doc! { "_id": { "$gt": oid(after) } });
    let find = db.users.find(filter).sort(doc! { "_id": 1 }).limit(limit.try_into().unwrap_or(i64::MAX));
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    found.iter().map(read_user).collect()
}
