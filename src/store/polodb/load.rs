//! Reads at the start what is kept in memory, and notes what is missing or cannot be read.

use std::collections::HashMap;
use std::sync::Arc;

use bson::oid::ObjectId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::catalog::Catalog;
use super::change::{Change, LogPiece, RoomEntry};
use super::damage::Damage;
use super::layout::{self, CallLogRecord, CallsRecord, DoomedRecord, GapsRecord, Head, ReaderRecord, StoreRecord};
use super::lookup;
use super::lost::Lost;
use super::readers::Reader;
use super::txn::{Collection, Txn};
use crate::model::{Call, CallId, Invite, Room, RoomId, User, UserId};
use crate::store::Result;
use crate::store::records::{CallRecord, InviteRecord, RoomRecord, Stored, UserRecord};

/// What lies in a store.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
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
pub(crate) fn load(txn: &Txn<'_>) -> Result<Loaded> {
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
    let invites = loaded.read(txn, layout::INVITES, |loaded, record: InviteRecord| {
        let invite = Invite::from(record);
        loaded.catalog.apply(Change::Invite(invite.id, Some(Arc::new(invite))));
        Ok(())
    })?;

    let found = [users, rooms, doomed, open_calls, call_log, invites];
    let expected = match &loaded.store {
        Some(store) => [store.users, store.rooms, store.doomed, store.open_calls, store.call_log, store.invites],
        None => [0; 6],
    };
    let what = ["users", "rooms", "deleted rooms", "open calls", "pieces of the calls' history", "invitations"];
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
    let mut to_all: HashMap<ObjectId, Arc<Vec<u64>>> = HashMap::new();
    loaded.read(txn, layout::CALLS_TO_ALL, |_, record: CallsRecord| {
        let seqs = record.seqs.iter().filter_map(|seq| u64::try_from(*seq).ok()).collect();
        to_all.insert(record.room, Arc::new(seqs));
        Ok(())
    })?;
    let mut readers: HashMap<ObjectId, HashMap<UserId, Reader>> = HashMap::new();
    loaded.read(txn, layout::READERS, |_, record: ReaderRecord| {
        readers.entry(record.room).or_default().insert(UserId::from_object_id(record.user), record.reader());
        Ok(())
    })?;
    let count = loaded.read(txn, layout::ROOMS, |loaded, record: RoomRecord| {
        let (record_id, id) = (record.id, RoomId::from_object_id(record.id));
        let head = heads.remove(&record.id).unwrap_or_else(|| {
            loaded.headless.push(id);
            Head { room: record.id, seq: 0, lost: Vec::new(), gaps: None, last: None, senders: None }
        });
        let lost = match head.gaps {
            None => layout::read_ranges(&head.lost),
            Some(_) => apart.remove(&record.id).unwrap_or_default(),
        };
        if head.gaps.is_some_and(|count| count != lost.ranges().len() as i64) {
            loaded.damage.push(Damage::Unreadable(format!("room {id}: the list of its numbers without a message")));
        }
        let numbered = head.seq.max(0) as u64;
        let newest = lookup::message(txn, id, lost.down(numbered))?.map(Arc::new);
        let last_seq = head.last.map_or(0, |last| last.max(0) as u64);
        let room = Room { last_seq, numbered, ..record.into_room(newest) };
        let room = Room { last_seq: room.last_seq(), ..room };
        let senders = head.senders();
        let mut entry = RoomEntry::new(Arc::new(room), lost);
        entry.calls_to_all = to_all.remove(&record_id).unwrap_or_default();
        entry.senders = Arc::new(senders.iter().map(|(user, _)| *user).collect());
        load_readers(loaded, &entry, readers.remove(&record_id).unwrap_or_default(), &senders);
        loaded.catalog.apply(Change::Room(id, Some(entry)));
        Ok(())
    })?;
    // A room takes its head along when it goes: one without a room is what is left of a room that is missing.
    for room in heads.into_keys() {
        loaded.damage.push(Damage::Room(RoomId::from_object_id(room)));
    }
    Ok(count)
}

/// Who takes part has read as far as is stored, and else all that is there: so it is in a store of an older version.
fn load_readers(
    loaded: &mut Loaded,
    entry: &RoomEntry,
    mut stored: HashMap<UserId, Reader>,
    senders: &[(UserId, u64)],
) {
    for user in entry.room.participants.iter() {
        let mut reader = stored.remove(user).unwrap_or_else(|| Reader::up_to(entry.room.last_seq()));
        if let Some((_, sent)) = senders.iter().find(|(sender, _)| sender == user) {
            reader = reader.having_read(*sent);
        }
        loaded.catalog.apply(Change::Reader(entry.room.id, *user, Some(reader)));
    }
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
pub(crate) const fn known_version(store: &StoreRecord) -> std::result::Result<(), i32> {
    if store.version > layout::VERSION { Err(store.version) } else { Ok(()) }
}
