//! What several appends want to store in one room, and what has become of each message.

use std::collections::HashMap;
use std::sync::Arc;

use bson::Bson;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::append::{Answer, Job};
use super::documents::oid;
use crate::model::{Message, NewMessage, RoomId, UserId};
use crate::store::{Appended, Result, StoreError};

/// A sender's own name for a message.
type ClientKey = (UserId, String);

/// What has become of a message.
#[derive(Debug)]
enum State {
    /// It is not known to be stored.
    Waiting,
    /// It is, for the first time or under a client id that was used before.
    Stored { fresh: bool },
    /// It alone was refused; there is no use in trying again.
    Refused(StoreError),
}

/// One message, and what has become of it.
#[derive(Debug)]
struct Slot {
    message: Arc<Message>,
    state: State,
}

impl Slot {
    fn waits(&self) -> bool {
        matches!(self.state, State::Waiting)
    }
}

/// One job: whom to answer, and where its messages are kept.
#[derive(Debug)]
struct Asked {
    reply: oneshot::Sender<Answer>,
    places: Vec<Place>,
}

/// The slot of a message. One that repeats another one's client id is not there for the first time, and not fresh.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: usize,
    first: bool,
}

/// Jobs for one room, their messages in one order.
#[derive(Debug)]
pub(super) struct RoomBatch {
    room: RoomId,
    slots: Vec<Slot>,
    by_client_id: HashMap<ClientKey, usize>,
    jobs: Vec<Asked>,
    deadline: Option<Instant>,
}

impl RoomBatch {
    /// An empty one.
    pub fn new(room: RoomId) -> Self {
        Self { room, slots: Vec::new(), by_client_id: HashMap::new(), jobs: Vec::new(), deadline: None }
    }

    pub fn room(&self) -> RoomId {
        self.room
    }

    /// When the first of its jobs wants an answer.
    pub fn deadline(&self) -> Instant {
        self.deadline.unwrap_or_else(Instant::now)
    }

    /// Takes a job's messages behind those that are there.
    pub fn add(&mut self, job: Job) {
        self.deadline = Some(self.deadline.map_or(job.deadline, |deadline| deadline.min(job.deadline)));
        let places = job.batch.into_iter().map(|new| self.place(new)).collect();
        self.jobs.push(Asked { reply: job.reply, places });
    }

    /// Keeps a message, unless it is here already.
    fn place(&mut self, new: NewMessage) -> Place {
        let key = new.client_id.as_ref().map(|id| (new.sender, id.as_str().to_owned()));
        if let Some(known) = key.as_ref().and_then(|key| self.by_client_id.get(key)) {
            return Place { slot: *known, first: false };
        }
        let slot = self.slots.len();
        self.by_client_id.extend(key.map(|key| (key, slot)));
        let message = Message {
            id: new.id,
            room: self.room,
            sender: new.sender,
            sender_name: new.sender_name,
            content: new.content.into_string(),
            timestamp: new.timestamp,
            seq: 0,
            client_id: new.client_id.map(|id| id.into_string()),
        };
        self.slots.push(Slot { message: Arc::new(message), state: State::Waiting });
        Place { slot, first: true }
    }

    fn waiting_slots(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().filter(|slot| slot.waits())
    }

    /// How many are not known to be stored.
    pub fn waiting(&self) -> usize {
        self.slots.iter().filter(|slot| slot.waits()).count()
    }

    /// Those that wait, with the numbers after `end`.
    pub fn numbered(&mut self, end: u64) -> impl Iterator<Item = Arc<Message>> {
        self.waiting_slots().zip(end + 1..).map(|(slot, seq)| {
            Arc::make_mut(&mut slot.message).seq = seq;
            slot.message.clone()
        })
    }

    /// The first `count` of those that waited are stored now, with the numbers that they were given last.
    pub fn stored(&mut self, count: usize) {
        self.waiting_slots().take(count).for_each(|slot| slot.state = State::Stored { fresh: true });
    }

    /// The first of those that wait is refused for a reason of its own.
    pub fn refuse_first(&mut self, error: StoreError) {
        if let Some(slot) = self.waiting_slots().next() {
            slot.state = State::Refused(error);
        }
    }

    /// The highest number of those that are stored, 0 where none is.
    pub fn end(&self) -> u64 {
        let stored = self.slots.iter().filter(|slot| matches!(slot.state, State::Stored { .. }));
        stored.map(|slot| slot.message.seq).max().unwrap_or(0)
    }

    /// The ids, and the client ids, of those that wait.
    pub fn identities(&self) -> (Vec<Bson>, Vec<Bson>) {
        let waiting = || self.slots.iter().filter(|slot| slot.waits()).map(|slot| &slot.message);
        let ids = waiting().map(|message| Bson::from(oid(message.id))).collect();
        let client_ids = waiting().filter_map(|message| message.client_id.as_deref().map(Bson::from)).collect();
        (ids, client_ids)
    }

    /// Of those that wait, these are stored: by an attempt of ours whose answer was lost, or long ago under the same client id.
    pub fn found(&mut self, stored: &[Message]) {
        let by_id: HashMap<_, _> = stored.iter().map(|message| (message.id, message)).collect();
        let key = |message: &Message| message.client_id.clone().map(|id| (message.sender, id));
        let by_key: HashMap<ClientKey, _> = stored.iter().filter_map(|one| Some((key(one)?, one))).collect();
        for slot in self.waiting_slots() {
            let same = by_id.get(&slot.message.id);
            let repeated = || key(&slot.message).and_then(|key| by_key.get(&key));
            if let Some(known) = same.or_else(repeated) {
                slot.state = State::Stored { fresh: known.id == slot.message.id };
                slot.message = Arc::new((*known).clone());
            }
        }
    }

    /// Answers every job.
    pub fn answer(self) {
        self.refuse(&StoreError::Unavailable("writing messages: not stored".to_owned()));
    }

    /// Answers every job, with `error` for those messages of which it is not known that they are stored. A job that has no others is
    /// refused as a whole.
    pub fn refuse(self, error: &StoreError) {
        let slots = &self.slots;
        let appended = |place: &Place| match &slots[place.slot].state {
            State::Waiting => Err(error.clone()),
            State::Refused(reason) => Err(reason.clone()),
            State::Stored { fresh } => {
                Ok(Appended { message: slots[place.slot].message.clone(), fresh: *fresh && place.first })
            }
        };
        for Asked { reply, places } in self.jobs {
            let nothing_known = !places.is_empty() && places.iter().all(|place| slots[place.slot].waits());
            let answers: Vec<Result<Appended>> = places.iter().map(appended).collect();
            // Whoever asked may have gone; the message is stored all the same.
            let _ = reply.send(if nothing_known { Err(error.clone()) } else { Ok(Some(answers)) });
        }
    }

    /// Answers every job with `error`, also for what is stored: nobody may be told of it yet.
    pub fn refuse_all(self, error: &StoreError) {
        for Asked { reply, .. } in self.jobs {
            let _ = reply.send(Err(error.clone()));
        }
    }

    /// Answers that there is no such room.
    pub fn no_such_room(self) {
        for Asked { reply, .. } in self.jobs {
            let _ = reply.send(Ok(None));
        }
    }
}
