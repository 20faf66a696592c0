//! Group commit: what waits for several rooms goes to the database in one write.
//!
//! Numbers need no counter. A batch is inserted *in order* with the numbers after the room's newest, under a unique index on `(room, seq)`.
//! Who was slower is refused, with everything behind the refused one, and takes the next numbers. So at no instant is there a gap: a number
//! is there only when all before it are. The known ends of rooms are ones that a majority has, so no failover takes one of them back.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document, doc};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::database::{Db, PATIENCE, soon, within};
use super::documents::{message_document, oid, read_message};
use super::failure::{refused_at, store_error};
use super::messages;
use super::room_batch::RoomBatch;
use crate::model::{Message, NewMessage, RoomId};
use crate::store::{Appended, Result, StoreError};

/// How many appends may wait; who comes then waits to be let in.
const QUEUE: usize = 8192;
/// How many messages go in one write. The server splits larger ones, and a write holds others up for as long as it takes.
const LARGEST_WRITE: usize = 1000;
/// How many rooms' ends are asked for at once.
const ENDS_AT_ONCE: usize = 16;

/// The answer to one append; `None` where there is no such room.
pub(super) type Answer = Result<Option<Vec<Appended>>>;

/// One call of `append_messages`.
#[derive(Debug)]
pub(super) struct Job {
    pub room: RoomId,
    pub batch: Vec<NewMessage>,
    pub deadline: Instant,
    pub reply: oneshot::Sender<Answer>,
}

/// The way in. When all are dropped, what is queued is still written, and then the appender ends.
#[derive(Clone, Debug)]
pub(super) struct Appender(mpsc::Sender<Job>);

impl Appender {
    /// Starts it; the handle ends when everything queued before the last way in was dropped is answered.
    pub fn start(db: Db) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let worker =
            Worker { db, ends: HashMap::new(), apart: JoinSet::new(), busy: HashSet::new(), parked: Vec::new() };
        (Self(sender), tokio::spawn(worker.run(receiver)))
    }

    /// Queues a batch and waits for its answer.
    pub async fn append(&self, room: RoomId, batch: Vec<NewMessage>) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the store is closed".to_owned());
        let asked = async {
            self.0.send(Job { room, batch, deadline, reply }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        // The worker answers by the deadline; this is for a queue that is full for as long.
        let late = |_| Err(StoreError::Unavailable("too much is waiting to be written".to_owned()));
        tokio::time::timeout_at(deadline + PATIENCE / 20, asked).await.unwrap_or_else(late)
    }
}

/// A room's newest number, where it is known for certain.
type End = (RoomId, Option<u64>);

struct Worker {
    db: Db,
    /// The newest numbers, as far as known. A number that is too small is found out by the unique index.
    ends: HashMap<RoomId, u64>,
    /// Rooms in which something was in the way, each settled in a task of its own, so that no other room waits.
    apart: JoinSet<End>,
    busy: HashSet<RoomId>,
    /// Jobs for busy rooms.
    parked: Vec<Job>,
}

