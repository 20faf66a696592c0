//! The embedded engine, over PoloDB: one thread writes, many read, and what is small is kept in memory.
//!
//! What this rests on: PoloDB's unique indexes and updates do not hold under concurrent writers, its filters and sorts
//! give wrong results in many shapes, and every commit is an fsync. So all writes go through one [`writer`], which
//! decides uniqueness itself and commits whatever waits together; and documents are found by computed `_id`s alone.

mod accounts;
mod batch;
mod catalog;
mod change;
mod check;
mod damage;
mod database;
mod engine;
mod faults;
mod fill;
mod inspect;
mod intents;
mod invites;
mod layout;
mod load;
mod lookup;
mod lost;
mod mark;
mod marking;
mod open;
mod open_error;
mod options;
mod order;
mod pages;
mod participation;
mod readers;
mod rescue;
mod shared;
mod space;
mod sweep;
mod tail;
mod txn;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use self::catalog::Catalog;
use self::change::RoomEntry;
use self::database::Database;
use self::engine::LONG_PATIENCE;
use self::pages::Plan;
use self::shared::{Condition, Shared};
use super::{Appended, Counts, Engine, Loading, Records, Result, Store, StoreError};
use crate::model::{
    AccountPatch, Call, CallId, Email, Invite, InviteId, MarkedRead, MembershipEnd, MessagePage, NameKey, NewMessage,
    Page, PasswordHash, Proof, Reading, Reset, Room, RoomId, RoomPatch, Timestamp, User, UserId, UserPlace, UserRef,
};

pub use self::damage::Damage;
pub use self::engine::PoloDb;
pub use self::faults::{Call as DatabaseCall, Faults};
pub use self::inspect::{Marked, marked};
pub use self::open::is_free;
pub use self::open_error::OpenError;
pub use self::options::Options;

#[async_trait]
impl Store for PoloDb {
    fn engine(&self) -> Engine {
        Engine::PoloDb
    }

    async fn health(&self) -> Result<()> {
        self.shared.health()
    }

