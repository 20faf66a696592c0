//! A store that is filled with messages before a server is started on it.

use std::path::Path;
use std::sync::Arc;

use tincan::model::{Content, Mentions, MessageId, NewMessage, Room, RoomId, RoomKind, Timestamp, UserId};

use crate::settings::settings;

/// Fills a store with rooms of so many messages, without a server; their ids.
pub async fn fill(data: &Path, sizes: &[usize]) -> Vec<RoomId> {
    let store = tincan::store::open(&settings(data)).await.expect("the store opens");
    let mut rooms = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        let room = Room {
            id: RoomId::new(),
            kind: RoomKind::Open,
            name: format!("filled {number}"),
            description: String::new(),
            created_by: UserId::new(),
            participants: Arc::default(),
            created_at: Timestamp::now(),
            last_message: None,
            last_seq: 0,
            numbered: 0,
        };
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
