//! The indexes, made before the store is open. None refuses a document that lacks our fields.
//!
//! `usernameKey`, `emailKey` and `nameKey` are what names are looked up by. They are not unique: a Node backend may have kept names that
//! differ in case alone. The same value in `uniqueUsername`, `uniqueEmail` and `uniqueName` is held by one document at most, so that of many
//! who come at once for a new name one gets it.

use bson::{Document, doc};
use mongodb::options::{Acknowledgment, IndexOptions, WriteConcern};
use mongodb::{Collection, IndexModel};

use super::database::Db;

/// A message has its number once in its room. Also how pages and the newest message are found.
pub(super) const ROOM_SEQ: &str = "tincan_room_seq";
/// A sender uses a client id once in a room.
pub(super) const ROOM_CLIENT_ID: &str = "tincan_room_clientId_sender";
/// Messages without a number, as a Node backend writes them; in the order in which they get one. Empty most of the time.
pub(super) const UNNUMBERED: &str = "tincan_unnumbered";

fn plain(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}

fn partial(name: &str, keys: Document, unique: bool, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(unique).partial_filter_expression(filter);
    IndexModel::builder().keys(keys).options(options.build()).build()
}

fn unique(field: &str) -> IndexModel {
    partial(&format!("tincan_{field}"), doc! { field: 1 }, true, doc! { field: { "$exists": true } })
}

/// Makes those that are not there. A large collection takes its time, so nothing bounds this.
pub(super) async fn ensure(db: &Db) -> mongodb::error::Result<()> {
    let users = [
        plain("tincan_usernameKey", doc! { "usernameKey": 1, "_id": 1 }),
        plain("tincan_emailKey", doc! { "emailKey": 1, "_id": 1 }),
        unique("uniqueUsername"),
        unique("uniqueEmail"),
    ];
    let rooms = [
        plain("tincan_nameKey", doc! { "nameKey": 1, "_id": 1 }),
        unique("uniqueName"),
        plain("tincan_participants", doc! { "participants": 1 }),
    ];
    let messages = [
        partial(ROOM_SEQ, doc! { "room": 1, "seq": 1 }, true, doc! { "seq": { "$gt": 0 } }),
        partial(
            ROOM_CLIENT_ID,
            doc! { "room": 1, "clientId": 1, "sender": 1 },
            true,
            doc! { "clientId": { "$exists": true } },
        ),
        partial(UNNUMBERED, doc! { "room": 1, "timestamp": 1, "_id": 1 }, false, doc! { "seq": null }),
    ];
    let calls = [
        plain("tincan_people", doc! { "people": 1, "_id": -1 }),
        partial("tincan_open", doc! { "open": 1 }, false, doc! { "open": true }),
    ];
    make(&db.users, users).await?;
    make(&db.rooms, rooms).await?;
    make(&db.messages, messages).await?;
    make(&db.calls, calls).await
}

async fn make(
    collection: &Collection<Document>,
    indexes: impl IntoIterator<Item = IndexModel>,
) -> mongodb::error::Result<()> {
    // A large collection takes its time; this is no write that waits for an answer.
    let concern = WriteConcern::builder().w(Acknowledgment::Majority).build();
    collection.create_indexes(indexes).write_concern(concern).await.map(drop)
}
