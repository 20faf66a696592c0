//! Users, rooms and the order of calls in memory: what answers every read but that of messages and ended calls.
//!
//! There are two of them, equal between commits: the writer's, in which a batch is worked out, and the readers', which
//! follows after the commit. Every change is a [`Change`], which gives back the one that undoes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::change::{Change, Doomed, LogPiece, RoomEntry};
use super::participation::Changed;
use super::readers::Readers;
use crate::model::{
    Call, CallId, Invite, InviteId, NameKey, Reading, Room, RoomId, RoomKind, Timestamp, User, UserId, UserPlace,
};

/// What is kept in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Catalog {
    users: HashMap<UserId, Arc<User>>,
    /// By [`email_key`], by rising id.
    by_email: HashMap<String, Vec<UserId>>,
    by_username: BTreeMap<NameKey, Vec<UserId>>,
    rooms: HashMap<RoomId, RoomEntry>,
    /// Open rooms alone.
    by_room_name: HashMap<NameKey, Vec<RoomId>>,
    by_age: BTreeSet<(Timestamp, RoomId)>,
    /// Open rooms alone.
    open_by_age: BTreeSet<(Timestamp, RoomId)>,
    by_pair: HashMap<[UserId; 2], RoomId>,
    rooms_of: HashMap<UserId, HashSet<RoomId>>,
    readers: Readers,
    open_calls: BTreeMap<CallId, Arc<Call>>,
    calls_of: HashMap<UserId, Vec<CallId>>,
    log: Arc<LogPiece>,
    doomed: BTreeMap<RoomId, Doomed>,
    invites: BTreeMap<InviteId, Arc<Invite>>,
    by_code: HashMap<String, InviteId>,
}

impl Catalog {
    pub(crate) fn user(&self, id: UserId) -> Option<&Arc<User>> {
        self.users.get(&id)
    }