    async fn failed(&self) -> String {
        let mut condition = self.shared.condition();
        loop {
            if let Condition::Lost(reason) = &*condition.borrow_and_update() {
                return reason.clone();
            }
            if condition.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn close(&self) {
        self.shut().await;
    }

    async fn insert_user(&self, user: User) -> Result<()> {
        self.write(|batch| accounts::insert(batch, user)).await
    }

    async fn has_users(&self) -> Result<bool> {
        self.look(|catalog| catalog.users().next().is_some())
    }

    async fn insert_first_user(&self, user: User) -> Result<bool> {
        self.write(|batch| accounts::insert_first(batch, user)).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.look(|catalog| catalog.user(id).map(|user| User::clone(user)))
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>> {
        self.look(|catalog| catalog.user_by_email(email.as_str()).map(|user| User::clone(user)))
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<User>> {
        let key = NameKey::of(name);
        self.look(|catalog| {
            let named: Vec<_> = catalog.users_named(&key).collect();
            match named.as_slice() {
                [one] => Some(User::clone(one)),
                several => several.iter().find(|user| user.username == name).map(|user| User::clone(user)),
            }
        })
    }

    async fn user_refs(&self, ids: &[UserId]) -> Result<Vec<UserRef>> {
        self.look(|catalog| ids.iter().filter_map(|id| catalog.user(*id)).map(|user| UserRef::from(&**user)).collect())
    }

    async fn list_users(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>> {
        self.look(|catalog| catalog.users_like(search, after).take(limit).map(|user| UserRef::from(&**user)).collect())
    }

    async fn list_accounts(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<User>> {
        self.look(|catalog| catalog.users_like(search, after).take(limit).map(|user| User::clone(user)).collect())
    }

    async fn oldest_administrator(&self) -> Result<Option<User>> {
        self.look(|catalog| {
            let administrators = catalog.users().filter(|user| user.administers());
            administrators.min_by_key(|user| (user.created_at, user.id)).map(|user| User::clone(user))
        })
    }

    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
        let version = |user: &Arc<User>| (user.id, user.token_version);
        self.look(|catalog| ids.iter().filter_map(|id| catalog.user(*id)).map(version).collect())
    }

    async fn set_password(
        &self,
        id: UserId,
        proof: Proof,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<User>> {
        self.write(move |batch| accounts::set_password(batch, id, &proof, password, now)).await
    }

    async fn end_tokens(&self, id: UserId, now: Timestamp) -> Result<Option<User>> {
        self.write(move |batch| accounts::end_tokens(batch, id, now)).await
    }

    async fn set_reset(&self, id: UserId, reset: Reset) -> Result<Option<User>> {
        self.write(move |batch| accounts::set_reset(batch, id, reset)).await
    }

    async fn note_reset_told(&self, id: UserId) -> Result<()> {
        self.write(move |batch| accounts::note_reset_told(batch, id)).await
    }

    async fn patch_account(&self, id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>> {
        self.write(move |batch| accounts::patch(batch, id, patch, now)).await
    }

    async fn note_seen(&self, seen: &[(UserId, Timestamp)]) -> Result<()> {
        let seen = seen.to_vec();
        self.write(move |batch| accounts::note_seen(batch, &seen)).await
    }

    async fn counts(&self) -> Result<Counts> {
        self.look(|catalog| {
            let (users, rooms) = catalog.counts();
            let messages = catalog.rooms().map(RoomEntry::messages).sum();
            Counts { users: users as u64, rooms: rooms as u64, messages }
        })
    }

    async fn remove_user(&self, id: UserId) -> Result<bool> {
        self.write(move |batch| accounts::remove(batch, id)).await
    }

    async fn insert_room(&self, room: Room) -> Result<()> {
        self.write(|batch| intents::insert_room(batch, room)).await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<Room>>> {
        self.look(|catalog| catalog.room(id).map(|entry| entry.room.clone()))
    }

    async fn rooms(&self) -> Result<Vec<Arc<Room>>> {
        self.look(|catalog| catalog.rooms().map(|entry| entry.room.clone()).collect())
    }

    async fn rooms_seen_by(&self, user: UserId) -> Result<Vec<Arc<Room>>> {
        self.look(|catalog| catalog.rooms_seen_by(user).map(|entry| entry.room.clone()).collect())
    }

    async fn open_direct(&self, room: Room) -> Result<(Arc<Room>, bool)> {
        self.write(|batch| intents::open_direct(batch, room)).await
    }

    async fn direct_room(&self, one: UserId, other: UserId) -> Result<Option<Arc<Room>>> {
        let pair = [one.min(other), one.max(other)];
        self.look(|catalog| catalog.direct_room(pair).map(|entry| entry.room.clone()))
    }

    async fn update_room(&self, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
        self.write(move |batch| intents::update_room(batch, id, patch)).await
    }

    async fn delete_room(&self, id: RoomId) -> Result<bool> {
        self.write(move |batch| intents::delete_room(batch, id)).await
    }

    async fn add_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        self.write(move |batch| intents::add_participant(batch, room, user)).await
    }

    async fn remove_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        self.write(move |batch| intents::remove_participant(batch, room, user)).await
    }

    async fn end_membership(&self, room: RoomId, user: UserId) -> Result<Option<MembershipEnd>> {
        self.write(move |batch| intents::end_membership(batch, room, user)).await
    }

    async fn share_room(&self, one: UserId, other: UserId) -> Result<bool> {
        self.look(|catalog| catalog.share_room(one, other))
    }

    async fn append_messages(&self, room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>> {
        let stored = self.write(move |writing| intents::append_messages(writing, room, batch)).await?;
        Ok(stored.map(|stored| stored.into_iter().map(Ok).collect()))
    }

    async fn messages(&self, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>> {
        let Some(plan) = self.look(|catalog| catalog.room(room).map(|entry| Plan::new(entry, page, limit)))? else {
            return Ok(None);
        };
        if plan.numbers.is_empty() {
            return Ok(Some(plan.page(Vec::new())));
        }
        let numbers = plan.numbers.clone();
        match self.read(move |_, database| pages::read_messages(&database.begin()?, room, &numbers)).await? {
            Ok(messages) => Ok(Some(plan.page(messages))),
            // They go when the room goes; otherwise they must be there.
            Err(_) if self.look(|catalog| catalog.room(room).is_none())? => Ok(None),
            Err(seq) => Err(StoreError::Corrupt(format!("room {room} lacks message {seq}"))),
        }
    }

    async fn mark_read(&self, room: RoomId, user: UserId, seq: u64) -> Result<Option<MarkedRead>> {
        self.write(move |batch| Ok(intents::mark_read(batch, room, user, seq))).await
    }

    async fn readings_of(&self, user: UserId, rooms: &[&Room]) -> Result<HashMap<RoomId, Reading>> {
        let reading = |catalog: &Catalog, room: &&Room| Some((room.id, catalog.reading(room.id, user)?));
        self.look(|catalog| rooms.iter().filter_map(|room| reading(catalog, room)).collect())
    }

    async fn readings_in(&self, room: &Room, users: &[UserId]) -> Result<HashMap<UserId, Reading>> {
        let reading = |catalog: &Catalog, user: UserId| Some((user, catalog.reading(room.id, user)?));
        self.look(|catalog| users.iter().filter_map(|user| reading(catalog, *user)).collect())
    }

    async fn change_call(&self, call: Call) -> Result<bool> {
        self.write(move |batch| intents::change_call(batch, &call)).await
    }

    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        self.read(move |shared, database| pages::read_calls(shared, &database.begin()?, user, before, limit)).await
    }

    async fn open_calls(&self) -> Result<Vec<Call>> {
        self.look(|catalog| catalog.open_calls().map(|call| Call::clone(call)).collect())
    }

    async fn insert_invite(&self, invite: Invite) -> Result<()> {
        self.write(|batch| invites::insert(batch, invite)).await
    }

    async fn invite_by_code(&self, code: &str) -> Result<Option<Invite>> {
        self.look(|catalog| catalog.invite_by_code(code).map(|invite| Invite::clone(invite)))
    }

    async fn invites(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Invite>> {
        let wanted = |invite: &&Arc<Invite>| invite.is_left(now) && (of.is_none() || invite.created_by == of);
        self.look(|catalog| catalog.invites().rev().filter(wanted).map(|invite| Invite::clone(invite)).collect())
    }

    async fn use_invite(&self, id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>> {
        self.write(move |batch| invites::spend(batch, id, user, now)).await
    }

    async fn settle_invite(&self, id: InviteId, user: UserId, kept: bool) -> Result<()> {
        self.write(move |batch| invites::settle(batch, id, user, kept)).await
    }

    async fn remove_invite(&self, id: InviteId) -> Result<bool> {
        self.write(move |batch| invites::remove(batch, id)).await
    }

    async fn remove_ended_invites(&self, at: Timestamp) -> Result<()> {
        let any = self.look(|catalog| catalog.invites().any(|invite| invite.expires_at < at))?;
        if any {
            let ended = move |invite: &Invite| invite.expires_at < at;
            self.write(move |batch| {
                invites::remove_all(batch, ended);
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    async fn dump_invites(&self, after: Option<InviteId>, limit: usize) -> Result<Vec<Invite>> {
        let wanted = |invite: &&Arc<Invite>| invite.created_by.is_some() && after.is_none_or(|after| invite.id > after);
        self.look(|catalog| catalog.invites().filter(wanted).take(limit).map(|invite| Invite::clone(invite)).collect())
    }

    async fn dump_users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.look(|catalog| catalog.users_after(after, limit).into_iter().map(|user| User::clone(user)).collect())
    }

    async fn dump_calls(&self, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        let read =
            move |shared: &Shared, database: &Database| fill::calls_after(shared, &database.begin()?, after, limit);
        self.read_within(LONG_PATIENCE, read).await
    }

    async fn begin_load(&self, origin: &str) -> Result<Loading> {
        let empty = self.look(Catalog::is_empty)?;
        let (directory, origin) = (self.directory.clone(), origin.to_owned());
        self.read_within(LONG_PATIENCE, move |_, _| fill::begin(&directory, &origin, empty)).await
    }

    async fn load(&self, records: Records) -> Result<()> {
        self.write_within(LONG_PATIENCE, |batch| fill::load(batch, records)).await
    }

    async fn end_load(&self) -> Result<()> {
        let directory = self.directory.clone();
        self.read_within(LONG_PATIENCE, move |_, _| fill::end(&directory)).await
    }
}
