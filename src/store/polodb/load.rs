//! Reads at the start what is kept in memory, and notes what is missing or cannot be read.

use std::collections::HashMap;
use std::sync::Arc;

use bson::oid::ObjectId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::catalog::Catalog;
use super::change::{Change, LogPiece, RoomEntry};
use super::check;
use super::damage::Damage;
use super::layout::{self, CallLogRecord, DoomedRecord, GapsRecord, Head, StoreRecord};
use super::lost::Lost;
use super::txn::{Collection, Txn};
use crate::model::{Call, CallId, Room, RoomId, User, UserId};
use crate::store::records::{CallRecord, RoomRecord, Stored, UserRecord};
use crate::store::{Result, StoreError};

/// What lies in a store.
#[derive(Debug, Default)]
pub struct Loaded {
    pub catalog: Catalog,
    /// `None` where there is none, as in a new store.
    pub store: Option<StoreRecord>,
    /// What is wrong, as far as it shows here.
    pub damage: Vec<Damage>,
    /// Rooms whose head is missing.
    pub headless: Vec<RoomId>,
}

/// Reads everything but messages and ended calls; of each room the newest message.
///
/// # Errors
/// [`StoreError::Unavailable`] where the database does not read.
pub fn load(txn: &Txn<'_>) -> Result<Loaded> {
    let mut loaded = Loaded { store: txn.get(layout::STORE, layout::STORE_ID)?, ..Loaded::default() };
    let users = loaded.read(txn, layout::USERS, |loaded, record: UserRecord| {
        let user = User::from(record);
        loaded.catalog.apply(Change::User(user.id, Some(Arc::new(user))));
        Ok(())
    })?;
    let rooms = load_rooms(txn, &mut loaded)?;
    let doomed = loaded.read(txn, layout::DOOMED, |loaded, record: DoomedRecord| {
        loaded.catalog.apply(Change::Doomed(RoomId::from_object_id(record.room), Some(record.doomed())));
        Ok(())
    })?;
    let open_calls = loaded.read(txn, layout::OPEN_CALLS, |loaded, record: CallRecord| {
        let call = Call::try_from(record)?;
        loaded.catalog.apply(Change::OpenCall(call.id, Some(Arc::new(call))));
        Ok(())
    })?;
    let call_log = load_history(txn, &mut loaded)?;

    let found = [users, rooms, doomed, open_calls, call_log];
    let expected = match &loaded.store {
        Some(store) => [store.users, store.rooms, store.doomed, store.open_calls, store.call_log],
        None => [0; 5],
    };
    let what = ["users", "rooms", "deleted rooms", "open calls", "pieces of the calls' history"];
    for ((what, expected), found) in what.into_iter().zip(expected).zip(found) {
        if expected != found {
            loaded.damage.push(Damage::Count { what, expected, found });
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// Reads a collection through, and counts what could be read.
    fn read<T>(
        &mut self,
        txn: &Txn<'_>,
        from: Collection,
        mut each: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<i64>
    where
        T: DeserializeOwned + Serialize + Send + Sync,
    {
        let mut count = 0;
        txn.scan(from, |record| match record.and_then(|record| each(self, record)) {
            Ok(()) => count += 1,
            Err(error) => self.damage.push(Damage::Unreadable(error.to_string())),
        })?;
        Ok(count)
    }
}

fn load_rooms(txn: &Txn<'_>, loaded: &mut Loaded) -> Result<i64> {
    let mut apart: HashMap<ObjectId, Lost> = HashMap::new();
    loaded.read(txn, layout::GAPS, |_, record: GapsRecord| {
        apart.insert(record.room, record.lost());
        Ok(())
    })?;
    let mut heads: HashMap<ObjectId, Head> = HashMap::new();
    loaded.read(txn, layout::HEADS, |_, head: Head| {
        heads.insert(head.room, head);
        Ok(())
    })?;
    let count = loaded.read(txn, layout::ROOMS, |loaded, record: RoomRecord| {
        let id = RoomId::from_object_id(record.id);
        let head = heads.remove(&record.id).unwrap_or_else(|| {
            loaded.headless.push(id);
            Head { room: record.id, seq: 0, lost: Vec::new(), gaps: None, last: None }
        });
        let lost = match head.gaps {
            None => layout::read_ranges(&head.lost),
            Some(_) => apart.remove(&record.id).unwrap_or_default(),
        };
        if head.gaps.is_some_and(|count| count != lost.ranges().len() as i64) {
            loaded.damage.push(Damage::Unreadable(format!("room {id}: the list of its numbers without a message")));
        }
        let numbered = head.seq.max(0) as u64;
        let newest = check::message(txn, id, lost.down(numbered))?.map(Arc::new);
        let last_seq = head.last.map_or(0, |last| last.max(0) as u64);
        let room = Room { last_seq, numbered, ..record.into_room(newest) };
        let room = Room { last_seq: room.last_seq(), ..room };
        let entry = RoomEntry { room: Arc::new(room), lost };
        loaded.catalog.apply(Change::Room(id, Some(entry)));
        Ok(())
    })?;
    // A room takes its head along when it goes: one without a room is what is left of a room that is missing.
    for room in heads.into_keys() {
        loaded.damage.push(Damage::Room(RoomId::from_object_id(room)));
    }
    Ok(count)
}

fn load_history(txn: &Txn<'_>, loaded: &mut Loaded) -> Result<i64> {
    let mut newest = LogPiece::default();
    let mut history: HashMap<UserId, Vec<CallId>> = HashMap::new();
    let count = loaded.read(txn, layout::CALL_LOG, |_, record: CallLogRecord| {
        layout::unpack_log_entries(&record.entries.bytes, |call, user| history.entry(user).or_default().push(call))?;
        if record.number >= newest.number {
            newest = LogPiece { number: record.number, entries: record.entries.bytes };
        }
        Ok(())
    })?;
    for (user, calls) in history {
        for call in calls {
            loaded.catalog.apply(Change::History(user, call, true));
        }
    }
    loaded.catalog.apply(Change::Log(Arc::new(newest)));
    Ok(count)
}

/// Whether the store is of a version that this program knows.
///
/// # Errors
/// The version that it is of.
pub const fn known_version(store: &StoreRecord) -> std::result::Result<(), i32> {
    if store.version > layout::VERSION { Err(store.version) } else { Ok(()) }
}

/// A message, if it is there and can be read.
///
/// # Errors
/// [`StoreError::Unavailable`].
pub fn readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(StoreError::Corrupt(_)) => Ok(None),
        found => found,
    }
}
