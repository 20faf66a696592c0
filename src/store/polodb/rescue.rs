//! Copies what can be read of a damaged store into a new one, once its damage is accepted.
//!
//! A database with a part that cannot be read is not to be gone on with: it reads through to that part and stops there,
//! and sooner or later it merges its tables, fails, and takes no writes any more.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::batch::{Batch, Outcome};
use super::catalog::Catalog;
use super::change::RoomEntry;
use super::check;
use super::damage::Damage;
use super::database::Database;
use super::layout::{self, ClientIdRecord, StoreRecord};
use super::lookup::{self, readable};
use super::lost::Lost;
use super::pages;
use super::readers::Reader;
use super::txn::Txn;
use crate::model::{Call, CallId, Invite, Message, Room, RoomId, User, UserId};
use crate::store::Result;
use crate::store::records::{RoomRecord, Stored, UserRecord};

/// How much one transaction carries.
const PIECE: usize = 2000;

/// What is known of a damaged store.
#[derive(Debug)]
pub(crate) struct Wreck {
    /// What could be read through, with rooms as they are to go on.
    pub catalog: Catalog,
    /// Its own record, or a new one.
    pub store: StoreRecord,
    /// Rooms that must have been there.
    pub missing_rooms: BTreeSet<RoomId>,
}

/// Copies a damaged store into an empty database. Answers with the store's record there and what turned out to be
/// missing beyond what was known.
///
/// # Errors
/// The database's.
pub(crate) fn copy(from: &Database, to: &Database, wreck: Wreck) -> Result<(Catalog, StoreRecord, Vec<Damage>)> {
    let Wreck { catalog: old, store, missing_rooms } = wreck;
    let store = StoreRecord { users: 0, rooms: 0, call_log: 0, open_calls: 0, doomed: 0, invites: 0, ..store };
    let mut this =
        Copy { from: from.begin()?, to, catalog: Catalog::default(), store, users: BTreeSet::new(), found: Vec::new() };
    let users: Vec<_> = old.users().cloned().collect();
    for users in users.chunks(PIECE) {
        this.commit(|batch, _| {
            users.iter().for_each(|user| batch.set_user(user.id, Some(User::clone(user))));
            Ok(())
        })?;
    }
    let invites: Vec<_> = old.invites().cloned().collect();
    for invites in invites.chunks(PIECE) {
        this.commit(|batch, _| {
            invites.iter().for_each(|invite| batch.set_invite(invite.id, Some(Invite::clone(invite))));
            Ok(())
        })?;
    }
    for entry in old.rooms() {
        let readers = old.readers().in_room(entry.room.id).map(|(user, reader)| (user, reader.clone())).collect();
        this.room(entry.clone(), readers)?;
    }
    for id in missing_rooms {
        if let Some(record) = readable(this.from.get::<RoomRecord>(layout::ROOMS, id.object_id()))? {
            this.headless_room(record.into_room(None))?;
        }
    }
    this.calls(&old)?;
    this.users_known_elsewhere()?;
    Ok((this.catalog, this.store, this.found))
}

struct Copy<'a> {
    from: Txn<'a>,
    to: &'a Database,
    catalog: Catalog,
    store: StoreRecord,
    /// Everybody who is named somewhere.
    users: BTreeSet<UserId>,
    found: Vec<Damage>,
}

