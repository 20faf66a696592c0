//! Figures of the MongoDB engine, on a replica set of one: `cargo bench --bench mongo --
//! [sends|pages|rooms|takeover|migrate]`.

#[path = "../tests/support/mongod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod mongod;
#[path = "../tests/support/port.rs"]
mod port;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use tincan::model::{
    ClientId, Content, Mentions, MessageId, NewMessage, Page, Room, RoomId, RoomKind, Timestamp, UserId,
};
use tincan::store::mongodb::MongoStore;
use tincan::store::{Place, Store, open_to_fill};
use tincan::transfer::{self, Watch};
use tokio::task::JoinSet;

use self::mongod::Mongod;

const ROOMS: usize = 200;
const MEMBERS: usize = 5;
const SENDING: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    let deployment = Mongod::replicas(1).await;
    if wanted("sends") {
        sends(&deployment).await;
    }
    if wanted("pages") {
        pages(&deployment).await;
    }
    if wanted("rooms") {
        rooms(&deployment).await;
    }
    if wanted("takeover") {
        takeover(&deployment).await;
    }
    if wanted("migrate") {
        migrate(&deployment).await;
    }
}

async fn open(deployment: &Mongod, database: &str) -> Arc<dyn Store> {
    Arc::new(MongoStore::open(&deployment.secret(database)).await.expect("the store opens"))
}

/// The rooms that a user sees, and how far the user has read them, where most are other people's.
async fn rooms(deployment: &Mongod) {
    const ALL: usize = 20_000;
    const SEEN: usize = 200;
    const AT_ONCE: usize = 64;
    let (store, reader) = (&open(deployment, "rooms").await, UserId::new());
    let made = stream::iter(0..ALL).map(|number| async move {
        let owner = if number % (ALL / SEEN) == 0 { reader } else { UserId::new() };
        let name = format!("private {number}");
        let room = Room::new(RoomKind::Private, name, owner, vec![owner, UserId::new()]);
        let id = room.id;
        store.insert_room(room).await.expect("a new room");
        store.append_messages(id, vec![new_message(owner)]).await.expect("stored").expect("a room");
    });
    made.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let mut times = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        let seen = store.rooms_seen_by(reader).await.expect("an answer");
        let rooms: Vec<&Room> = seen.iter().map(|room| &**room).collect();
        let readings = store.readings_of(reader, &rooms).await.expect("an answer");
        times.push(begun.elapsed());
        assert_eq!((seen.len(), readings.len()), (SEEN, SEEN), "the reader sees these");
    }
    times.sort_unstable();
    let [median, most] = [times.len() / 2, times.len() - 1].map(|place| times[place].as_secs_f64() * 1e3);
    println!("the {SEEN} rooms of a user among {ALL}, and how far they are read: {median:.1} ms, at most {most:.1} ms");
}

async fn new_room(store: &Arc<dyn Store>, number: usize) -> RoomId {
    let room = Room::new(RoomKind::Open, format!("room {number}"), UserId::new(), Vec::new());
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

/// Acknowledged sends a second of those who each send one after the other.
async fn rate(store: &Arc<dyn Store>, senders: impl Iterator<Item = RoomId>) -> f64 {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for room in senders {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let sender = UserId::new();
            let mut sent = 0_u64;
            while began.elapsed() < SENDING {
                store.append_messages(room, vec![new_message(sender)]).await.expect("stored").expect("a room");
                sent += 1;
            }
            sent
        });
    }
    let mut sent = 0;
    while let Some(count) = tasks.join_next().await {
        sent += count.expect("no panic");
    }
    sent as f64 / began.elapsed().as_secs_f64()
}

async fn sends(deployment: &Mongod) {
    let store = open(deployment, "sends").await;
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        rooms.push(new_room(&store, number).await);
    }
    let single = rate(&store, rooms.iter().copied().take(1)).await;
    let many = rate(&store, rooms.iter().flat_map(|room| [*room; MEMBERS])).await;
    println!("durable sends, one after the other:        {single:>8.0} a second");
    println!("durable sends, {ROOMS} rooms of {MEMBERS} members:     {many:>8.0} a second ({:.1} x)", many / single);
    store.close().await;
}

