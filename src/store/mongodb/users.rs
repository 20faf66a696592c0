//! Accounts.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{email_key, oid, read_user, user_document};
use super::failure::Failure;
use super::indexes::{UNIQUE_EMAIL, UNIQUE_USERNAME};
use super::pending::{self, Removal};
use super::takeover;
use crate::model::{Email, NameKey, PasswordHash, User, UserId, UserPlace, UserRef};
use crate::store::records::object_ids;
use crate::store::{Result, StoreError, Taken};

pub(super) async fn insert(db: &Db, user: User) -> Result<()> {
    if [&user.username, &user.email].iter().any(|text| text.is_empty() || text.chars().any(char::is_control)) {
        return Err(StoreError::Bug("a name or address that breaks the rules".to_owned()));
    }
    if let Some(taken) = taken(db, &user).await? {
        return Err(StoreError::Conflict(taken));
    }
    let document = user_document(&db.names, &user)?;
    let Err(failure) = db.run("writing users", async move |db| db.users.insert_one(document).await).await else {
        return Ok(());
    };
    let by_index = match &failure {
        Failure::Duplicate { index, .. } if index == UNIQUE_EMAIL => Some(Taken::Email),
        Failure::Duplicate { index, .. } if index == UNIQUE_USERNAME => Some(Taken::Username),
        Failure::Duplicate { index, .. } if index != "_id_" => None,
        _ => return Err(failure.into()),
    };
    // Somebody was faster. What of the two is told first is for those to say who are there now. Where it is nobody whom we can read,
    // only our own indexes say that a name is taken; another program's is the operator's trouble.
    match taken(db, &user).await?.or(by_index) {
        Some(taken) => Err(StoreError::Conflict(taken)),
        None => Err(failure.into()),
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
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    let found = db.find(&db.users, filter, options).await?;
    Ok(db.read_all(&db.users, &found, read_user))
}

pub(super) async fn by_id(db: &Db, id: UserId) -> Result<Option<User>> {
    Ok(all(db, doc! { "_id": oid(id) }).await?.pop())
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
    let options = FindOptions::builder().projection(doc! { "username": 1, db.names.token_version: 1 }).build();
    let found = db.find(&db.users, doc! { "_id": { "$in": object_ids(ids) } }, options).await?;
    Ok(db.read_all(&db.users, &found, read_user))
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

pub(super) async fn list(db: &Db, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>> {
    // As `NameKey::is_found_by` has it. Strings are compared byte by byte, in UTF-8, so the order is that of `UserPlace`.
    let part = format!("(?:^|[{}]){}", NameKey::PART_ENDS.iter().collect::<String>(), escaped(search.as_str()));
    let mut filter = doc! { "usernameKey": { "$gte": "", "$regex": part } };
    if let Some(UserPlace { key, id }) = after {
        let same_name = doc! { "usernameKey": key.as_str(), "_id": { "$gt": oid(*id) } };
        filter.insert("$or", vec![doc! { "usernameKey": { "$gt": key.as_str() } }, same_name]);
    }
    let options =
        FindOptions::builder().sort(doc! { "usernameKey": 1, "_id": 1 }).projection(doc! { "username": 1 }).build();
    let found = db.readable(&db.users, filter, options, limit, read_user).await?;
    Ok(found.iter().map(UserRef::from).collect())
}

/// A text as a regular expression that matches just it. BSON lets no expression hold a NUL, so that one is spelled out.
fn escaped(text: &str) -> String {
    let mut pattern = String::new();
    for letter in text.chars() {
        match letter {
            '\0' => pattern.push_str(r"\x00"),
            mark if mark.is_ascii_punctuation() => pattern.extend(['\\', mark]),
            other => pattern.push(other),
        }
    }
    pattern
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
    // Counted on from what it is read as: 0 where there is none, or no whole number.
    let field = format!("${}", db.names.token_version);
    let whole =
        doc! { "$and": [{ "$isNumber": &field }, { "$gte": [&field, 0] }, { "$lt": [&field, i64::from(u32::MAX)] }] };
    let version = doc! { "$cond": [whole, { "$toLong": { "$trunc": [&field] } }, 0_i64] };
    let set =
        doc! { "password": { "$literal": password.expose() }, db.names.token_version: { "$add": [version, 1_i64] } };
    let changed = db.change_one(&db.users, filter, vec![doc! { "$set": set }]).await?;
    Ok(changed.and_then(|user| db.read_one(&db.users, &user, read_user)))
}

pub(super) async fn remove(db: &Db, id: UserId) -> Result<bool> {
    if by_id(db, id).await?.is_none() {
        return Ok(false);
    }
    pending::promise(db, Removal::User(id)).await?;
    let user = doc! { "_id": oid(id) };
    let removed = db.run("writing users", async move |db| db.users.delete_one(user).await).await?.deleted_count == 1;
    pending::carry_out(db, Removal::User(id)).await?;
    Ok(removed)
}

/// An address is given as it is looked up by, so that whatever store it goes to finds it too.
pub(super) async fn dump(db: &Db, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
    let place =
        after.map_or_else(|| Bson::from(doc! { "$type": "objectId" }), |after| doc! { "$gt": oid(after) }.into());
    // However many others there are, they are passed over where they lie.
    let filter = doc! { "_id": place, "username": { "$type": "string" } };
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).build();
    let mut users = db.readable(&db.users, filter, options, limit, read_user).await?;
    for user in &mut users {
        user.email = email_key(&user.email);
    }
    Ok(users)
}
