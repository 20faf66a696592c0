//! One transaction in the making: the intents of a batch see each other's changes, and all become durable together or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bson::Bson;

use super::catalog::Catalog;
use super::change::{Change, Doomed, LogPiece, RoomEntry};
use super::layout::{self, CallLogRecord, DoomedRecord, GapsRecord, Head, StoreRecord};
use super::txn::{CommitFailed, Touched, Txn};
use crate::model::{Call, CallId, RoomId, User, UserId};
use crate::store::records::{CallRecord, RoomRecord, Stored, UserRecord};
use crate::store::{Result, StoreError};

/// How a batch ended.
pub enum Outcome {
    /// It is durable: what the readers' catalog is to follow. Empty where nothing was changed.
    Done(Vec<Change>),
    /// Nothing of it is there; the writer's catalog is as it was. With what the commit, if it came so far, may have left in the log.
    Failed(StoreError, Vec<Touched>),
}

/// See the module.
pub struct Batch<'a> {
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
    /// Pieces of the calls' history to be written, by number.
    log: BTreeMap<i64, Arc<LogPiece>>,
}

impl<'a> Batch<'a> {
    pub fn new(txn: Txn<'a>, catalog: &'a mut Catalog, store: &'a mut StoreRecord) -> Self {
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
            log: BTreeMap::new(),
        }
    }

    /// Users and rooms as the intents before this one will have made them.
    pub fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// For looking up what the catalog does not hold.
    pub fn txn(&self) -> &Txn<'a> {
        &self.txn
    }

    /// Writes to the database at once. An error breaks the whole batch: nobody can tell what came of it.
    ///
    /// # Errors
    /// The database's.
    pub fn write<T>(&mut self, write: impl FnOnce(&mut Txn<'a>) -> Result<T>) -> Result<T> {
        self.written = true;
        write(&mut self.txn).inspect_err(|error| self.broken = Some(error.clone()))
    }

    /// Whether the batch cannot be committed any more.
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Runs one intent. One that refuses must have changed nothing: otherwise the whole batch is given up.
    pub fn attempt<T>(&mut self, intent: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = (self.done.len(), self.written);
        self.written = false;
        let answer = intent(self);
        if answer.is_err() && (self.written || self.done.len() > before.0) && self.broken.is_none() {
            self.broken = Some(StoreError::Bug("an intent failed half-way".to_owned()));
        }
        self.written |= before.1;
        answer
    }

    pub fn set_user(&mut self, id: UserId, user: Option<User>) {
        self.users.insert(id);
        self.apply(Change::User(id, user.map(Arc::new)));
    }

    pub fn set_room(&mut self, id: RoomId, entry: Option<RoomEntry>) {
        let lost = |entry: Option<&RoomEntry>| entry.map(|entry| entry.lost.clone()).unwrap_or_default();
        let (old_lost, new_lost) = (lost(self.catalog.room(id)), lost(entry.as_ref()));
        if old_lost != new_lost && (layout::lie_apart(&old_lost) || layout::lie_apart(&new_lost)) {
            self.gaps.insert(id);
        }
        match (self.catalog.room(id), &entry) {
            (Some(old), Some(new)) => {
                let (a, b) = (&old.room, &new.room);
                if a.name != b.name || a.description != b.description || !Arc::ptr_eq(&a.participants, &b.participants)
                {
                    self.rooms.insert(id);
                }
                if a.numbered() != b.numbered() || a.last_seq() != b.last_seq() || old.lost != new.lost {
                    self.heads.insert(id);
                }
            }
            _ => {
                self.rooms.insert(id);
                self.heads.insert(id);
            }
        }
        self.apply(Change::Room(id, entry));
    }

    /// Keeps a call as it now stands: an open one here, an ended one in its own collection.
    ///
    /// # Errors
    /// The database's.
    pub fn set_call(&mut self, call: &Call, open: bool) -> Result<()> {
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
    pub fn log_call(&mut self, call: CallId, users: &[UserId]) {
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
    pub fn set_doomed(&mut self, room: RoomId, doomed: Option<Doomed>) -> Result<()> {
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
    pub fn finish(mut self) -> Outcome {
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
                Some(entry) => txn.put(layout::HEADS, id.object_id(), &Head::of(*id, entry))?,
                None => drop(txn.take(layout::HEADS, id.object_id())?),
            }
        }
        for id in &self.gaps {
            match catalog.room(*id).filter(|entry| layout::lie_apart(&entry.lost)) {
                Some(entry) => txn.put(layout::GAPS, id.object_id(), &GapsRecord::of(*id, &entry.lost))?,
                None => drop(txn.take(layout::GAPS, id.object_id())?),
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
        ..store.clone()
    }
}
