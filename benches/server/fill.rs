//! A store that is filled with messages before a server is started on it.

use futures_util::stream::{self, StreamExt};
use std::path::Path;
use tincan::model::{Content, Mentions, MessageId, NewMessage, Room, RoomId, RoomKind, Timestamp, UserId};

use crate::settings::settings;

/// Fills a store with rooms of so many messages, without a server; their ids.
pub(crate) async fn fill(data: &Path, sizes: &[usize]) -> Vec<RoomId> {
    let store = tincan::store::open(&settings(data)).await.expect("the store opens");
    let mut rooms = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        let room = Room::new(RoomKind::Open, format!("filled {number}"), UserId::new(), Vec::new());
        rooms.push(room.id);
        store.insert_room(room).await.expect("a new room");
        for first in (0..*size).step_by(500) {
            let batch = (first..(first + 500).min(*size)).map(message).collect();
            store.append_messages(rooms[number], batch).await.expect("stored").expect("a room");
        }
    }
    store.close().await;
    rooms
}

/// Adds private rooms with a message each, of which the reader sees so many, spread evenly over all.
pub(crate) async fn fill_with_private_rooms(data: &Path, all: usize, reader: UserId, seen: usize) {
    /// How many are made at the same time, which the store puts together.
    const AT_ONCE: usize = 256;
    let store = &tincan::store::open(&settings(data)).await.expect("the store opens");
    let made = stream::iter(0..all).map(|number| async move {
        let owner = if number % (all / seen) == 0 { reader } else { UserId::new() };
        let name = format!("private {number}");
        let room = Room::new(RoomKind::Private, name, owner, vec![owner, UserId::new()]);
        let id = room.id;
        store.insert_room(room).await.expect("a new room");
        store.append_messages(id, vec![message(number)]).await.expect("stored").expect("a room");
    });
    made.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    store.close().await;
}

fn message(number: usize) -> NewMessage {
    let text = format!("Message {number}, about as long as people write in a chat when they are not in a hurry.");
    NewMessage {
        id: MessageId::new(),
        sender: UserId::from_bytes([7; 12]),
        sender_name: "somebody".to_owned(),
        content: Content::parse(&text).expect("a good text"),
        timestamp: Timestamp::now(),
        client_id: None,
        mentions: Mentions::default(),
    }
}
