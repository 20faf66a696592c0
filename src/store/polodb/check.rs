//! What a store is checked for at the start, as far as it can cheaply be known: that the newest messages of every room
//! are there, and that the store has come as far as its mark says.

use std::sync::Arc;

use super::change::RoomEntry;
use super::damage::Damage;
use super::load::Loaded;
use super::lookup::message;
use super::lost::Lost;
use super::mark::Mark;
use super::txn::Txn;
use crate::model::{Message, Room, RoomId};
use crate::store::Result;

/// How many messages are looked up in all (18 µs each), and how many of one room at most.
const LOOK_UPS: usize = 10_000;
const OF_A_ROOM: usize = 50;

/// What may have been numbered in one room since the mark was written, and be lost with the log: ten seconds of what
/// the store can take. Numbers go on beyond, for one that was told to a client is never given again.
pub(crate) const SINCE_MARK: u64 = 100_000;

/// Looks for what is missing. Answers with the rooms that must change if the damage is accepted, as they go on then.
///
/// # Errors
/// The database's.
pub(crate) fn check(txn: &Txn<'_>, loaded: &mut Loaded, mark: Option<&Mark>) -> Result<Vec<RoomEntry>> {
    let commits = loaded.store.as_ref().map_or(0, |store| store.commits);
    let cut = mark.filter(|mark| mark.commits > commits);
    if let Some(mark) = cut {
        loaded.damage.push(Damage::Cut { from: commits + 1, to: mark.commits });
        for id in mark.rooms.keys().filter(|id| !loaded.catalog.has_known(**id)) {
            let missing = Damage::Room(*id);
            if !loaded.damage.contains(&missing) {
                loaded.damage.push(missing);
            }
        }
    }
    let rooms: Vec<RoomEntry> = loaded.catalog.rooms().cloned().collect();
    let each = (LOOK_UPS / rooms.len().max(1)).clamp(1, OF_A_ROOM);
    let mut repairs = Vec::new();
    for entry in rooms {
        let id = entry.room.id;
        let marked = mark.and_then(|mark| mark.rooms.get(&id)).copied().unwrap_or(0);
        let headless = loaded.headless.contains(&id);
        let room = Examined::new(txn, &entry, each, headless)?;
        let mut numbered = room.numbered.max(marked);
        if cut.is_some() || headless {
            numbered += SINCE_MARK;
        }
        let mut missing = room.missing;
        if marked > room.numbered {
            missing.push((room.numbered + 1, marked));
        }
        let name = &entry.room.name;
        let ranges =
            missing.iter().map(|(from, to)| Damage::Messages { room: id, name: name.clone(), from: *from, to: *to });
        loaded.damage.extend(ranges);
        if let Some(seq) = room.beyond {
            loaded.damage.push(Damage::Beyond { room: id, name: name.clone(), seq });
        }
        if numbered != entry.numbered() || !missing.is_empty() {
            let lost = entry.lost.ranges().iter().copied().chain(missing).chain([(room.numbered + 1, numbered)]);
            // What clients were told goes back with the newest message, so that they notice; unless there was none
            // under it before.
            let newest = entry.room.last_message.as_ref().map_or(0, |message| message.seq);
            let last_seq = if entry.room.last_seq > newest { entry.room.last_seq } else { 0 };
            let told = Room { last_message: room.newest.map(Arc::new), last_seq, numbered, ..Room::clone(&entry.room) };
            repairs.push(RoomEntry { room: Arc::new(told), lost: Lost::new(lost.collect()), ..entry.clone() });
        }
    }
    Ok(repairs)
}

/// What the newest end of a room looks like.
struct Examined {
    /// The highest number of a message that is there, or that must have been.
    numbered: u64,
    newest: Option<Message>,
    /// Which numbers are missing: ranges of first and last, the highest range first.
    missing: Vec<(u64, u64)>,
    /// The first number that is taken though it should be free.
    beyond: Option<u64>,
}

impl Examined {
    fn new(txn: &Txn<'_>, entry: &RoomEntry, each: usize, headless: bool) -> Result<Self> {
        let id = entry.room.id;
        let mut this = Self { numbered: entry.numbered(), newest: None, missing: Vec::new(), beyond: None };
        if message(txn, id, entry.numbered() + 1)?.is_some() {
            this.numbered = last_from(txn, id, entry.numbered() + 1)?;
            this.beyond = (!headless).then_some(entry.numbered() + 1);
        }
        let mut seq = entry.lost.down(this.numbered);
        for _ in 0..each {
            if seq == 0 {
                break;
            }
            match message(txn, id, seq)? {
                Some(found) => drop(this.newest.get_or_insert(found)),
                None => this.miss(seq, seq),
            }
            seq = entry.lost.down(seq - 1);
        }
        if this.newest.is_none() && seq > 0 {
            // Everything that was looked at is missing: find where it begins to.
            let last = last_up_to(txn, id, seq, &entry.lost)?;
            this.newest = message(txn, id, last)?;
            if last < seq {
                this.miss(last + 1, seq);
            }
        }
        Ok(this)
    }

    fn miss(&mut self, from: u64, to: u64) {
        match self.missing.last_mut() {
            Some(range) if range.0 == to + 1 => range.0 = from,
            _ => self.missing.push((from, to)),
        }
    }
}

/// The last message of a run that is there at `from`, where 0 counts as there.
pub(crate) fn last_from(txn: &Txn<'_>, id: RoomId, from: u64) -> Result<u64> {
    let mut step = 1;
    while message(txn, id, from + step)?.is_some() {
        step *= 2;
    }
    last_between(txn, id, from, from + step, &Lost::default())
}

/// The last message up to `to`, which is missing, in a room that is whole before but for what is lost.
fn last_up_to(txn: &Txn<'_>, id: RoomId, to: u64, lost: &Lost) -> Result<u64> {
    Ok(lost.down(last_between(txn, id, 0, to + 1, lost)?))
}

/// Bisects between one that is there (or 0) and one that is not. One that is lost counts as there where the one before
/// it is.
fn last_between(txn: &Txn<'_>, id: RoomId, mut there: u64, mut not: u64, lost: &Lost) -> Result<u64> {
    while not - there > 1 {
        let middle = there + (not - there) / 2;
        let near = lost.down(middle);
        if near <= there || message(txn, id, near)?.is_some() { there = middle } else { not = middle }
    }
    Ok(there)
}
