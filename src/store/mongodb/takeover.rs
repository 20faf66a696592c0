//! Taking over what a Node backend wrote, at the start and for as long as one goes on writing beside us.
//!
//! Only what is missing is added: the keys of names, here, and the numbers of messages, in [`super::numbering`]. Every
//! step may be done twice and may stop anywhere.

use std::collections::BTreeSet;

use bson::{Bson, Document, doc};
use mongodb::Collection;
use mongodb::options::FindOptions;

use super::database::{Db, durable};
use super::documents::{room_keys, user_keys};
use super::indexes::{UNIQUE_EMAIL, UNIQUE_NAME, UNIQUE_USERNAME, without_key};
use super::updates::{Statement, update};
use super::{ends, numbering, readers};
use crate::store::Result;

/// How many documents get their keys in one write.
const BATCH: usize = 500;
/// How many documents of one name are told of.
const SPELLINGS: i64 = 20;
/// Why the operator is told of a document that gets no keys; for [`super::odd::Odd`].
const KEYS_REFUSED: &str = "the database lets nobody add our fields to them";

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

/// Brings the whole database up to date; also finds names that a Node backend has changed. Says so where there was
/// something to do.
pub(super) async fn take_over(db: &Db) -> Result<Counts> {
    let (users, rooms) = fill_keys(db).await?;
    let counts = Counts { users, rooms, messages: numbering::number_all(db).await? };
    ends::write_down_all(db).await?;
    readers::write_down_all(db).await?;
    report(counts);
    Ok(counts)
}

/// Gives keys to all users and rooms that have none or others, and says how many of each.
pub(super) async fn fill_keys(db: &Db) -> Result<(u64, u64)> {
    Ok((fill(db, &USERS, doc! {}).await?, fill(db, &ROOMS, doc! {}).await?))
}

/// Brings up to date what came since; asks three indexes that are empty most of the time.
pub(super) async fn catch_up(db: &Db) -> Result<Counts> {
    let counts = Counts {
        users: fill_new_users(db).await?,
        rooms: fill(db, &ROOMS, without_key("nameKey", "name")).await?,
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
    fill(db, &USERS, without_key("usernameKey", "username")).await
}

/// What gets keys.
struct Kind {
    collection: fn(&Db) -> &Collection<Document>,
    /// The keys that a document should have, `None` where it has no name.
    keys: fn(&Document) -> Option<Document>,
    /// The fields that these follow from.
    from: &'static [&'static str],
    /// Of each unique index: its name, its field, the key that a name is looked up by, and the field of the name.
    unique: &'static [[&'static str; 4]],
}

const USERS: Kind = Kind {
    collection: |db| &db.users,
    keys: |document| {
        let name = document.get_str("username").ok().filter(|name| !name.is_empty())?;
        Some(user_keys(name, document.get_str("email").unwrap_or_default()))
    },
    from: &["username", "email"],
    unique: &[
        [UNIQUE_USERNAME, "uniqueUsername", "usernameKey", "username"],
        [UNIQUE_EMAIL, "uniqueEmail", "emailKey", "email"],
    ],
};

const ROOMS: Kind = Kind {
    collection: |db| &db.rooms,
    keys: |document| Some(room_keys(document.get_str("name").ok().filter(|name| !name.is_empty())?)),
    from: &["name"],
    unique: &[[UNIQUE_NAME, "uniqueName", "nameKey", "name"]],
};

/// Sets the keys of those documents that lack them or have others. Oldest first: of several with one name the oldest
/// holds it.
async fn fill(db: &Db, kind: &Kind, filter: Document) -> Result<u64> {
    let collection = (kind.collection)(db);
    let fields = ["usernameKey", "emailKey", "nameKey"].iter().chain(kind.from);
    let projection: Document = fields.map(|field| ((*field).to_owned(), Bson::from(1))).collect();
    let options = FindOptions::builder().sort(doc! { "_id": 1 }).projection(projection).limit(BATCH as i64).build();
    let (mut filled, mut shared) = (0, BTreeSet::new());
    // What has an id of another type is no user and no room of ours.
    let mut place = doc! { "$type": "objectId" };
    loop {
        let mut next = filter.clone();
        next.insert("_id", place);
        let found = db.find(collection, next, options.clone()).await?;
        let last = found.last().and_then(|document| document.get_object_id("_id").ok());
        let batch = found.into_iter().filter_map(|document| KeyUpdate::of(document, kind)).collect();
        filled += write(db, kind, batch, &mut shared).await?;
        let Some(last) = last else { break };
        place = doc! { "$gt": last };
    }
    for (key_field, name_field, key) in shared {
        tell_spellings(db, collection, key_field, name_field, &key).await?;
    }
    Ok(filled)
}

