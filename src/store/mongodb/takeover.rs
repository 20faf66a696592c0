//! Taking over what a Node backend wrote, at the start and for as long as one goes on writing beside us.
//!
//! Only what is missing is added: the keys of names, here, and the numbers of messages, in [`super::numbering`]. Every step may be done
//! twice and may stop anywhere.

use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;

use super::database::{Db, durable, soon};
use super::documents::{room_keys, user_keys};
use super::numbering;
use crate::store::{Result, StoreError};

/// How many documents get their keys in one write.
const BATCH: usize = 500;
/// How the indexes of [`super::indexes`] that hold a name for one document are called.
const UNIQUE: &str = "tincan_unique";

/// How much was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub users: u64,
    pub rooms: u64,
    pub messages: u64,
}

impl Counts {
    fn any(self) -> bool {
        self != Self::default()
    }
}

/// Brings the whole database up to date; also finds names that a Node backend has changed. Says so where there was something to do.
pub(super) async fn take_over(db: &Db) -> Result<Counts> {
    let (users, rooms) = fill_keys(db).await?;
    let counts = Counts { users, rooms, messages: numbering::number_all(db).await? };
    report(counts);
    Ok(counts)
}

/// Gives keys to all users and rooms that have none or others, and says how many of each.
pub(super) async fn fill_keys(db: &Db) -> Result<(u64, u64)> {
    Ok((fill(&db.users, doc! {}, keys_of_user).await?, fill(&db.rooms, doc! {}, keys_of_room).await?))
}

/// Brings up to date what came since; asks three indexes that are empty most of the time.
pub(super) async fn catch_up(db: &Db) -> Result<Counts> {
    let counts = Counts {
        users: fill_new_users(db).await?,
        rooms: fill(&db.rooms, doc! { "nameKey": Bson::Null }, keys_of_room).await?,
        messages: numbering::number_if_free(db).await?,
    };
    report(counts);
    Ok(counts)
}

fn report(counts: Counts) {
    if counts.any() {
        let Counts { users, rooms, messages } = counts;
        tracing::info!("took over {users} users, {rooms} rooms and {messages} messages of another backend");
    }
}

/// Gives keys to users that have none.
pub(super) async fn fill_new_users(db: &Db) -> Result<u64> {
    fill(&db.users, doc! { "usernameKey": Bson::Null }, keys_of_user).await
}

/// The keys that a document should have, `None` where it has no name.
type KeysOf = fn(&Document) -> Option<Document>;

fn keys_of_user(document: &Document) -> Option<Document> {
    Some(user_keys(document.get_str("username").ok()?, document.get_str("email").unwrap_or_default()))
}

fn keys_of_room(document: &Document) -> Option<Document> {
    Some(room_keys(document.get_str("name").ok()?))
}

/// Sets the keys of those documents that lack them or have others. Oldest first: of several with one name the oldest holds it.
async fn fill(collection: &Collection<Document>, filter: Document, keys_of: KeysOf) -> Result<u64> {
    let fields = ["username", "email", "usernameKey", "emailKey", "name", "nameKey"];
    let projection: Document = fields.iter().map(|field| ((*field).to_owned(), Bson::from(1))).collect();
    let mut cursor = soon(collection.find(filter).sort(doc! { "_id": 1 }).projection(projection)).await?;
    let mut filled = 0;
    let mut batch = Vec::new();
    loop {
        let document = soon(cursor.try_next()).await?;
        let ended = document.is_none();
        batch.extend(document.and_then(|document| KeyUpdate::of(document, keys_of)));
        if batch.len() == BATCH || ended {
            filled += batch.len() as u64;
            write(collection, std::mem::take(&mut batch)).await?;
        }
        if ended {
            return Ok(filled);
        }
    }
}

/// The keys for one document. Those of `unset` are held by another one.
struct KeyUpdate {
    document: Document,
    set: Document,
    unset: Document,
}

impl KeyUpdate {
    /// `None` where the document has the keys that it should have. Whether it holds its names was decided when it got them.
    fn of(document: Document, keys_of: KeysOf) -> Option<Self> {
        let set = keys_of(&document)?;
        let right = set.iter().all(|(field, key)| field.starts_with("unique") || document.get(field) == Some(key));
        (!right).then(|| Self { document, set, unset: Document::new() })
    }

    fn statement(&self) -> Document {
        let mut update = doc! { "$set": &self.set };
        if !self.unset.is_empty() {
            update.insert("$unset", &self.unset);
        }
        doc! { "q": { "_id": self.document.get("_id").cloned() }, "u": update }
    }

    /// Gives up the unique key that was refused, and tells the operator whose name is held by another.
    fn give_up(&mut self, message: &str) -> Result<()> {
        let index = message.split_once(UNIQUE).map_or("", |(_, rest)| rest);
        let field = format!("unique{}", index.split_whitespace().next().unwrap_or_default());
        let Some(key) = self.set.remove(&field) else {
            return Err(StoreError::Unavailable(message.to_owned()));
        };
        self.unset.insert(field, "");
        let spelling = ["username", "name"].iter().find_map(|field| self.document.get_str(field).ok());
        let id = self.document.get("_id").map(ToString::to_string);
        tracing::warn!(
            "{key} exists in several spellings; all are kept, and nobody else can take them (one is {:?}, {})",
            spelling.unwrap_or_default(),
            id.unwrap_or_default(),
        );
        Ok(())
    }
}

/// Writes a batch, again and again without what another document holds.
async fn write(collection: &Collection<Document>, mut batch: Vec<KeyUpdate>) -> Result<()> {
    while !batch.is_empty() {
        let refused = update(collection, batch.iter().map(KeyUpdate::statement).collect(), false).await?;
        let mut again = Vec::new();
        for (index, mut key) in batch.into_iter().enumerate() {
            if let Some((_, message)) = refused.iter().find(|(refused, _)| *refused == index) {
                key.give_up(message)?;
                again.push(key);
            }
        }
        batch = again;
    }
    Ok(())
}

/// Many updates in one command, which the driver has for new servers only. Answers with those that a unique index refused, and why.
///
/// # Errors
/// Where one failed by anything else, or the write concern was not met.
pub(super) async fn update(
    collection: &Collection<Document>,
    statements: Vec<Document>,
    ordered: bool,
) -> Result<Vec<(usize, String)>> {
    let database = collection.client().database(&collection.namespace().db);
    let concern = bson::to_bson(&durable()).map_err(|error| StoreError::Bug(error.to_string()))?;
    let command = doc! {
        "update": collection.name(),
        "updates": statements,
        "ordered": ordered,
        "writeConcern": concern,
    };
    let reply = soon(database.run_command(command).selection_criteria(super::database::primary())).await?;
    if let Some(error) = reply.get("writeConcernError") {
        return Err(StoreError::Unavailable(error.to_string()));
    }
    let errors = reply.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    errors.iter().filter_map(Bson::as_document).map(refusal).collect()
}

fn refusal(error: &Document) -> Result<(usize, String)> {
    let message = error.get_str("errmsg").unwrap_or_default().to_owned();
    match (error.get_i32("code"), error.get_i32("index").ok().and_then(|index| usize::try_from(index).ok())) {
        (Ok(11000), Some(index)) => Ok((index, message)),
        _ => Err(StoreError::Unavailable(message)),
    }
}
