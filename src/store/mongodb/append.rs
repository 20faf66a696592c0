//! Group commit: what waits for several rooms goes to the database in one write.
//!
//! Numbers need no counter. A batch is inserted *in order* with the numbers after the room's newest, under a unique
//! index on `(room, seq)`. Who was slower is refused, with everything behind the refused one, and takes the next
//! numbers. So at no instant is there a gap: a number is there only when all before it are. The known ends of rooms are
//! ones that a majority has, so no failover takes one of them back. What was stored is told when its number is written
//! down (see [`super::ends`]), while the next write is under way already.

use std::collections::{HashMap, HashSet};

use bson::{Bson, Document, doc};
use futures_util::{StreamExt, TryStreamExt, stream, try_join};
use mongodb::options::FindOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempt::{End, Stored, insert, settle};
use super::database::{Db, PATIENCE};
use super::documents::{message_document, oid};
use super::room_batch::{Answer, Append, RoomBatch};
use super::{ends, messages, readers};
use crate::model::{NewMessage, RoomId};
use crate::store::{Result, StoreError};

/// How many appends may wait; who comes then waits to be let in.
const QUEUE: usize = 8192;
/// How many messages go in one write. The server splits larger ones, and a write holds others up for as long as it
/// takes.
const LARGEST_WRITE: usize = 1000;
/// How many rooms' ends are asked for at once.
const ENDS_AT_ONCE: usize = 16;

/// The way in. When all are dropped, what is queued is still written, and then the appender ends.
#[derive(Clone, Debug)]
pub(super) struct Appender(mpsc::Sender<Append>);

impl Appender {
    /// Starts it; the handle ends when everything queued before the last way in was dropped is answered.
    pub(crate) fn start(db: Db) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let worker = Worker {
            db,
            ends: HashMap::new(),
            apart: JoinSet::new(),
            busy: HashSet::new(),
            parked: Vec::new(),
            telling: JoinSet::new(),
        };
        (Self(sender), tokio::spawn(worker.run(receiver)))
    }

    /// Queues a batch and waits for its answer.
    pub(crate) async fn append(&self, room: RoomId, batch: Vec<NewMessage>) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the store is closed".to_owned());
        let asked = async {
            self.0.send(Append { room, batch, deadline, reply }).await.map_err(|_| gone())?;
            answer.await.map_err(|_| gone())?
        };
        // The worker answers by the deadline; this is for a queue that is full for as long.
        let late = |_| Err(StoreError::Unavailable("too much is waiting to be written".to_owned()));
        tokio::time::timeout_at(deadline + PATIENCE / 20, asked).await.unwrap_or_else(late)
    }
}

struct Worker {
    db: Db,
    /// The newest numbers, as far as known. A number that is too small is found out by the unique index.
    ends: HashMap<RoomId, u64>,
    /// Rooms in which something was in the way, each settled in a task of its own, so that no other room waits.
    apart: JoinSet<End>,
    busy: HashSet<RoomId>,
    /// Appends for busy rooms.
    parked: Vec<Append>,
    /// What is stored, and told as soon as its numbers are written down.
    telling: JoinSet<()>,
}

impl Worker {
    async fn run(mut self, mut queue: mpsc::Receiver<Append>) {
        let mut open = true;
        while open || !self.apart.is_empty() || !self.parked.is_empty() {
            let mut appends = Vec::new();
            tokio::select! {
                count = queue.recv_many(&mut appends, LARGEST_WRITE), if open => open = count > 0,
                Some(done) = self.apart.join_next() => self.rejoin(done, &mut appends),
            }
            while self.telling.try_join_next().is_some() {}
            let batches = self.gather(appends);
            if !batches.is_empty() {
                self.write(batches).await;
            }
        }
        while self.telling.join_next().await.is_some() {}
    }

    /// A room that was apart is one of all again; what waited for it comes first.
    fn rejoin(&mut self, done: Result<End, tokio::task::JoinError>, appends: &mut Vec<Append>) {
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
            std::mem::take(&mut self.parked).into_iter().partition(|append| !self.busy.contains(&append.room));
        self.parked = parked;
        *appends = free;
    }

