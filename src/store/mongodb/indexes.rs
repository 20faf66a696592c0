//! The indexes, made before the store is open. None refuses a document that lacks our fields.
//!
//! `usernameKey`, `emailKey` and `nameKey` are what names are looked up by. They are not unique: a Node backend may
//! have kept names that differ in case alone. The same value in `uniqueUsername`, `uniqueEmail` and `uniqueName` is
//! held by one document at most, so that of many who come at once for a new name one gets it.

use bson::{Bson, Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{Acknowledgment, IndexOptions, WriteConcern};
use mongodb::{Collection, IndexModel};

use super::database::Db;
use super::documents::{FIRST, KIND, MENTIONS, MENTIONS_ALL, PAIR};
use super::failure::{brief, is_of_the_server};

/// Of [`Call::engaged`](crate::model::Call::engaged), while a call goes on: nobody is in two.
pub(super) const ENGAGED: &str = "tincan_engaged";
/// Of the room of a call that goes on: no room has two.
pub(super) const OPEN_ROOM: &str = "tincan_openRoom";
/// Holds a username for one user.
pub(super) const UNIQUE_USERNAME: &str = "tincan_uniqueUsername";
/// Holds an address for one user.
pub(super) const UNIQUE_EMAIL: &str = "tincan_uniqueEmail";
/// Holds a name for one room.
pub(super) const UNIQUE_NAME: &str = "tincan_uniqueName";
/// Holds a direct room for two users.
pub(super) const UNIQUE_PAIR: &str = "tincan_pair";

fn plain(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}

fn partial(name: &str, keys: Document, unique: bool, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(unique).partial_filter_expression(filter);
    IndexModel::builder().keys(keys).options(options.build()).build()
}

fn unique(name: &str, field: &str) -> IndexModel {
    partial(name, doc! { field: 1 }, true, doc! { field: { "$type": "string" } })
}

/// Makes those that are not there. A large collection takes its time, so nothing bounds this. One that the documents of
/// another program are in the way of is told of, and done without.
pub(super) async fn ensure(db: &Db) -> mongodb::error::Result<()> {
    let names = &db.names;
    let users = vec![
        plain("tincan_usernameKey", doc! { "usernameKey": 1, "_id": 1 }),
        plain("tincan_emailKey", doc! { "emailKey": 1, "_id": 1 }),
        partial("tincan_without_key", doc! { "username": 1 }, false, without_key("usernameKey", "username")),
        unique(UNIQUE_USERNAME, "uniqueUsername"),
        unique(UNIQUE_EMAIL, "uniqueEmail"),
        unique("tincan_first", FIRST),
        partial("tincan_role", doc! { "tincanRole": 1 }, false, doc! { "tincanRole": { "$type": "string" } }),
    ];
    let rooms = vec![
        plain("tincan_nameKey", doc! { "nameKey": 1, "_id": 1 }),
        partial("tincan_without_key", doc! { "name": 1 }, false, without_key("nameKey", "name")),
        unique(UNIQUE_NAME, "uniqueName"),
        unique(UNIQUE_PAIR, PAIR),
        plain("tincan_kind", doc! { KIND: 1 }),
        plain("tincan_participants", doc! { "participants": 1 }),
    ];
    let by_number = doc! { "room": 1, names.seq: 1 };
    let by_client_id = doc! { "room": 1, names.client_id: 1, "sender": 1 };
    let by_time = doc! { "room": 1, "timestamp": 1, "_id": 1 };
    let without_number = doc! { names.seq: Bson::Null, "_id": { "$type": "objectId" } };
    let mut messages = vec![
        partial(&names.room_seq_index(), by_number, true, doc! { names.seq: { "$gt": 0 } }),
        partial(&names.client_id_index(), by_client_id, true, doc! { names.client_id: { "$type": "string" } }),
        partial(&names.unnumbered_index(), by_time, false, without_number),
    ];
    let calls = vec![
        plain("tincan_people", doc! { "people": 1, "_id": -1 }),
        partial("tincan_open", doc! { "open": 1 }, false, doc! { "open": true }),
        partial(ENGAGED, doc! { "engaged": 1 }, true, doc! { "engaged": { "$exists": true } }),
        partial(OPEN_ROOM, doc! { "openRoom": 1 }, true, doc! { "openRoom": { "$exists": true } }),
    ];
    let calls_behind = doc! { "room": 1, MENTIONS: 1, names.seq: 1 };
    let calls_to_all = doc! { "room": 1, names.seq: 1, MENTIONS_ALL: 1 };
    messages.push(partial("tincan_mentions", calls_behind, false, doc! { MENTIONS: { "$exists": true } }));
    messages.push(partial("tincan_mentionsAll", calls_to_all, false, doc! { MENTIONS_ALL: true }));
    let readers = vec![plain("tincan_user", doc! { "user": 1 }), plain("tincan_room", doc! { "room": 1 })];
    make(&db.readers, readers).await?;
    let invites = vec![
        partial("tincan_code", doc! { "code": 1 }, true, doc! { "code": { "$type": "string" } }),
        plain("tincan_createdBy", doc! { "createdBy": 1, "_id": -1 }),
    ];
    make(&db.invites, invites).await?;
    make(&db.users, users).await?;
    make(&db.rooms, rooms).await?;
    make(&db.messages, messages).await?;
    make(&db.calls, calls).await
}

/// Which documents have a name, and no key for it yet.
pub(super) fn without_key(key: &str, name: &str) -> Document {
    doc! { key: Bson::Null, name: { "$type": "string" } }
}

async fn make(collection: &Collection<Document>, indexes: Vec<IndexModel>) -> mongodb::error::Result<()> {
    // A large collection takes its time; this is no write that waits for an answer.
    let concern = || WriteConcern::builder().w(Acknowledgment::Majority).build();
    let made = collection.create_indexes(indexes.clone()).write_concern(concern()).await;
    let Err(error) = made else { return Ok(()) };
    if !is_of_the_data(&error) {
        return Err(error);
    }
    for index in indexes {
        let name = index.options.as_ref().and_then(|options| options.name.clone()).unwrap_or_default();
        match collection.create_index(index).write_concern(concern()).await {
            Ok(_) => {}
            // An older version of ours made it in a slightly other way, which does as well.
            Err(error) if code_of(&error) == Some(INDEX_KEY_SPECS_CONFLICT) => {}
            Err(error) if is_of_the_data(&error) => tracing::warn!(
                "the index {name} of the collection {} cannot be made: {}; Tincan works without it",
                collection.name(),
                brief(&error),
            ),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// There is one of the same name with other options.
const INDEX_KEY_SPECS_CONFLICT: i32 = 86;
const AUTHENTICATION_FAILED: i32 = 18;

fn code_of(error: &Error) -> Option<i32> {
    if let ErrorKind::Command(command) = &*error.kind { Some(command.code) } else { None }
}

/// Whether what lies in the collection, or another program's index, is in the way.
fn is_of_the_data(error: &Error) -> bool {
    code_of(error).is_some_and(|code| !is_of_the_server(code) && code != AUTHENTICATION_FAILED)
}