impl Worker {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut open = true;
        while open || !self.apart.is_empty() || !self.parked.is_empty() {
            let mut jobs = Vec::new();
            tokio::select! {
                count = queue.recv_many(&mut jobs, LARGEST_WRITE), if open => open = count > 0,
                Some(done) = self.apart.join_next() => self.rejoin(done, &mut jobs),
            }
            let batches = self.gather(jobs);
            if !batches.is_empty() {
                self.write(batches).await;
            }
        }
    }

    /// A room that was apart is one of all again; what waited for it comes first.
    fn rejoin(&mut self, done: Result<End, tokio::task::JoinError>, jobs: &mut Vec<Job>) {
        match done {
            Ok((room, end)) => {
                self.busy.remove(&room);
                self.ends.extend(end.map(|end| (room, end)));
            }
            // Only a bug gets here. Which room it was is unknown, so all are tried again; the index keeps them right.
            Err(error) => {
                tracing::error!(%error, "an append ended by a panic");
                self.busy.clear();
            }
        }
        let (free, parked) =
            std::mem::take(&mut self.parked).into_iter().partition(|job| !self.busy.contains(&job.room));
        self.parked = parked;
        *jobs = free;
    }

    /// Puts what belongs to one room together, in order.
    fn gather(&mut self, jobs: Vec<Job>) -> Vec<RoomBatch> {
        let mut order: Vec<RoomBatch> = Vec::new();
        let mut places: HashMap<RoomId, usize> = HashMap::new();
        let now = Instant::now();
        for job in jobs {
            if job.deadline <= now {
                let _ = job.reply.send(Err(StoreError::Unavailable("no answer in time".to_owned())));
                continue;
            }
            if self.busy.contains(&job.room) {
                self.parked.push(job);
                continue;
            }
            let place = *places.entry(job.room).or_insert_with(|| {
                order.push(RoomBatch::new(job.room));
                order.len() - 1
            });
            order[place].add(job);
        }
        order
    }

    async fn write(&mut self, batches: Vec<RoomBatch>) {
        let deadline = batches.iter().map(RoomBatch::deadline).min().unwrap_or_else(Instant::now);
        let batches = match self.prepare(batches).await {
            Ok(batches) => batches,
            Err((batches, error)) => return batches.into_iter().for_each(|batch| batch.refuse(&error)),
        };
        for batches in portions(batches) {
            self.write_portion(batches, deadline).await;
        }
    }

    /// Answers for rooms that are not there, and learns the ends of those that are.
    async fn prepare(&mut self, batches: Vec<RoomBatch>) -> Result<Vec<RoomBatch>, (Vec<RoomBatch>, StoreError)> {
        let rooms: Vec<RoomId> = batches.iter().map(RoomBatch::room).collect();
        let known = match existing(&self.db, &rooms).await {
            Ok(known) => known,
            Err(error) => return Err((batches, error)),
        };
        let (there, gone): (Vec<_>, Vec<_>) = batches.into_iter().partition(|batch| known.contains(&batch.room()));
        for batch in gone {
            self.ends.remove(&batch.room());
            batch.no_such_room();
        }
        let unknown: Vec<RoomId> =
            there.iter().map(RoomBatch::room).filter(|room| !self.ends.contains_key(room)).collect();
        let db = &self.db;
        let asked = stream::iter(unknown).map(|room| async move { Ok((room, messages::last_seq(db, room).await?)) });
        match asked.buffer_unordered(ENDS_AT_ONCE).try_collect::<Vec<_>>().await {
            Ok(ends) => self.ends.extend(ends),
            Err(error) => return Err((there, error)),
        }
        Ok(there)
    }

    /// One insert for all. Where it fails, those behind the failure are settled one by one.
    async fn write_portion(&mut self, mut batches: Vec<RoomBatch>, deadline: Instant) {
        let messages = batches.iter_mut().flat_map(|batch| batch.numbered(self.ends[&batch.room()]));
        let documents = messages.map(|message| message_document(&message)).collect();
        let stored = insert(&self.db, documents, deadline).await;
        let mut before = 0;
        for mut batch in batches {
            let count = batch.waiting();
            let stored_here = match &stored {
                Stored::All => count,
                Stored::Before(index) => index.saturating_sub(before).min(count),
                Stored::Unknown(_) => 0,
            };
            before += count;
            batch.stored(stored_here);
            if batch.waiting() == 0 {
                self.ends.insert(batch.room(), self.ends[&batch.room()] + count as u64);
                batch.answer();
            } else {
                self.ends.remove(&batch.room());
                self.busy.insert(batch.room());
                self.apart.spawn(settle(self.db.clone(), batch));
            }
        }
    }
}

/// Cuts at room borders into writes of bounded size.
fn portions(batches: Vec<RoomBatch>) -> Vec<Vec<RoomBatch>> {
    let mut portions: Vec<Vec<RoomBatch>> = Vec::new();
    let mut size = usize::MAX;
    for batch in batches {
        let count = batch.waiting();
        if size.saturating_add(count) > LARGEST_WRITE {
            portions.push(Vec::new());
            size = 0;
        }
        size += count;
        portions.last_mut().expect("one was pushed first").push(batch);
    }
    portions
}