/// The keys for one document. Those of `unset` are held by another one.
struct KeyUpdate {
    document: Document,
    set: Document,
    unset: Document,
}

impl KeyUpdate {
    /// `None` where the document has the keys that it should have. Whether it holds its names was decided when it got
    /// them.
    fn of(document: Document, kind: &Kind) -> Option<Self> {
        let set = (kind.keys)(&document)?;
        let right = set.iter().all(|(field, key)| field.starts_with("unique") || document.get(field) == Some(key));
        (!right).then(|| Self { document, set, unset: Document::new() })
    }

    fn statement(&self, kind: &Kind) -> Statement {
        let mut change = doc! { "$set": &self.set };
        if !self.unset.is_empty() {
            change.insert("$unset", &self.unset);
        }
        // Only while it has the names that these keys are of: another server may be renaming it.
        let fields = kind.from.iter().chain(&["_id"]);
        let filter =
            fields.filter_map(|field| Some(((*field).to_owned(), doc! { "$eq": self.document.get(field)? }.into())));
        Statement::new(filter.collect(), change)
    }
}

/// A key that several documents have: the fields of the key and of the name, and the key.
type Shared = (&'static str, &'static str, String);

/// Writes a batch, again and again without what another document holds. Says how many documents got their keys.
async fn write(db: &Db, kind: &Kind, mut batch: Vec<KeyUpdate>, shared: &mut BTreeSet<Shared>) -> Result<u64> {
    let collection = (kind.collection)(db);
    let mut written = 0;
    while !batch.is_empty() {
        let statements: Vec<Statement> = batch.iter().map(|update| update.statement(kind)).collect();
        let refused = update(db, collection, &statements, false, durable()).await?;
        written += (batch.len() - refused.len()) as u64;
        let mut again = Vec::new();
        for refusal in refused {
            let key = &mut batch[refusal.index];
            let index = refusal.duplicate_of();
            let held = kind.unique.iter().find(|[unique, ..]| index.as_deref() == Some(unique));
            let Some([_, field, key_field, name_field]) = held else {
                tell_refused(db, collection, &key.document, &refusal.told(collection));
                continue;
            };
            let Some(name) = key.set.remove(*field) else { continue };
            key.unset.insert(*field, "");
            shared.insert((key_field, name_field, name.as_str().unwrap_or_default().to_owned()));
            again.push(refusal.index);
        }
        let mut index = 0;
        batch.retain(|_| (again.contains(&index), index += 1).0);
    }
    Ok(written)
}

fn tell_refused(db: &Db, collection: &Collection<Document>, document: &Document, why: &str) {
    if db.odd.first(collection.name(), KEYS_REFUSED) {
        let id = document.get("_id").map(ToString::to_string).unwrap_or_default();
        tracing::warn!(
            "the document {id} of {} cannot be found by its name, as others like it: {why}",
            collection.name()
        );
    }
}

/// Tells the operator every document that has a name, where there are several.
async fn tell_spellings(
    db: &Db,
    collection: &Collection<Document>,
    key_field: &str,
    name_field: &str,
    key: &str,
) -> Result<()> {
    let options =
        FindOptions::builder().sort(doc! { "_id": 1 }).projection(doc! { name_field: 1 }).limit(SPELLINGS).build();
    let found = db.find(collection, doc! { key_field: key }, options).await?;
    let spelling = |document: &Document| {
        let name = document.get_str(name_field).unwrap_or_default();
        let id = document.get("_id").map(ToString::to_string).unwrap_or_default();
        format!("{name:?} ({id})")
    };
    let spellings: Vec<String> = found.iter().map(spelling).collect();
    tracing::warn!(
        "the {name_field} {key:?} exists several times in {}: {}; all are kept, and nobody else can take it",
        collection.name(),
        spellings.join(", "),
    );
    Ok(())
}
