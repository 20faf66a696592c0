//! The order in which the messages of a room are told here, whichever server has stored them: that of their numbers.
//!
//! A message that comes before its turn waits for those that are missing. The server that stored them says so within
//! milliseconds; what is still missing after a while is read from the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Message, RoomId};

/// The rooms in which something was told.
#[derive(Debug, Default)]
pub(crate) struct RoomOrder(HashMap<RoomId, Place>);

/// How far a room was told.
#[derive(Debug, Default)]
struct Place {
    /// The number that is told next; 0 where nothing was told yet, and any may be the first.
    next: u64,
    /// The highest number that is known to be there, whether its message has come or not.
    end: u64,
    early: BTreeMap<u64, Arc<Message>>,
}

impl Place {
    /// Something is missing, and is looked for already.
    fn waits(&self) -> bool {
        !self.early.is_empty() || (self.next > 0 && self.next <= self.end)
    }
}

/// What follows from messages that came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// To be told now, in this order.
    pub now: Vec<Arc<Message>>,
    /// Some wait for others, which have begun to be missing.
    pub missing: bool,
}

impl RoomOrder {
    /// Messages have come, from the store or another server, in the order of their numbers.
    pub(crate) fn came(&mut self, room: RoomId, messages: impl IntoIterator<Item = Arc<Message>>) -> Told {
        let place = self.0.entry(room).or_default();
        let waited = place.waits();
        for message in messages {
            if place.next == 0 {
                place.next = message.seq;
            }
            if message.seq >= place.next {
                place.early.insert(message.seq, message);
            }
        }
        let mut told = Told::default();
        while let Some(message) = place.early.remove(&place.next) {
            place.next += 1;
            told.now.push(message);
        }
        told.missing = !waited && !place.early.is_empty();
        told
    }

    /// Somebody comes into the room who knows the messages up to this number: those after it are told.
    pub(crate) fn begin(&mut self, room: RoomId, known: u64) -> bool {
        let place = self.0.entry(room).or_default();
        let begins = place.next == 0;
        if begins {
            place.next = known + 1;
        }
        begins
    }

    /// There are messages up to this number; whether some of them have begun to be missing.
    pub(crate) fn reaches(&mut self, room: RoomId, end: u64) -> bool {
        let Some(place) = self.0.get_mut(&room).filter(|place| place.next > 0) else { return false };
        let waited = place.waits();
        place.end = place.end.max(end);
        !waited && place.waits()
    }

    /// Up to which number a room was told; `None` where nothing was.
    pub(crate) fn told(&self, room: RoomId) -> Option<u64> {
        self.0.get(&room).filter(|place| place.next > 1).map(|place| place.next - 1)
    }

    /// After which number those are that are missing in a room; `None` where none is.
    pub(crate) fn missing_after(&self, room: RoomId) -> Option<u64> {
        self.0.get(&room).filter(|place| place.waits()).map(|place| place.next - 1)
    }

    /// The store was asked for what is missing after a number, and these are the first that it has: numbers before them
    /// are no message's any more. What is to be told now, in this order.
    pub(crate) fn found(
        &mut self,
        room: RoomId,
        after: u64,
        first: u64,
        messages: impl IntoIterator<Item = Arc<Message>>,
    ) -> Vec<Arc<Message>> {
        if let Some(place) = self.0.get_mut(&room)
            && place.next == after + 1
        {
            place.next = place.next.max(first);
        }
        self.came(room, messages).now
    }

    /// The store has none of those that are missing: what waits is told.
    pub(crate) fn give_up(&mut self, room: RoomId) -> Vec<Arc<Message>> {
        let Some(place) = self.0.get_mut(&room) else { return Vec::new() };
        let waiting = std::mem::take(&mut place.early);
        place.next = waiting.keys().next_back().map_or(place.next, |last| last + 1).max(place.end + 1);
        waiting.into_values().collect()
    }

    /// Nobody here looks at the room any more.
    pub(crate) fn forget(&mut self, room: RoomId) {
        self.0.remove(&room);
    }

    /// After which number messages have not been told, in every room in which some were.
    pub(crate) fn ends(&self) -> Vec<(RoomId, u64)> {
        self.0.iter().map(|(room, place)| (*room, place.next.saturating_sub(1))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, Timestamp, UserId};

    fn message(room: RoomId, seq: u64) -> Arc<Message> {
        Arc::new(Message {
            id: MessageId::new(),
            room,
            sender: UserId::new(),
            sender_name: "ann".to_owned(),
            content: "hello".to_owned(),
            timestamp: Timestamp::now(),
            seq,
            client_id: None,
            mentions: Vec::new(),
            mentions_all: false,
        })
    }

    fn came(order: &mut RoomOrder, room: RoomId, numbers: &[u64]) -> (Vec<u64>, bool) {
        let told = order.came(room, numbers.iter().map(|seq| message(room, *seq)));
        (told.now.iter().map(|message| message.seq).collect(), told.missing)
    }

    #[test]
    fn what_comes_early_waits_and_what_comes_twice_is_told_once() {
        let (mut order, room) = (RoomOrder::default(), RoomId::new());
        assert_eq!(came(&mut order, room, &[5, 6]), (vec![5, 6], false));
        assert_eq!(came(&mut order, room, &[9]), (vec![], true), "7 and 8 are missing from now on");
        assert_eq!(came(&mut order, room, &[10]), (vec![], false), "they are looked for already");
        assert_eq!(came(&mut order, room, &[6, 7]), (vec![7], false));
        assert_eq!(order.missing_after(room), Some(7));
        assert_eq!(came(&mut order, room, &[8, 9]), (vec![8, 9, 10], false));
        assert_eq!(order.missing_after(room), None);
        assert_eq!(came(&mut order, RoomId::new(), &[1]), (vec![1], false), "each room has its own");
    }

    #[test]
    fn what_came_between_the_answer_to_a_join_and_the_first_message_is_missing() {
        let (mut order, room) = (RoomOrder::default(), RoomId::new());
        assert!(order.begin(room, 2) && !order.begin(room, 4), "who comes later is told what the first one is");
        assert_eq!(came(&mut order, room, &[5]), (vec![], true));
        assert_eq!(order.missing_after(room), Some(2));
        assert_eq!(came(&mut order, room, &[3, 4]), (vec![3, 4, 5], false));
        assert!(order.reaches(room, 7), "another server has told 6 and 7 already");
        assert!(!order.reaches(room, 7) && !order.reaches(room, 5));
        assert_eq!(order.missing_after(room), Some(5));
        assert_eq!(came(&mut order, room, &[6, 7]), (vec![6, 7], false));
        assert_eq!((order.missing_after(room), order.told(room)), (None, Some(7)));
    }

    #[test]
    fn numbers_that_no_message_has_are_passed_over_once_the_store_says_so() {
        let (mut order, room) = (RoomOrder::default(), RoomId::new());
        came(&mut order, room, &[1, 5]);
        let found = [message(room, 3), message(room, 5)];
        let told = order.found(room, 1, 3, found);
        assert_eq!(told.iter().map(|message| message.seq).collect::<Vec<_>>(), [3]);
        assert_eq!(order.missing_after(room), Some(3));
        let told = order.give_up(room);
        assert_eq!(told.iter().map(|message| message.seq).collect::<Vec<_>>(), [5]);
        assert_eq!(came(&mut order, room, &[6]), (vec![6], false));
    }
}