    /// Puts what belongs to one room together, in order.
    fn gather(&mut self, appends: Vec<Append>) -> Vec<RoomBatch> {
        let mut order: Vec<RoomBatch> = Vec::new();
        let mut places: HashMap<RoomId, usize> = HashMap::new();
        let now = Instant::now();
        for append in appends {
            if append.deadline <= now {
                let _ = append.reply.send(Err(StoreError::Unavailable("no answer in time".to_owned())));
                continue;
            }
            if self.busy.contains(&append.room) {
                self.parked.push(append);
                continue;
            }
            let place = *places.entry(append.room).or_insert_with(|| {
                order.push(RoomBatch::new(append.room));
                order.len() - 1
            });
            order[place].add(append);
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

    /// Answers for rooms that are not there, and learns the ends of those that are: what is written down, for another
    /// server may have given numbers whose messages are gone, and of rooms that are new here the newest message.
    async fn prepare(&mut self, batches: Vec<RoomBatch>) -> Result<Vec<RoomBatch>, (Vec<RoomBatch>, StoreError)> {
        let rooms: Vec<RoomId> = batches.iter().map(RoomBatch::room).collect();
        let (known, given) = match try_join!(existing(&self.db, &rooms), ends::of(&self.db, &rooms)) {
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
        let asked =
            stream::iter(unknown).map(|room| async move { Ok((room, messages::numbering_end(db, room).await?)) });
        match asked.buffer_unordered(ENDS_AT_ONCE).try_collect::<Vec<_>>().await {
            Ok(ends) => self.ends.extend(ends),
            Err(error) => return Err((there, error)),
        }
        for (room, given) in given {
            // One that is not there has no end.
            self.ends.entry(room).and_modify(|known| *known = given.end().max(*known));
        }
        Ok(there)
    }

    /// One insert for all. Where it fails, those behind the failure are settled one by one.
    async fn write_portion(&mut self, mut batches: Vec<RoomBatch>, deadline: Instant) {
        let messages = batches.iter_mut().flat_map(|batch| batch.numbered(self.ends[&batch.room()]));
        let documents = messages.map(|message| message_document(&self.db.names, &message)).collect();
        let stored = insert(&self.db, documents, deadline).await;
        let (mut before, mut whole) = (0, Vec::new());
        for mut batch in batches {
            let count = batch.waiting();
            let stored_here = match &stored {
                Stored::All => count,
                Stored::Before(index, _) => index.saturating_sub(before).min(count),
                Stored::Unknown(_) => 0,
            };
            before += count;
            batch.stored(stored_here);
            if batch.waiting() == 0 {
                self.ends.insert(batch.room(), self.ends[&batch.room()] + count as u64);
                whole.push(batch);
            } else {
                self.ends.remove(&batch.room());
                self.busy.insert(batch.room());
                self.apart.spawn(settle(self.db.clone(), batch));
            }
        }
        if !whole.is_empty() {
            self.telling.spawn(write_down_and_answer(self.db.clone(), whole));
        }
    }
}

/// Answers for batches that are stored, once their numbers are written down. Where that fails, a repeat finds the
/// messages again.
async fn write_down_and_answer(db: Db, batches: Vec<RoomBatch>) {
    let ends: Vec<(RoomId, u64)> = batches.iter().map(|batch| (batch.room(), batch.end())).collect();
    let senders: Vec<_> = batches.iter().flat_map(RoomBatch::senders).collect();
    match try_join!(ends::raise(&db, &ends), readers::sent(&db, &senders)) {
        Ok(_) => batches.into_iter().for_each(RoomBatch::answer),
        Err(error) => batches.into_iter().for_each(|batch| batch.refuse_all(&error)),
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
    let options = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let found = db.find(&db.rooms, doc! { "_id": { "$in": ids } }, options).await?;
    let id = |document: &Document| Some(RoomId::from_bytes(document.get_object_id("_id").ok()?.bytes()));
    Ok(found.iter().filter_map(id).collect())
}
