//! What rooms are unique by has changed since 0.1.0, which did not leave out what cannot be seen. Its databases are
//! brought up to date.

use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use tincan::model::{RoomId, RoomName, RoomPatch};
use tincan::store::{StoreError, Taken};

use super::open;
use crate::support::mongod::{database_name, shared};
use crate::support::sample::{room, stored_room};

/// A room as 0.1.0 stored it.
fn as_before(name: &str) -> Document {
    let key = name.to_lowercase();
    doc! {
        "_id": ObjectId::new(), "name": name, "nameKey": &key, "uniqueName": &key, "description": "",
        "createdBy": ObjectId::new(), "participants": [], "createdAt": DateTime::now(),
    }
}

#[tokio::test]
#[ignore = "needs a mongod; script/test has one"]
async fn rooms_of_an_older_version_get_the_keys_of_now_and_none_is_lost_or_doubled() {
    let name = database_name();
    let rooms = shared().await.database(&name).await.collection::<Document>("rooms");
    let store = open(shared().await, &name).await;
    let kitchen = stored_room(&store, "Kitchen").await;
    store.close().await;
    let alike = as_before("Kitchen\u{200b}");
    let alone = as_before("Attic\u{fe0f}");
    rooms.insert_many([alike.clone(), alone.clone()]).await.unwrap();

    let store = open(shared().await, &name).await;
    assert_eq!(store.rooms().await.unwrap().len(), 3);
    for taken in ["Kitchen", "attic", "ATTIC\u{2060}"] {
        let refused = store.insert_room(room(taken)).await;
        assert!(matches!(refused, Err(StoreError::Conflict(Taken::RoomName))), "{taken}: {refused:?}");
    }
    let holder = |key: &'static str| rooms.count_documents(doc! { "uniqueName": key });
    assert_eq!((holder("kitchen").await.unwrap(), holder("attic").await.unwrap()), (1, 1));
    assert_eq!(rooms.count_documents(doc! { "nameKey": "kitchen" }).await.unwrap(), 2);
    store.close().await;

    let all = async || -> Vec<Document> { rooms.find(doc! {}).await.unwrap().try_collect().await.unwrap() };
    let before = all().await;
    let store = open(shared().await, &name).await;
    assert_eq!(all().await, before, "a second start changes nothing");
    let alike = RoomId::from_bytes(alike.get_object_id("_id").unwrap().bytes());
    let patch = RoomPatch { name: Some(RoomName::parse("Cellar").unwrap()), description: None };
    assert_eq!(store.update_room(alike, patch).await.unwrap().unwrap().name, "Cellar");
    assert!(store.delete_room(kitchen.id).await.unwrap());
    stored_room(&store, "KITCHEN").await;
}
