//! Figures of the embedded store, without a server: `cargo bench --bench store -- [sends|pages|open]`.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tincan::model::{
    ClientId, Content, Mentions, MessageId, NewMessage, Page, Room, RoomId, RoomKind, Timestamp, UserId,
};
use tincan::store::Store;
use tincan::store::polodb::{Options, PoloDb};
use tokio::task::JoinSet;

const ROOMS: usize = 200;
const MEMBERS: usize = 5;
const SENDING: Duration = Duration::from_secs(5);
const MANY: u64 = 200_000;
const FEW: u64 = 2_000;

#[tokio::main]
async fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    if wanted("sends") {
        sends().await;
    }
    if wanted("pages") || wanted("open") {
        let directory = TempDir::new().expect("a temporary directory");
        let [many, few] = filled(directory.path()).await;
        if wanted("pages") {
            pages(directory.path(), many, few).await;
        }
        if wanted("open") {
            opening(directory.path(), many).await;
        }
    }
}

async fn open(directory: &Path) -> Arc<dyn Store> {
    Arc::new(PoloDb::open(directory, Options::default()).await.expect("the store opens"))
}

async fn new_room(store: &Arc<dyn Store>, name: &str) -> RoomId {
    let room = Room {
        id: RoomId::new(),
        kind: RoomKind::Open,
        name: name.to_owned(),
        description: String::new(),
        created_by: UserId::new(),
        participants: Arc::default(),
        created_at: Timestamp::now(),
        last_message: None,
        last_seq: 0,
        numbered: 0,
    };
    let id = room.id;
    store.insert_room(room).await.expect("a new room");
    id
}

fn new_message(sender: UserId) -> NewMessage {
    let id = MessageId::new();
    NewMessage {
        id,
        sender,
        sender_name: "somebody".to_owned(),
        content: Content::parse("A message of some length, as people write them in a chat").expect("a good text"),
        timestamp: Timestamp::now(),
        client_id: ClientId::parse(&id.to_string()).ok(),
        mentions: Mentions::default(),
    }
}

/// Acknowledged sends a second of those who each send one after the other, and how long the slowest in a hundred
/// waited.
async fn rate(store: &Arc<dyn Store>, senders: impl Iterator<Item = RoomId>) -> (f64, Duration) {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for room in senders {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let sender = UserId::new();
            let mut waits = Vec::new();
            while began.elapsed() < SENDING {
                let since = Instant::now();
                store.append_messages(room, vec![new_message(sender)]).await.expect("stored").expect("a room");
                waits.push(since.elapsed());
            }
            waits
        });
    }
    let mut waits = tasks.join_all().await.concat();
    waits.sort_unstable();
    (waits.len() as f64 / began.elapsed().as_secs_f64(), waits[waits.len() * 99 / 100])
}

async fn sends() {
    let directory = TempDir::new().expect("a temporary directory");
    let store = open(directory.path()).await;
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        rooms.push(new_room(&store, &format!("room {number}")).await);
    }
    let (single, _) = rate(&store, rooms.iter().copied().take(1)).await;
    let (many, slow) = rate(&store, rooms.iter().flat_map(|room| [*room; MEMBERS])).await;
    println!("durable sends, one after the other:        {single:>8.0} a second");
    println!("durable sends, {ROOMS} rooms of {MEMBERS} members:     {many:>8.0} a second ({:.1} x)", many / single);
    println!("  p99 of a send among them:                {slow:>10.1?}");
    store.close().await;
}

/// A store with a room of many messages and one of few.
async fn filled(directory: &Path) -> [RoomId; 2] {
    const BATCH: u64 = 1000;
    let store = open(directory).await;
    let rooms = [(new_room(&store, "many").await, MANY), (new_room(&store, "few").await, FEW)];
    let began = Instant::now();
    let sender = UserId::new();
    for (room, count) in rooms {
        for _ in 0..count / BATCH {
            let batch = (0..BATCH).map(|_| new_message(sender)).collect();
            store.append_messages(room, batch).await.expect("stored").expect("a room");
        }
    }
    let rate = (MANY + FEW) as f64 / began.elapsed().as_secs_f64();
    println!("appends in batches of {BATCH}:                {rate:>8.0} a second");
    store.close().await;
    rooms.map(|(room, _)| room)
}

async fn pages(directory: &Path, many: RoomId, few: RoomId) {
    let store = open(directory).await;
    let of_many = median_page(&store, many, MANY).await;
    let of_few = median_page(&store, few, FEW).await;
    let ratio = of_many.as_secs_f64() / of_few.as_secs_f64();
    println!("a page of 50, room of {MANY}, p50:        {of_many:>10.1?}");
    println!("a page of 50, room of {FEW}, p50:          {of_few:>10.1?} ({ratio:.2} x)");
    store.close().await;
}

/// The median of 1,000 pages of 50 anywhere in the room.
async fn median_page(store: &Arc<dyn Store>, room: RoomId, count: u64) -> Duration {
    let mut times = Vec::new();
    for number in 0..1000_u64 {
        let before = 51 + number * 7919 % (count - 50);
        let began = Instant::now();
        let page = store.messages(room, Page::Before(before), 50).await.expect("read").expect("a room");
        times.push(began.elapsed());
        assert_eq!(page.messages.len(), 50);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

async fn opening(directory: &Path, many: RoomId) {
    let mut times = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let store = open(directory).await;
        let opened = began.elapsed();
        assert_eq!(store.room(many).await.expect("read").expect("a room").last_seq(), MANY);
        let began = Instant::now();
        store.close().await;
        times.push((opened, began.elapsed()));
    }
    times.sort_unstable();
    let (opened, closed) = times[times.len() / 2];
    println!("opening with {MANY} messages, p50:        {opened:>10.1?}");
    println!("closing it, p50:                           {closed:>10.1?}");

    // As a kill would leave it: all that was written lies in the log.
    let store = open(directory).await;
    for _ in 0..20 {
        let batch = (0..1000).map(|_| new_message(UserId::new())).collect();
        store.append_messages(many, batch).await.expect("stored").expect("a room");
    }
    let copy = TempDir::new().expect("a temporary directory");
    let copied = std::process::Command::new("cp").arg("-r").args([directory.join("."), copy.path().into()]).status();
    assert!(copied.is_ok_and(|status| status.success()), "it is copied");
    store.close().await;
    let began = Instant::now();
    let store = open(copy.path()).await;
    println!("opening after a kill, 20,000 in the log:   {:>10.1?}", began.elapsed());
    store.close().await;
}
