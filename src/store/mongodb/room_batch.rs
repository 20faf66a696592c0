//! What several appends want to store in one room, and what has become of each message.

use std::collections::HashMap;
use std::sync::Arc;

use bson::Bson;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::documents::oid;
use crate::model::{Message, NewMessage, RoomId, UserId};
use crate::store::{Appended, Result, StoreError};

/// The answer to one append; `None` where there is no such room.
pub(super) type Answer = Result<Option<Vec<Result<Appended>>>>;

/// One call of `append_messages`.
#[derive(Debug)]
pub(super) struct Append {
    pub room: RoomId,
    pub batch: Vec<NewMessage>,
    pub deadline: Instant,
    pub reply: oneshot::Sender<Answer>,
}

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

/// One append: whom to answer, and where its messages are kept.
#[derive(Debug)]
struct Asked {
    reply: oneshot::Sender<Answer>,
    places: Vec<SlotOf>,
}

/// The slot of a message. One that repeats another one's client id is not there for the first time, and not fresh.
#[derive(Clone, Copy, Debug)]
struct SlotOf {
    slot: usize,
    first: bool,
}

/// Appends for one room, their messages in one order.
#[derive(Debug)]
pub(super) struct RoomBatch {
    room: RoomId,
    slots: Vec<Slot>,
    by_client_id: HashMap<ClientKey, usize>,
    appends: Vec<Asked>,
    deadline: Option<Instant>,
}

impl RoomBatch {
    /// An empty one.
    pub(crate) fn new(room: RoomId) -> Self {
        Self { room, slots: Vec::new(), by_client_id: HashMap::new(), appends: Vec::new(), deadline: None }
    }

    pub(crate) fn room(&self) -> RoomId {
        self.room
    }

    /// When the first of its appends wants an answer.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline.unwrap_or_else(Instant::now)
    }

    /// Takes an append's messages behind those that are there.
    pub(crate) fn add(&mut self, append: Append) {
        self.deadline = Some(self.deadline.map_or(append.deadline, |deadline| deadline.min(append.deadline)));
        let places = append.batch.into_iter().map(|new| self.place(new)).collect();
        self.appends.push(Asked { reply: append.reply, places });
    }

    /// Keeps a message, unless it is here already.
    fn place(&mut self, new: NewMessage) -> SlotOf {
        let key = new.client_id.as_ref().map(|id| (new.sender, id.as_str().to_owned()));
        if let Some(known) = key.as_ref().and_then(|key| self.by_client_id.get(key)) {
            return SlotOf { slot: *known, first: false };
        }
        let slot = self.slots.len();
        self.by_client_id.extend(key.map(|key| (key, slot)));
        self.slots.push(Slot { message: Arc::new(new.numbered(self.room, 0)), state: State::Waiting });
        SlotOf { slot, first: true }
    }

    fn waiting_slots(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().filter(|slot| slot.waits())
    }

    /// Who has sent what is stored, each with the number of the last message.
    pub(crate) fn senders(&self) -> Vec<(RoomId, UserId, u64)> {
        let mut last: HashMap<UserId, u64> = HashMap::new();
        for slot in self.slots.iter().filter(|slot| matches!(slot.state, State::Stored { .. })) {
            let seq = last.entry(slot.message.sender).or_default();
            *seq = slot.message.seq.max(*seq);
        }
        last.into_iter().map(|(user, seq)| (self.room, user, seq)).collect()
    }

    /// How many are not known to be stored.
    pub(crate) fn waiting(&self) -> usize {
        self.slots.iter().filter(|slot| slot.waits()).count()
    }

    /// Those that wait, with the numbers after `end`.
    pub(crate) fn numbered(&mut self, end: u64) -> impl Iterator<Item = Arc<Message>> {
        self.waiting_slots().zip(end + 1..).map(|(slot, seq)| {
            Arc::make_mut(&mut slot.message).seq = seq;
            slot.message.clone()
        })
    }

    /// The first `count` of those that waited are stored now, with the numbers that they were given last.
    pub(crate) fn stored(&mut self, count: usize) {
        self.waiting_slots().take(count).for_each(|slot| slot.state = State::Stored { fresh: true });
    }

    /// The first of those that wait is refused for a reason of its own.
    pub(crate) fn refuse_first(&mut self, error: StoreError) {
        if let Some(slot) = self.waiting_slots().next() {
            slot.state = State::Refused(error);
        }
    }

    /// The highest number of those that are stored, 0 where none is.
    pub(crate) fn end(&self) -> u64 {
        let stored = self.slots.iter().filter(|slot| matches!(slot.state, State::Stored { .. }));
        stored.map(|slot| slot.message.seq).max().unwrap_or(0)
    }

    /// The ids, and the client ids, of those that wait.
    pub(crate) fn identities(&self) -> (Vec<Bson>, Vec<Bson>) {
        let waiting = || self.slots.iter().filter(|slot| slot.waits()).map(|slot| &slot.message);
        let ids = waiting().map(|message| Bson::from(oid(message.id))).collect();
        let client_ids = waiting().filter_map(|message| message.client_id.as_deref().map(Bson::from)).collect();
        (ids, client_ids)
    }

    /// Of those that wait, these are stored: by an attempt of ours whose answer was lost, or long ago under the same
    /// client id.
    pub(crate) fn found(&mut self, stored: &[Message]) {
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

    /// Answers every append.
    pub(crate) fn answer(self) {
        self.refuse(&StoreError::Unavailable("writing messages: not stored".to_owned()));
    }

    /// Answers every append, with `error` for those messages of which it is not known that they are stored. An append
    /// that has no others is refused as a whole.
    pub(crate) fn refuse(self, error: &StoreError) {
        let slots = &self.slots;
        let appended = |place: &SlotOf| match &slots[place.slot].state {
            State::Waiting => Err(error.clone()),
            State::Refused(reason) => Err(reason.clone()),
            State::Stored { fresh } => {
                Ok(Appended { message: slots[place.slot].message.clone(), fresh: *fresh && place.first })
            }
        };
        for Asked { reply, places } in self.appends {
            let nothing_known = !places.is_empty() && places.iter().all(|place| slots[place.slot].waits());
            let answers: Vec<Result<Appended>> = places.iter().map(appended).collect();
            // Whoever asked may have gone; the message is stored all the same.
            let _ = reply.send(if nothing_known { Err(error.clone()) } else { Ok(Some(answers)) });
        }
    }

    /// Answers every append with `error`, also for what is stored: nobody may be told of it yet.
    pub(crate) fn refuse_all(self, error: &StoreError) {
        for Asked { reply, .. } in self.appends {
            let _ = reply.send(Err(error.clone()));
        }
    }

    /// Answers that there is no such room.
    pub(crate) fn no_such_room(self) {
        for Asked { reply, .. } in self.appends {
            let _ = reply.send(Ok(None));
        }
    }
}
