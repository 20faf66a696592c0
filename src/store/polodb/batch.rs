//! One transaction in the making: the intents of a batch see each other's changes, and all become durable together or
//! none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bson::Bson;

use super::catalog::Catalog;
use super::change::{Change, Doomed, LogPiece, RoomEntry};
use super::layout::{self, CallLogRecord, CallsRecord, DoomedRecord, GapsRecord, Head, ReaderRecord, StoreRecord};
use super::participation::Changed;
use super::readers::Reader;
use super::txn::{CommitFailed, Touched, Txn};
use crate::model::{Call, CallId, Invite, InviteId, Room, RoomId, RoomKind, User, UserId};
use crate::store::records::{CallRecord, InviteRecord, RoomRecord, Stored, UserRecord};
use crate::store::{Result, StoreError};

/// How a batch ended.
pub(crate) enum Outcome {
    /// It is durable: what the readers' catalog is to follow. Empty where nothing was changed.
    Done(Vec<Change>),
    /// Nothing of it is there; the writer's catalog is as it was. With what the commit, if it came so far, may have
    /// left in the log.
    Failed(StoreError, Vec<Touched>),
}

/// What one transaction carries out: intents decide and change through it.
pub(crate) struct Batch<'a> {
    txn: Txn<'a>,
    catalog: &'a mut Catalog,
    /// The store's own record as of the last commit.
    store: &'a mut StoreRecord,
    done: Vec<Change>,
    undo: Vec<Change>,
    written: bool,
    broken: Option<StoreError>,
    users: BTreeSet<UserId>,
    rooms: BTreeSet<RoomId>,
    heads: BTreeSet<RoomId>,
    gaps: BTreeSet<RoomId>,
    readers: BTreeSet<(RoomId, UserId)>,
    calls_to_all: BTreeSet<RoomId>,
    invites: BTreeSet<InviteId>,
    /// Pieces of the calls' history to be written, by number.
    log: BTreeMap<i64, Arc<LogPiece>>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(txn: Txn<'a>, catalog: &'a mut Catalog, store: &'a mut StoreRecord) -> Self {
        Self {
            txn,
            catalog,
            store,
            done: Vec::new(),
            undo: Vec::new(),
            written: false,
            broken: None,
            users: BTreeSet::new(),
            rooms: BTreeSet::new(),
            heads: BTreeSet::new(),
            gaps: BTreeSet::new(),
            readers: BTreeSet::new(),
            calls_to_all: BTreeSet::new(),
            invites: BTreeSet::new(),
            log: BTreeMap::new(),
        }
    }

    /// Users and rooms as the intents before this one will have made them.
    pub(crate) fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// For looking up what the catalog does not hold.
    pub(crate) fn txn(&self) -> &Txn<'a> {
        &self.txn
    }

    /// Writes to the database at once. An error breaks the whole batch: nobody can tell what came of it.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn write<T>(&mut self, write: impl FnOnce(&mut Txn<'a>) -> Result<T>) -> Result<T> {
        self.written = true;
        write(&mut self.txn).inspect_err(|error| self.broken = Some(error.clone()))
    }

    /// Whether the batch cannot be committed any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Runs one intent. One that refuses must have changed nothing: otherwise the whole batch is given up.
    pub(crate) fn attempt<T>(&mut self, intent: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = (self.done.len(), self.written);
        self.written = false;
        let answer = intent(self);
        if answer.is_err() && (self.written || self.done.len() > before.0) && self.broken.is_none() {
            self.broken = Some(StoreError::Bug("an intent failed half-way".to_owned()));
        }
        self.written |= before.1;
        answer
    }

    pub(crate) fn set_user(&mut self, id: UserId, user: Option<User>) {
        self.users.insert(id);
        self.apply(Change::User(id, user.map(Arc::new)));
    }

    pub(crate) fn set_invite(&mut self, id: InviteId, invite: Option<Invite>) {
        self.invites.insert(id);
        self.apply(Change::Invite(id, invite.map(Arc::new)));
    }

    pub(crate) fn set_room(&mut self, id: RoomId, entry: Option<RoomEntry>) {
        let lost = |entry: Option<&RoomEntry>| entry.map(|entry| entry.lost.clone()).unwrap_or_default();
        let (old_lost, new_lost) = (lost(self.catalog.room(id)), lost(entry.as_ref()));
        if old_lost != new_lost && (layout::lie_apart(&old_lost) || layout::lie_apart(&new_lost)) {
            self.gaps.insert(id);
        }
        match (self.catalog.room(id), &entry) {
            (Some(old), Some(new)) => {
                let (a, b) = (&old.room, &new.room);
                let same_text = a.name == b.name && a.description == b.description && a.created_by == b.created_by;
                if !same_text || !Arc::ptr_eq(&a.participants, &b.participants) {
                    self.rooms.insert(id);
                }
                if a.numbered() != b.numbered() || a.last_seq() != b.last_seq() || old.lost != new.lost {
                    self.heads.insert(id);
                }
                if !Arc::ptr_eq(&old.calls_to_all, &new.calls_to_all) {
                    self.calls_to_all.insert(id);
                }
            }
            _ => {
                self.rooms.insert(id);
                self.heads.insert(id);
                self.calls_to_all.insert(id);
            }
        }
        self.follow_participants(id, entry.as_ref().map(|entry| &*entry.room));
        self.apply(Change::Room(id, entry));
    }

    /// Who begins to take part in a room has read all that is there; who takes part no more has read nothing.
    fn follow_participants(&mut self, id: RoomId, new: Option<&Room>) {
        let list = |room: Option<&Room>| room.map_or_else(Arc::default, |room| Arc::clone(&room.participants));
        let (old, new_list) = (list(self.catalog.room(id).map(|entry| &*entry.room)), list(new));
        if Arc::ptr_eq(&old, &new_list) {
            return;
        }
        let Changed { gone, come } = Changed::between(&old, &new_list);
        for gone in gone {
            self.set_reader(id, gone, None);
        }
        let read = new.map_or(0, Room::last_seq);
        for come in come {
            self.set_reader(id, come, Some(Reader::up_to(read)));
        }
    }

    /// Notes how far somebody who takes part in a room has read.
    pub(crate) fn set_reader(&mut self, room: RoomId, user: UserId, reader: Option<Reader>) {
        self.readers.insert((room, user));
        self.apply(Change::Reader(room, user, reader));
    }

    /// As [`Batch::set_reader`], for one whose number stands in the head of the room.
    pub(crate) fn set_sender(&mut self, room: RoomId, user: UserId, reader: Reader) {
        self.apply(Change::Reader(room, user, Some(reader)));
    }

    /// All participants have a reader from this batch on.
    pub(crate) fn have_readers(&mut self) {
        self.store.has_readers = true;
        self.written = true;
    }

    /// Keeps a call as it now stands: an open one here, an ended one in its own collection.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn set_call(&mut self, call: &Call, open: bool) -> Result<()> {
        let (id, record) = (call.id, CallRecord::from(call));
        let was_open = self.catalog.open_call(id).is_some();
        self.write(|txn| {
            let (to, from) =
                if open { (layout::OPEN_CALLS, layout::CALLS) } else { (layout::CALLS, layout::OPEN_CALLS) };
            if open || was_open {
                txn.take(from, record.id)?;
            }
            txn.put(to, record.id, &record)
        })?;
        if open || was_open {
            self.apply(Change::OpenCall(id, open.then(|| Arc::new(call.clone()))));
        }
        Ok(())
    }

    /// Puts a call into the history of users who do not have it yet.
    pub(crate) fn log_call(&mut self, call: CallId, users: &[UserId]) {
        /// Pieces are rewritten as they grow, so they are small; and they are all read at the start, so not too small.
        const PIECE: usize = 4096;
        for user in users {
            self.apply(Change::History(*user, call, true));
        }
        let mut piece = LogPiece::clone(self.catalog.log());
        if piece.entries.len() >= PIECE {
            piece = LogPiece { number: piece.number + 1, entries: Vec::new() };
        }
        layout::pack_log_entry(&mut piece.entries, call, users);
        let piece = Arc::new(piece);
        self.log.insert(piece.number, piece.clone());
        self.apply(Change::Log(piece));
    }

    /// Notes how much is left of a deleted room; `None` where nothing is.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn set_doomed(&mut self, room: RoomId, doomed: Option<Doomed>) -> Result<()> {
        let id = room.object_id();
        self.write(|txn| match &doomed {
            None => txn.take(layout::DOOMED, id).map(drop),
            Some(doomed) => txn.put(layout::DOOMED, id, &DoomedRecord::of(room, doomed)),
        })?;
        self.apply(Change::Doomed(room, doomed));
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        self.undo.push(self.catalog.apply(change.clone()));
        self.done.push(change);
    }

    /// Makes it durable, or leaves nothing of it.
    pub(crate) fn finish(mut self) -> Outcome {
        if self.broken.is_none() && self.done.is_empty() && !self.written {
            return Outcome::Done(Vec::new());
        }
        let written = match self.broken.take() {
            None => self.write_catalog(),
            Some(error) => Err(error),
        };
        let failed = match written {
            Err(error) => (error, Vec::new()),
            Ok(store) => match self.txn.commit() {
                Ok(()) => {
                    *self.store = store;
                    return Outcome::Done(self.done);
                }
                Err(CommitFailed { error, touched }) => (error, touched),
            },
        };
        for change in self.undo.into_iter().rev() {
            self.catalog.apply(change);
        }
        Outcome::Failed(failed.0, failed.1)
    }

    /// Writes what changed in the catalog, each thing once however often it changed, and the store's own record.
    fn write_catalog(&mut self) -> Result<StoreRecord> {
        let Self { txn, catalog, .. } = self;
        for id in &self.users {
            match catalog.user(*id) {
                Some(user) => txn.put(layout::USERS, id.object_id(), &UserRecord::from(&**user))?,
                None => drop(txn.take(layout::USERS, id.object_id())?),
            }
        }
        for id in &self.rooms {
            match catalog.room(*id) {
                Some(entry) => txn.put(layout::ROOMS, id.object_id(), &RoomRecord::from(&*entry.room))?,
                None => drop(txn.take(layout::ROOMS, id.object_id())?),
            }
        }
        for id in &self.heads {
            match catalog.room(*id) {
                Some(entry) => txn.put(layout::HEADS, id.object_id(), &Head::of(*id, entry, catalog.readers()))?,
                None => drop(txn.take(layout::HEADS, id.object_id())?),
            }
        }
        for id in &self.gaps {
            match catalog.room(*id).filter(|entry| layout::lie_apart(&entry.lost)) {
                Some(entry) => txn.put(layout::GAPS, id.object_id(), &GapsRecord::of(*id, &entry.lost))?,
                None => drop(txn.take(layout::GAPS, id.object_id())?),
            }
        }
        for (room, user) in &self.readers {
            let key = layout::reader_key(*room, *user);
            match catalog.readers().get(*room, *user) {
                Some(reader) => txn.put(layout::READERS, key, &ReaderRecord::of(*room, *user, reader))?,
                None => drop(txn.take(layout::READERS, key)?),
            }
        }
        for id in &self.calls_to_all {
            match catalog.room(*id).filter(|entry| !entry.calls_to_all.is_empty()) {
                Some(entry) => {
                    let seqs = entry.calls_to_all.iter().map(|seq| *seq as i64).collect();
                    txn.put(layout::CALLS_TO_ALL, id.object_id(), &CallsRecord { room: id.object_id(), seqs })?;
                }
                None => drop(txn.take(layout::CALLS_TO_ALL, id.object_id())?),
            }
        }
        for id in &self.invites {
            match catalog.invite(*id) {
                Some(invite) => txn.put(layout::INVITES, id.object_id(), &InviteRecord::from(&**invite))?,
                None => drop(txn.take(layout::INVITES, id.object_id())?),
            }
        }
        for (number, piece) in &self.log {
            let entries = bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: piece.entries.clone() };
            txn.put(layout::CALL_LOG, *number, &CallLogRecord { number: *number, entries })?;
        }
        let mut store = next(self.store, catalog);
        if self.gaps.iter().any(|id| catalog.room(*id).is_some_and(|entry| layout::lie_apart(&entry.lost))) {
            store.version = store.version.max(layout::WITH_GAPS_APART);
        }
        let is_closed = |id: &RoomId| catalog.room(*id).is_some_and(|entry| entry.room.kind != RoomKind::Open);
        if self.rooms.iter().any(is_closed) {
            store.version = store.version.max(layout::WITH_ROLES);
        }
        let is_of_now = |user: &User| user.is_administrator() || user.disabled || user.reset.is_some();
        if !self.invites.is_empty() || self.users.iter().any(|id| catalog.user(*id).is_some_and(|user| is_of_now(user)))
        {
            store.version = store.version.max(layout::WITH_ROLES);
        }
        txn.put(layout::STORE, Bson::from(layout::STORE_ID), &store)?;
        Ok(store)
    }
}

/// The store's own record after one more commit.
fn next(store: &StoreRecord, catalog: &Catalog) -> StoreRecord {
    let (users, rooms) = catalog.counts();
    let log = catalog.log();
    StoreRecord {
        commits: store.commits + 1,
        users: users as i64,
        rooms: rooms as i64,
        call_log: if log.entries.is_empty() { 0 } else { log.number + 1 },
        open_calls: catalog.open_calls().len() as i64,
        doomed: catalog.doomed().len() as i64,
        invites: catalog.invites().len() as i64,
        ..store.clone()
    }
}