/// Which of these rooms are there.
async fn existing(db: &Db, rooms: &[RoomId]) -> Result<HashSet<RoomId>> {
    let ids: Vec<Bson> = rooms.iter().map(|room| Bson::from(oid(*room))).collect();
    let find = db.rooms.find(doc! { "_id": { "$in": ids } }).projection(doc! { "_id": 1 });
    let found: Vec<Document> = soon(async { find.await?.try_collect().await }).await?;
    let id = |document: &Document| Some(RoomId::from_bytes(document.get_object_id("_id").ok()?.bytes()));
    Ok(found.iter().filter_map(id).collect())
}

/// What is known of an ordered insert.
enum Stored {
    All,
    /// Those before this one. It was refused by a unique index, and nothing behind it was tried.
    Before(usize),
    /// Any of them may be stored, or be so later.
    Unknown(StoreError),
}

async fn insert(db: &Db, documents: Result<Vec<Document>>, deadline: Instant) -> Stored {
    let documents = match documents {
        Ok(documents) if documents.is_empty() => return Stored::All,
        Ok(documents) => documents,
        Err(error) => return Stored::Unknown(error),
    };
    let write = async { Ok(db.messages.insert_many(documents).ordered(true).await) };
    match within(deadline.saturating_duration_since(Instant::now()), write).await {
        Ok(Ok(_)) => Stored::All,
        Ok(Err(error)) => refused_at(&error).map_or_else(|| Stored::Unknown(store_error(&error)), Stored::Before),
        Err(failure) => Stored::Unknown(failure.into()),
    }
}

/// Finds out what of a room's batch is stored, and stores the rest, until it is done or its time is over. An attempt that is still
/// under way somewhere harms nothing: a message keeps its id, and a number is given once.
async fn settle(db: Db, mut batch: RoomBatch) -> End {
    let room = batch.room();
    let mut trouble = StoreError::Unavailable("others kept writing to the room".to_owned());
    while Instant::now() < batch.deadline() {
        match attempt(&db, &mut batch).await {
            Ok(Some(end)) => {
                batch.answer();
                return (room, Some(end));
            }
            Ok(None) => {}
            Err(error) => {
                trouble = error;
                tokio::time::sleep(PATIENCE / 50).await;
            }
        }
    }
    batch.refuse(&trouble);
    (room, None)
}

/// The room's end where nothing waits any more, `None` where it must be tried again.
async fn attempt(db: &Db, batch: &mut RoomBatch) -> Result<Option<u64>> {
    batch.found(&find_stored(db, batch).await?);
    let end = messages::last_seq(db, batch.room()).await?;
    let count = batch.waiting();
    let documents = batch.numbered(end).map(|message| message_document(&message)).collect();
    match insert(db, documents, batch.deadline()).await {
        Stored::All => {
            batch.stored(count);
            Ok(Some(end + count as u64))
        }
        Stored::Before(index) => {
            batch.stored(index);
            Ok(None)
        }
        Stored::Unknown(error) => Err(error),
    }
}

/// The messages of a batch that are stored: under their own id, or under their client id with another one.
async fn find_stored(db: &Db, batch: &RoomBatch) -> Result<Vec<Message>> {
    let (ids, client_ids): (Vec<Bson>, Vec<Bson>) = batch.identities();
    let room = oid(batch.room());
    let questions = [
        (!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } }),
        (!client_ids.is_empty()).then(|| doc! { "room": room, "clientId": { "$in": client_ids } }),
    ];
    let mut found = Vec::new();
    for filter in questions.into_iter().flatten() {
        let documents: Vec<Document> = soon(async { db.messages.find(filter).await?.try_collect().await }).await?;
        for document in &documents {
            found.push(read_message(document)?);
        }
    }
    Ok(found)
}
