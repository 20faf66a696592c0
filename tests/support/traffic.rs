//! Many who send and repeat until they are acknowledged, and one who watches the numbers meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tincan::model::{MessageId, Page, RoomId, UserId};
use tincan::store::Store;
use tokio::task::JoinSet;

use crate::support::sample::{repeatable, stored_room};

/// What was acknowledged: the room, the number, the id and the sender's own name of a message.
type Acknowledged = (RoomId, u64, MessageId, String);

/// Senders at work.
pub(crate) struct Traffic {
    rooms: Vec<RoomId>,
    going: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    senders: JoinSet<Vec<Acknowledged>>,
    watchers: JoinSet<()>,
}

impl Traffic {
    /// Starts so many senders in each of so many rooms, divided among the stores, which share one database.
    pub(crate) async fn start(stores: &[Arc<dyn Store>], rooms: usize, senders: usize) -> Self {
        let (going, count) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(0)));
        let mut traffic = Self { rooms: Vec::new(), going, count, senders: JoinSet::new(), watchers: JoinSet::new() };
        for number in 0..rooms {
            let room = stored_room(&stores[0], &format!("room {number}")).await.id;
            traffic.rooms.push(room);
            for sender in 0..senders {
                let store = Arc::clone(&stores[sender % stores.len()]);
                traffic.senders.spawn(send(store, room, Arc::clone(&traffic.going), Arc::clone(&traffic.count)));
            }
            traffic.watchers.spawn(watch(Arc::clone(&stores[number % stores.len()]), room, Arc::clone(&traffic.going)));
        }
        traffic
    }

    /// Waits until so many more are acknowledged.
    pub(crate) async fn at_least(&self, more: u64) {
        let (began, goal) = (Instant::now(), self.count.load(Ordering::Relaxed) + more);
        while self.count.load(Ordering::Relaxed) < goal {
            assert!(began.elapsed() < Duration::from_secs(60), "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it. Every acknowledged message is there once, as it was acknowledged, and the numbers have no gap.
    pub(crate) async fn stop_and_check(mut self, store: &Arc<dyn Store>) {
        self.going.store(false, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        while let Some(sender) = self.senders.join_next().await {
            acknowledged.extend(sender.expect("no sender fails"));
        }
        while let Some(watcher) = self.watchers.join_next().await {
            watcher.expect("no watcher sees a gap");
        }
        for room in &self.rooms {
            let stored = all(store, *room).await;
            assert!((1..=stored.len() as u64).all(|seq| stored.contains_key(&seq)), "a gap in {room}");
            let names: HashSet<_> = stored.values().map(|(_, name)| name).collect();
            assert_eq!(names.len(), stored.len(), "a message is there twice in {room}");
            for (_, seq, id, name) in acknowledged.iter().filter(|(of, ..)| of == room) {
                assert_eq!(stored.get(seq), Some(&(*id, name.clone())), "{name} was acknowledged as {seq}");
            }
        }
    }
}

/// One after the other, each until it is acknowledged, by the same name at every attempt.
async fn send(store: Arc<dyn Store>, room: RoomId, going: Arc<AtomicBool>, count: Arc<AtomicU64>) -> Vec<Acknowledged> {
    let sender = UserId::new();
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if !going.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("{sender}-{number}");
        let answer = loop {
            match store.append_messages(room, vec![repeatable(sender, "text", &name)]).await {
                Ok(answer) => break answer.expect("the room is there").remove(0).expect("no message is refused alone"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        acknowledged.push((room, answer.message.seq, answer.message.id, name));
    }
    acknowledged
}

/// Looks at the newest messages again and again: whatever instant it is, they have no gap, and the end only rises.
async fn watch(store: Arc<dyn Store>, room: RoomId, going: Arc<AtomicBool>) {
    let mut end = 0;
    while going.load(Ordering::Relaxed) {
        let Ok(Some(page)) = store.messages(room, Page::Newest, 100).await else { continue };
        let numbers: Vec<u64> = page.messages.iter().map(|message| message.seq).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap: {numbers:?}");
        assert!(page.last_seq >= end, "what was seen is gone");
        end = page.last_seq;
    }
}

/// Everything stored in a room, by number.
async fn all(store: &Arc<dyn Store>, room: RoomId) -> HashMap<u64, (MessageId, String)> {
    let mut stored = HashMap::new();
    let mut after = 0;
    loop {
        let page =
            store.messages(room, Page::After(after), 200).await.expect("the store works").expect("the room is there");
        for message in page.messages {
            after = message.seq;
            stored.insert(message.seq, (message.id, message.client_id.unwrap_or_default()));
        }
        if !page.newer {
            return stored;
        }
    }
}
