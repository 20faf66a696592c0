//! Walks through a store in one order: calls, accounts, invitations, and each room with its messages.
//!
//! Others may change the store meanwhile. A room is told as it is when its turn comes, with the messages up to the
//! newest of that moment, and one that is deleted under the walk is left out as a whole.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::digest::{Adding, Totals};
use super::lines::Line;
use super::{TransferError, Watch};
use crate::model::{Message, Page, Room, RoomId, RoomKind, UserId};
use crate::store::{Records, Store};

/// How many records go at once.
const BATCH: usize = 1000;

/// What the records of a walk go to.
#[async_trait]
pub(super) trait Sink: Send {
    /// Some records, with their lines. Rooms come before their messages, and of each room at most one batch of
    /// messages.
    async fn take(&mut self, records: Vec<Records>, lines: Vec<u8>) -> Result<(), TransferError>;

    /// The room that came last was deleted before it was there as a whole; what came of it is void.
    async fn gone(&mut self, room: RoomId) -> Result<(), TransferError>;
}

/// Brings everything in a store to a sink, and adds it up, in the lines of archives of a version.
pub(super) async fn walk(
    store: &Arc<dyn Store>,
    sink: &mut dyn Sink,
    what: &'static str,
    version: u64,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    // Rooms first, then accounts: whom a room names is among them.
    let mut rooms = store.rooms().await?;
    rooms.sort_by_key(|room| room.id);
    watch.begin(what, rooms.iter().map(|room| room.last_seq()).sum());
    let mut walk =
        Walk { store, sink, version, adding: Adding::new(), users: HashSet::new(), portion: Portion::default() };
    walk.calls().await?;
    walk.users().await?;
    walk.invites().await?;
    for room in &rooms {
        walk.room(room.id, watch).await?;
    }
    walk.pass().await?;
    Ok(walk.adding.totals())
}

/// What goes to the sink next.
#[derive(Default)]
struct Portion {
    rooms: Vec<Room>,
    readers: Vec<(RoomId, Vec<(UserId, u64)>)>,
    messages: Vec<(RoomId, Vec<Message>)>,
    lines: Vec<u8>,
    count: usize,
}

struct Walk<'a> {
    store: &'a Arc<dyn Store>,
    sink: &'a mut dyn Sink,
    version: u64,
    adding: Adding,
    /// The accounts that were told.
    users: HashSet<UserId>,
    portion: Portion,
}