impl Copy<'_> {
    fn commit(&mut self, work: impl FnOnce(&mut Batch<'_>, &Txn<'_>) -> Result<()>) -> Result<()> {
        let mut batch = Batch::new(self.to.begin()?, &mut self.catalog, &mut self.store);
        work(&mut batch, &self.from)?;
        match batch.finish() {
            Outcome::Done(_) => Ok(()),
            Outcome::Failed(error, _) => Err(error),
        }
    }

    /// A room whose head is missing: its messages are as many as are there, and numbers go on far beyond.
    fn headless_room(&mut self, room: Room) -> Result<()> {
        let last = check::last_from(&self.from, room.id, 0)?;
        let numbered = last + check::SINCE_MARK;
        let lost = Lost::new(vec![(last + 1, numbered)]);
        self.room(RoomEntry::new(Arc::new(Room { numbered, ..room }), lost), Vec::new())
    }

    fn room(&mut self, entry: RoomEntry, readers: Vec<(UserId, Reader)>) -> Result<()> {
        let numbered = entry.numbered();
        let RoomEntry { room, lost, calls_to_all, .. } = entry;
        self.users.extend(room.participants.iter().chain([&room.created_by]));
        let mut client_ids = HashSet::new();
        let mut missing: Vec<(u64, u64)> = Vec::new();
        let mut newest = None;
        let mut seq = lost.up(1);
        while seq <= numbered {
            let mut messages: Vec<Message> = Vec::new();
            while seq <= numbered && messages.len() < PIECE {
                match lookup::message(&self.from, room.id, seq)? {
                    Some(message) => messages.push(message),
                    None => match missing.last_mut() {
                        Some(range) if range.1 + 1 == seq => range.1 = seq,
                        _ => missing.push((seq, seq)),
                    },
                }
                seq = lost.up(seq + 1);
            }
            self.users.extend(messages.iter().map(|message| message.sender));
            self.messages(&messages, &mut client_ids)?;
            newest = messages.pop().or(newest);
        }
        let told =
            |(from, to): &(u64, u64)| Damage::Messages { room: room.id, name: room.name.clone(), from: *from, to: *to };
        self.found.extend(missing.iter().map(told));
        let lost = Lost::new(lost.ranges().iter().copied().chain(missing).collect());
        let room = Room { last_message: newest.map(Arc::new), ..Room::clone(&room) };
        let room = Arc::new(Room { last_seq: room.last_seq(), ..room });
        self.commit(|batch, _| {
            let id = room.id;
            batch.set_room(id, Some(RoomEntry { calls_to_all, ..RoomEntry::new(room, lost) }));
            readers.into_iter().for_each(|(user, reader)| batch.set_reader(id, user, Some(reader)));
            Ok(())
        })
    }

    fn messages(&mut self, messages: &[Message], client_ids: &mut HashSet<String>) -> Result<()> {
        let records: Vec<_> = messages.iter().map(layout::message_record).collect();
        let keys = messages.iter().filter_map(|message| {
            let client_id = message.client_id.as_deref()?;
            let key = layout::client_id_key(message.room, message.sender, client_id);
            client_ids.insert(key.clone()).then(|| {
                let record = ClientIdRecord { key: key.clone(), seq: message.seq as i64 };
                (key.into(), record)
            })
        });
        let keys: Vec<_> = keys.collect();
        self.commit(|batch, _| {
            batch.write(|txn| {
                txn.insert(layout::MESSAGES, &records)?;
                if keys.is_empty() { Ok(()) } else { txn.insert(layout::CLIENT_IDS, &keys) }
            })
        })
    }

    fn calls(&mut self, old: &Catalog) -> Result<()> {
        let mut calls: BTreeMap<CallId, Vec<UserId>> = BTreeMap::new();
        for (user, ids) in old.history() {
            self.users.insert(user);
            ids.iter().for_each(|id| calls.entry(*id).or_default().push(user));
        }
        let calls: Vec<_> = calls.into_iter().collect();
        for calls in calls.chunks(PIECE) {
            let mut missing = 0;
            self.commit(|batch, from| {
                for (id, users) in calls {
                    let open = old.open_call(*id).map(|call| Call::clone(call));
                    let call = match &open {
                        Some(_) => open.clone(),
                        None => readable(pages::ended_call(from, *id))?,
                    };
                    let Some(call) = call else {
                        missing += 1;
                        continue;
                    };
                    batch.set_call(&call, open.is_some())?;
                    batch.log_call(*id, users);
                }
                Ok(())
            })?;
            if missing > 0 {
                self.found.push(Damage::Unreadable(format!("{missing} calls of the history are missing")));
            }
        }
        Ok(())
    }

    /// A reading through ends at the first part that cannot be read; those behind are found by their ids.
    fn users_known_elsewhere(&mut self) -> Result<()> {
        let known: Vec<_> = self.users.iter().filter(|id| self.catalog.user(**id).is_none()).copied().collect();
        for ids in known.chunks(PIECE) {
            self.commit(|batch, from| {
                for id in ids {
                    let found = from.get::<UserRecord>(layout::USERS, id.object_id());
                    if let Some(record) = readable(found)? {
                        batch.set_user(*id, Some(User::from(record)));
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