/// Numbered messages, as the server writes them, put there in large batches.
async fn fill(deployment: &Mongod, database: &str, room: RoomId, count: i64, numbered: bool) {
    const BATCH: i64 = 5000;
    let messages = deployment.database(database).await.collection::<Document>("messages");
    let (room, sender) = (ObjectId::from_bytes(room.bytes()), ObjectId::new());
    let document = |seq: i64| {
        let time = DateTime::from_millis(1_700_000_000_000 + seq * 1000);
        let mut message = doc! {
            "room": room, "sender": sender, "senderName": "somebody", "content": format!("message {seq}"),
            "timestamp": time,
        };
        if numbered {
            message.insert("seq", seq);
        } else {
            message.insert("__v", 0);
        }
        message
    };
    let mut first = 1;
    while first <= count {
        let last = (first + BATCH - 1).min(count);
        messages.insert_many((first..=last).map(document)).await.expect("stored");
        first = last + 1;
    }
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

async fn pages(deployment: &Mongod) {
    let store = open(deployment, "pages").await;
    let (large, small) = (new_room(&store, 1).await, new_room(&store, 2).await);
    fill(deployment, "pages", large, 200_000, true).await;
    fill(deployment, "pages", small, 2000, true).await;
    let (small, large) = (median_page(&store, small, 2000).await, median_page(&store, large, 200_000).await);
    println!("a page of 50, room of   2,000 messages:    {:>8.2} ms", small.as_secs_f64() * 1000.0);
    println!("a page of 50, room of 200,000 messages:    {:>8.2} ms", large.as_secs_f64() * 1000.0);
    store.close().await;
}

/// How many messages each of the rooms has that are taken over or moved.
const EACH: i64 = 5000;

async fn takeover(deployment: &Mongod) {
    let rooms = deployment.database("takeover").await.collection::<Document>("rooms");
    for number in 0..ROOMS {
        let room = RoomId::new();
        let owner = ObjectId::new();
        let document = doc! {
            "_id": ObjectId::from_bytes(room.bytes()), "name": format!("room {number}"), "createdBy": owner,
            "participants": [owner], "createdAt": DateTime::now(), "__v": 0,
        };
        rooms.insert_one(document).await.expect("stored");
        fill(deployment, "takeover", room, EACH, false).await;
    }
    let began = Instant::now();
    let store = open(deployment, "takeover").await;
    println!(
        "taking over {} messages of a Node backend: {:>6.1} s",
        ROOMS as i64 * EACH,
        began.elapsed().as_secs_f64()
    );
    store.close().await;
}

/// Nobody looks.
struct Unwatched;

impl Watch for Unwatched {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}

/// The most memory that this process ever had, in MB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn migrate(deployment: &Mongod) {
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let store = open(deployment, "migrate").await;
    for number in 0..ROOMS {
        let room = new_room(&store, number).await;
        fill(deployment, "migrate", room, EACH, true).await;
    }
    let place = Place::Directory(directory.path().to_owned());
    let target = open_to_fill(&place).await.expect("the store opens");
    let began = Instant::now();
    let moved = transfer::migrate(&store, "a database", &target, "a directory", &mut Unwatched).await.expect("moved");
    let (count, seconds) = (moved.messages.count, began.elapsed().as_secs_f64());
    println!("{count} messages from MongoDB to a directory: {seconds:>6.1} s, at most {} MB", peak_memory());
    store.close().await;

    let back = open_to_fill(&Place::MongoDb(deployment.secret("back"))).await.expect("the store opens");
    let began = Instant::now();
    transfer::migrate(&target, "a directory", &back, "a database", &mut Unwatched).await.expect("moved");
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} messages from a directory to MongoDB: {seconds:>6.1} s, at most {} MB", peak_memory());
    target.close().await;
    back.close().await;
}