impl Walk<'_> {
    fn add(&mut self, line: &Line) {
        let text = line.text();
        self.adding.add(line, &text);
        self.portion.lines.extend(text);
        self.portion.count += 1;
    }

    /// Gives to the sink what is gathered.
    async fn pass(&mut self) -> Result<(), TransferError> {
        let Portion { rooms, readers, messages, lines, count } = std::mem::take(&mut self.portion);
        if count == 0 {
            return Ok(());
        }
        let rooms = (!rooms.is_empty()).then_some(Records::Rooms(rooms));
        let readers = readers.into_iter().map(|(room, readers)| Records::Readers(room, readers));
        let messages = messages.into_iter().map(|(room, messages)| Records::Messages(room, messages));
        self.sink.take(rooms.into_iter().chain(readers).chain(messages).collect(), lines).await
    }

    async fn take(&mut self, records: Records, lines: Vec<Line>) -> Result<(), TransferError> {
        lines.iter().for_each(|line| self.add(line));
        let Portion { lines, .. } = std::mem::take(&mut self.portion);
        self.sink.take(vec![records], lines).await
    }

    async fn calls(&mut self) -> Result<(), TransferError> {
        let mut last = None;
        loop {
            let calls = self.store.dump_calls(last, BATCH).await?;
            let Some(newest) = calls.last() else { return Ok(()) };
            last = Some(newest.id);
            let lines = calls.iter().map(Line::from).collect();
            self.take(Records::Calls(calls), lines).await?;
        }
    }

    async fn users(&mut self) -> Result<(), TransferError> {
        let mut last = None;
        loop {
            let users = self.store.dump_users(last, BATCH).await?;
            let Some(newest) = users.last() else { return Ok(()) };
            last = Some(newest.id);
            self.users.extend(users.iter().map(|user| user.id));
            let lines = users.iter().map(Line::from).collect();
            self.take(Records::Users(users), lines).await?;
        }
    }

    async fn invites(&mut self) -> Result<(), TransferError> {
        let mut last = None;
        loop {
            let invites = self.store.dump_invites(last, BATCH).await?;
            let Some(newest) = invites.last() else { return Ok(()) };
            last = Some(newest.id);
            let lines = invites.iter().map(Line::from).collect();
            self.take(Records::Invites(invites), lines).await?;
        }
    }

    /// A room and its messages, or nothing of it where it is deleted meanwhile.
    async fn room(&mut self, id: RoomId, watch: &mut dyn Watch) -> Result<(), TransferError> {
        let Some(room) = self.store.room(id).await? else { return Ok(()) };
        let before = self.adding.clone();
        let Portion { lines, rooms, readers, messages, .. } = &self.portion;
        let begun = (lines.len(), rooms.len(), readers.len(), messages.len());
        let room = Room { last_message: None, last_seq: room.last_seq(), ..self.with_known(&room).await? };
        let (to, readers) = (room.last_seq(), readers_of(self.store, &room).await?);
        self.add(&Line::of_room(&room, &readers, self.version));
        self.portion.rooms.push(room);
        if !readers.is_empty() {
            self.portion.readers.push((id, readers));
        }
        let passed = match self.messages(id, to, watch).await? {
            Messages::All => return Ok(()),
            Messages::RoomGone { passed } => passed,
        };
        self.adding = before;
        if passed {
            self.portion = Portion { lines: Line::gone(id).text(), count: 1, ..Portion::default() };
            self.pass().await?;
            return self.sink.gone(id).await;
        }
        let (lines, rooms, readers, messages) = begun;
        self.portion.lines.truncate(lines);
        self.portion.rooms.truncate(rooms);
        self.portion.readers.truncate(readers);
        self.portion.messages.truncate(messages);
        Ok(())
    }

    /// The room without participants who have an account that was not told: it was made since, and they joined then.
    async fn with_known(&mut self, room: &Room) -> Result<Room, TransferError> {
        if room.kind == RoomKind::Direct {
            return Ok(room.clone());
        }
        let mut participants = Vec::with_capacity(room.participants.len());
        for user in room.participants.iter() {
            if self.users.contains(user) || self.store.user(*user).await?.is_none() {
                participants.push(*user);
            }
        }
        let all = participants.len() == room.participants.len();
        let participants = if all { room.participants.clone() } else { Arc::new(participants) };
        Ok(Room { participants, ..room.clone() })
    }

    async fn messages(&mut self, room: RoomId, to: u64, watch: &mut dyn Watch) -> Result<Messages, TransferError> {
        let (mut after, mut passed) = (0, false);
        loop {
            if self.portion.count >= BATCH {
                self.pass().await?;
                passed = true;
            }
            let page = if after < to { self.store.messages(room, Page::After(after), BATCH).await? } else { None };
            let mut messages = page.map(|page| page.messages).unwrap_or_default();
            messages.retain(|message| message.seq <= to);
            let Some(newest) = messages.last() else { break };
            watch.advance(newest.seq - after);
            after = newest.seq;
            messages.iter().for_each(|message| self.add(&Line::from(message)));
            self.portion.messages.push((room, messages));
            if after < to && self.portion.count < BATCH {
                // A page that is not full may have another one behind it, which is not to lie in the same portion.
                self.pass().await?;
                passed = true;
            }
        }
        // Messages go after their room: where it is still there now, all of them were.
        let gone = self.store.room(room).await?.is_none();
        Ok(if gone { Messages::RoomGone { passed } } else { Messages::All })
    }
}

/// How far the participants of a room have read, in their order.
async fn readers_of(store: &Arc<dyn Store>, room: &Room) -> Result<Vec<(UserId, u64)>, TransferError> {
    let readings = store.readings_in(room, &room.participants).await?;
    let read = |user: &UserId| readings.get(user).map_or(0, |reading| reading.read_seq.min(room.last_seq()));
    Ok(room.participants.iter().map(|user| (*user, read(user))).collect())
}

/// How the messages of a room came.
enum Messages {
    All,
    /// `passed`: some of the room went to the sink already.
    RoomGone {
        passed: bool,
    },
}

/// A sink for walks that only add up.
pub(super) struct Nowhere;

#[async_trait]
impl Sink for Nowhere {
    async fn take(&mut self, _: Vec<Records>, _: Vec<u8>) -> Result<(), TransferError> {
        Ok(())
    }

    async fn gone(&mut self, _: RoomId) -> Result<(), TransferError> {
        Ok(())
    }
}