    /// Everybody, in no order.
    pub(crate) fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.values()
    }

    /// Of several that came from elsewhere and differ in case or blanks alone, the one in just this spelling, else the
    /// oldest.
    pub(crate) fn user_by_email(&self, email: &str) -> Option<&Arc<User>> {
        let ids = self.by_email.get(&email_key(email))?;
        let mut users = ids.iter().filter_map(|id| self.user(*id));
        users.clone().find(|user| user.email == email).or_else(|| users.next())
    }

    /// Those whose name has this key.
    pub(crate) fn users_named(&self, key: &NameKey) -> impl Iterator<Item = &Arc<User>> {
        self.by_username.get(key).into_iter().flatten().filter_map(|id| self.user(*id))
    }

    /// Those whom the search finds behind a place, in the order of the keys, then of the ids.
    pub(crate) fn users_like<'a>(
        &'a self,
        search: &'a NameKey,
        after: Option<&'a UserPlace>,
    ) -> impl Iterator<Item = &'a Arc<User>> {
        let from = after.map_or(Bound::Unbounded, |place| Bound::Included(&place.key));
        let those = self.by_username.range((from, Bound::Unbounded)).filter(|(key, _)| key.is_found_by(search));
        let behind = move |key: &NameKey, id: UserId| after.is_none_or(|after| *key != after.key || id > after.id);
        those.flat_map(move |(key, ids)| ids.iter().filter(move |id| behind(key, **id))).filter_map(|id| self.user(*id))
    }

    pub(crate) fn room(&self, id: RoomId) -> Option<&RoomEntry> {
        self.rooms.get(&id)
    }

    /// The rooms that a user may see, newest first.
    pub(crate) fn rooms_seen_by(&self, user: UserId) -> impl Iterator<Item = &RoomEntry> {
        let own =
            self.rooms_of(user).filter_map(|id| self.rooms.get(&id)).filter(|own| own.room.kind != RoomKind::Open);
        let mut own: Vec<_> = own.map(|entry| (entry.room.created_at, entry.room.id)).collect();
        own.sort_unstable_by(|one, other| other.cmp(one));
        let places = merged(self.open_by_age.iter().rev().copied(), own.into_iter());
        places.filter_map(|(_, id)| self.rooms.get(&id))
    }

    /// The direct room of two users, who stand in the order of their ids.
    pub(crate) fn direct_room(&self, pair: [UserId; 2]) -> Option<&RoomEntry> {
        self.by_pair.get(&pair).and_then(|id| self.rooms.get(id))
    }

    /// How far the participants of rooms have read.
    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    /// How far a user has read in a room; `None` where the user takes no part in such a room.
    pub(crate) fn reading(&self, room: RoomId, user: UserId) -> Option<Reading> {
        let (reader, entry) = (self.readers.get(room, user)?, self.room(room)?);
        Some(reader.reading(entry.room.last_seq(), &entry.lost, &entry.calls_to_all))
    }

    /// The open rooms whose name has this key.
    pub(crate) fn rooms_named(&self, key: &NameKey) -> &[RoomId] {
        self.by_room_name.get(key).map_or(&[], Vec::as_slice)
    }

    /// All rooms, newest first.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &RoomEntry> {
        self.by_age.iter().rev().filter_map(|(_, id)| self.rooms.get(id))
    }

    /// The rooms that the user participates in.
    pub(crate) fn rooms_of(&self, user: UserId) -> impl Iterator<Item = RoomId> {
        self.rooms_of.get(&user).into_iter().flatten().copied()
    }

    /// Whether some room has both as participants.
    pub(crate) fn share_room(&self, one: UserId, other: UserId) -> bool {
        match (self.rooms_of.get(&one), self.rooms_of.get(&other)) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => false,
        }
    }

    pub(crate) fn open_call(&self, id: CallId) -> Option<&Arc<Call>> {
        self.open_calls.get(&id)
    }

    pub(crate) fn open_calls(&self) -> impl ExactSizeIterator<Item = &Arc<Call>> {
        self.open_calls.values()
    }

    /// The calls that the user has, or had, in the history, by rising id.
    pub(crate) fn calls_of(&self, user: UserId) -> &[CallId] {
        self.calls_of.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Everybody's calls, as [`Catalog::calls_of`] tells them.
    pub(crate) fn history(&self) -> impl Iterator<Item = (UserId, &[CallId])> {
        self.calls_of.iter().map(|(user, calls)| (*user, calls.as_slice()))
    }

    pub(crate) fn log(&self) -> &Arc<LogPiece> {
        &self.log
    }

    pub(crate) fn doomed(&self) -> &BTreeMap<RoomId, Doomed> {
        &self.doomed
    }

    pub(crate) fn invite(&self, id: InviteId) -> Option<&Arc<Invite>> {
        self.invites.get(&id)
    }

    pub(crate) fn invite_by_code(&self, code: &str) -> Option<&Arc<Invite>> {
        self.invites.get(self.by_code.get(code)?)
    }

    /// By rising id.
    pub(crate) fn invites(&self) -> impl DoubleEndedIterator<Item = &Arc<Invite>> + ExactSizeIterator {
        self.invites.values()
    }

    /// Whether there is such a room, or something left of it.
    pub(crate) fn has_known(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room) || self.doomed.contains_key(&room)
    }

    /// Those with a greater id, in the order of ids, at most `limit`.
    pub(crate) fn users_after(&self, after: Option<UserId>, limit: usize) -> Vec<&Arc<User>> {
        let mut users: Vec<_> = self.users.values().filter(|user| after.is_none_or(|after| user.id > after)).collect();
        users.sort_unstable_by_key(|user| user.id);
        users.truncate(limit);
        users
    }

    /// Every call with a greater id that is in anybody's history, in the order of ids, at most `limit`.
    pub(crate) fn calls_after(&self, after: Option<CallId>, limit: usize) -> Vec<CallId> {
        let all = self.calls_of.values().flatten().copied();
        let later: BTreeSet<CallId> = all.filter(|id| after.is_none_or(|after| *id > after)).collect();
        later.into_iter().take(limit).collect()
    }

    /// Whether there is nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.rooms.is_empty() && self.calls_of.is_empty() && self.doomed.is_empty()
    }

    /// How many users and rooms there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.users.len(), self.rooms.len())
    }

    /// Makes a change, and answers with the one that undoes it.
    pub(crate) fn apply(&mut self, change: Change) -> Change {
        match change {
            Change::User(id, user) => Change::User(id, self.set_user(id, user)),
            Change::Room(id, room) => Change::Room(id, self.set_room(id, room)),
            Change::Reader(room, user, reader) => Change::Reader(room, user, self.readers.set(room, user, reader)),
            Change::OpenCall(id, call) => Change::OpenCall(id, set(&mut self.open_calls, id, call)),
            Change::History(user, call, there) => Change::History(user, call, self.set_history(user, call, there)),
            Change::Log(piece) => Change::Log(std::mem::replace(&mut self.log, piece)),
            Change::Doomed(id, doomed) => Change::Doomed(id, set(&mut self.doomed, id, doomed)),
            Change::Invite(id, invite) => Change::Invite(id, self.set_invite(id, invite)),
        }
    }

    fn set_user(&mut self, id: UserId, user: Option<Arc<User>>) -> Option<Arc<User>> {
        let before = self.users.remove(&id);
        if let Some(before) = &before {
            let key = email_key(&before.email);
            if let Some(ids) = self.by_email.get_mut(&key) {
                ids.retain(|one| *one != id);
                if ids.is_empty() {
                    self.by_email.remove(&key);
                }
            }
            leave(self.by_username.entry(NameKey::of(&before.username)), id);
        }
        if let Some(user) = user {
            // An account without an address is found by its name alone.
            let key = email_key(&user.email);
            if !key.is_empty() {
                join(self.by_email.entry(key).or_default(), id);
            }
            join(self.by_username.entry(NameKey::of(&user.username)).or_default(), id);
            self.users.insert(id, user);
        }
        before
    }

    fn set_room(&mut self, id: RoomId, entry: Option<RoomEntry>) -> Option<RoomEntry> {
        let before = self.rooms.remove(&id);
        let (old, new) = (before.as_ref().map(|entry| &*entry.room), entry.as_ref().map(|entry| &*entry.room));
        if old.map(|room| &room.name) != new.map(|room| &room.name) {
            if let Some(old) = old.filter(|room| room.kind == RoomKind::Open) {
                let key = NameKey::of_room(&old.name);
                let ids = self.by_room_name.entry(key.clone()).or_default();
                ids.retain(|one| *one != id);
                if ids.is_empty() {
                    self.by_room_name.remove(&key);
                }
            }
            if let Some(new) = new.filter(|room| room.kind == RoomKind::Open) {
                self.by_room_name.entry(NameKey::of_room(&new.name)).or_default().push(id);
            }
        }
        if let Some(old) = old {
            self.by_age.remove(&(old.created_at, id));
            self.open_by_age.remove(&(old.created_at, id));
            old.pair().map(|pair| self.by_pair.remove(&pair));
        }
        if let Some(new) = new {
            self.by_age.insert((new.created_at, id));
            if new.kind == RoomKind::Open {
                self.open_by_age.insert((new.created_at, id));
            }
            new.pair().map(|pair| self.by_pair.insert(pair, id));
        }
        self.follow_participants(id, old, new);
        if let Some(entry) = entry {
            self.rooms.insert(id, entry);
        }
        before
    }

    fn follow_participants(&mut self, id: RoomId, old: Option<&Room>, new: Option<&Room>) {
        let list = |room: Option<&Room>| room.map_or_else(Arc::default, |room| room.participants.clone());
        let (old, new) = (list(old), list(new));
        // A message changes the room and not its participants, who may be many.
        if Arc::ptr_eq(&old, &new) {
            return;
        }
        let Changed { gone, come } = Changed::between(&old, &new);
        for user in gone {
            if let Some(rooms) = self.rooms_of.get_mut(&user) {
                rooms.remove(&id);
                if rooms.is_empty() {
                    self.rooms_of.remove(&user);
                }
            }
        }
        for user in come {
            self.rooms_of.entry(user).or_default().insert(id);
        }
    }

    fn set_invite(&mut self, id: InviteId, invite: Option<Arc<Invite>>) -> Option<Arc<Invite>> {
        let before = self.invites.remove(&id);
        if let Some(before) = &before {
            self.by_code.remove(&before.code);
        }
        if let Some(invite) = invite {
            self.by_code.insert(invite.code.clone(), id);
            self.invites.insert(id, invite);
        }
        before
    }

    /// Whether it was there.
    fn set_history(&mut self, user: UserId, call: CallId, there: bool) -> bool {
        let calls = self.calls_of.entry(user).or_default();
        let place = calls.binary_search(&call);
        match (place, there) {
            (Err(place), true) => calls.insert(place, call),
            (Ok(place), false) => drop(calls.remove(place)),
            _ => {}
        }
        if calls.is_empty() {
            self.calls_of.remove(&user);
        }
        place.is_ok()
    }
}

/// Two lists that fall, as one.
fn merged<T: Ord>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || if one.peek() >= other.peek() { one.next() } else { other.next() })
}

/// What addresses are compared by, also those that another program stored with blanks, in upper case or not normalised.
fn email_key(email: &str) -> String {
    // Lower case may take normal form away again.
    email.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Puts `id` into a list by its place.
fn join(ids: &mut Vec<UserId>, id: UserId) {
    if let Err(place) = ids.binary_search(&id) {
        ids.insert(place, id);
    }
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    }
}

/// Takes `id` out of a list, and an empty list out of its map.
fn leave(entry: std::collections::btree_map::Entry<'_, NameKey, Vec<UserId>>, id: UserId) {
    if let std::collections::btree_map::Entry::Occupied(mut ids) = entry {
        ids.get_mut().retain(|one| *one != id);
        if ids.get().is_empty() {
            ids.remove();
        }
    }
}
