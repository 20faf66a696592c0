//! Accounts.

use std::collections::HashMap;

use bson::{Bson, Document, doc};
use mongodb::options::FindOptions;

use super::administrators;
use super::database::{Db, durable};
use super::documents::{FIRST, email_key, oid, read_user, user_document};
use super::failure::CommandError;
use super::indexes::{UNIQUE_EMAIL, UNIQUE_USERNAME};
use super::pending;
use super::promises::{Removal, promise};
use super::takeover;
use super::updates::{Statement, update};
use crate::model::{AccountPatch, Email, NameKey, Role, Timestamp, User, UserId, UserPlace, UserRef};
use crate::store::records::{date, object_ids};
use crate::store::{Result, StoreError, Taken};

pub(super) async fn insert(db: &Db, user: User) -> Result<()> {
    let document = checked(db, &user)?;
    if let Some(taken) = taken(db, &user).await? {
        return Err(StoreError::Conflict(taken));
    }
    let Err(failure) = db.run("writing users", async move |db| db.users.insert_one(document).await).await else {
        return Ok(());
    };
    let by_index = match &failure {
        CommandError::Duplicate { index, .. } if index == UNIQUE_EMAIL => Some(Taken::Email),
        CommandError::Duplicate { index, .. } if index == UNIQUE_USERNAME => Some(Taken::Username),
        CommandError::Duplicate { index, .. } if index != "_id_" => None,
        _ => return Err(failure.into()),
    };
    // Somebody was faster. What of the two is told first is for those to say who are there now. Where it is nobody whom
    // we can read, only our own indexes say that a name is taken; another program's is the operator's trouble.
    match taken(db, &user).await?.or(by_index) {
        Some(taken) => Err(StoreError::Conflict(taken)),
        None => Err(failure.into()),
    }
}

/// The document of a new account.
fn checked(db: &Db, user: &User) -> Result<Document> {
    if [&user.username, &user.email].iter().any(|text| text.is_empty() || text.chars().any(char::is_control)) {
        return Err(StoreError::Bug("a name or address that breaks the rules".to_owned()));
    }
    user_document(&db.names, user)
}

/// Also where nobody can read what is there.
pub(super) async fn any(db: &Db) -> Result<bool> {
    let count = async move |db: Db| db.users.count_documents(doc! {}).limit(1).await;
    Ok(db.run("reading users", count).await? > 0)
}

pub(super) async fn insert_first(db: &Db, user: User) -> Result<bool> {
    let mut document = checked(db, &user)?;
    if any(db).await? {
        return Ok(false);
    }
    document.insert(FIRST, "first");
    match db.run("writing users", async move |db| db.users.insert_one(document).await).await {
        Ok(_) => Ok(true),
        // Whatever of it is taken, somebody was faster.
        Err(CommandError::Duplicate { .. }) => Ok(false),
        Err(failure) => Err(failure.into()),
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

/// Found by its key; where nobody is, the users are looked at whom a Node backend added since, and who have no keys
/// yet.
async fn by_key(db: &Db, field: &str, key: &str) -> Result<Vec<User>> {
    let found = all(db, doc! { field: key }).await?;
    if found.is_empty() && takeover::fill_new_users(db).await? > 0 {
        return all(db, doc! { field: key }).await;
    }
    Ok(found)
}

/// Where a Node backend stored several addresses that differ in case alone: the one in lower case, else the oldest
/// account.
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
    let projection = Some(doc! { "username": 1 });
    Ok(like(db, search, after, limit, projection).await?.iter().map(UserRef::from).collect())
}

/// Whom a search finds behind a place; with a projection, as far as that goes.
pub(super) async fn like(
    db: &Db,
    search: &NameKey,
    after: Option<&UserPlace>,
    limit: usize,
    projection: Option<Document>,
) -> Result<Vec<User>> {
    // As `NameKey::is_found_by` has it. Strings are compared byte by byte, in UTF-8, so the order is that of
    // `UserPlace`.
    let part = format!("(?:^|[{}]){}", NameKey::PART_ENDS.iter().collect::<String>(), escaped(search.as_str()));
    let mut filter = doc! { "usernameKey": { "$gte": "", "$regex": part } };
    if let Some(UserPlace { key, id }) = after {
        let same_name = doc! { "usernameKey": key.as_str(), "_id": { "$gt": oid(*id) } };
        filter.insert("$or", vec![doc! { "usernameKey": { "$gt": key.as_str() } }, same_name]);
    }
    let options = FindOptions::builder().sort(doc! { "usernameKey": 1, "_id": 1 }).projection(projection).build();
    Ok(db.readable(&db.users, filter, options, limit, read_user).await?)
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

pub(super) async fn note_seen(db: &Db, seen: &[(UserId, Timestamp)]) -> Result<()> {
    /// How many go in one command.
    const BATCH: usize = 500;
    for seen in seen.chunks(BATCH) {
        let later = |(id, at): &(UserId, Timestamp)| {
            Statement::new(doc! { "_id": oid(*id) }, doc! { "$max": { "tincanSeenAt": date(*at) } })
        };
        let statements: Vec<Statement> = seen.iter().map(later).collect();
        // One that the database refuses for a reason of its own is not noted.
        update(db, &db.users, &statements, false, durable()).await?;
    }
    Ok(())
}

pub(super) async fn remove(db: &Db, id: UserId) -> Result<bool> {
    let Some(user) = by_id(db, id).await? else { return Ok(false) };
    if user.is_administrator() {
        // From here on nobody counts on this one.
        let gone = AccountPatch { role: Some(Role::Member), disabled: Some(true) };
        administrators::patch(db, id, gone, Timestamp::now()).await?;
    }
    promise(db, Removal::User(id)).await?;
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
