//! The end of memberships of private rooms.

use bson::doc;
use mongodb::options::FindOptions;

use super::database::Db;
use super::documents::{KIND, oid};
use super::promises::{Removal, promise};
use super::rooms;
use crate::model::{MembershipEnd, RoomId, RoomKind, UserId};
use crate::store::Result;

/// See [`crate::store::Store::end_membership`].
pub(super) async fn end(db: &Db, id: RoomId, user: UserId) -> Result<Option<MembershipEnd>> {
    let private = doc! { "_id": oid(id), KIND: RoomKind::Private.as_str() };
    let mut alone = private.clone();
    alone.insert("participants", vec![oid(user)]);
    if db.find_one(&db.rooms, alone, FindOptions::default()).await?.is_some() {
        // From here on the room goes when nobody is in it, whatever happens to this process.
        promise(db, Removal::Emptied(id)).await?;
    }
    let others = doc! { "$filter": { "input": "$participants", "cond": { "$ne": ["$$this", oid(user)] } } };
    // Who has been in it longest stands first.
    let longest = doc! { "$ifNull": [{ "$first": "$participants" }, "$createdBy"] };
    let creator = doc! { "$cond": [{ "$eq": ["$createdBy", oid(user)] }, longest, "$createdBy"] };
    let change = vec![doc! { "$set": { "participants": others } }, doc! { "$set": { "createdBy": creator } }];
    let mut member_of = rooms::shown(id);
    member_of.extend(private);
    member_of.insert("participants", oid(user));
    let Some(room) = rooms::changed(db, member_of, change).await? else { return Ok(None) };
    if !room.participants.is_empty() {
        return Ok(Some(MembershipEnd::GoesOn(room)));
    }
    // Nobody can come into it any more.
    rooms::delete(db, id).await?;
    Ok(Some(MembershipEnd::Deleted))
}

/// Ends membership of all private rooms that a user is in.
pub(super) async fn end_all(db: &Db, user: UserId) -> Result<()> {
    let private = doc! { KIND: RoomKind::Private.as_str(), "participants": oid(user) };
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    for room in db.find(&db.rooms, private, options).await? {
        if let Ok(id) = room.get_object_id("_id") {
            end(db, RoomId::from_bytes(id.bytes()), user).await?;
        }
    }
    Ok(())
}
