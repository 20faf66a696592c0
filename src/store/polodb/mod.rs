//! The embedded engine, over PoloDB: one thread writes, many read, and what is small is kept in memory.
//!
//! What this rests on: PoloDB's unique indexes and updates do not hold under concurrent writers, its filters and sorts give wrong
//! results in many shapes, and every commit is an fsync. So all writes go through one [`writer`], which decides uniqueness itself and
//! commits whatever waits together; and documents are found by computed `_id`s alone.

mod batch;
mod catalog;
mod change;
mod check;
mod damage;
mod database;
mod engine;
mod faults;
mod fill;
mod intents;
mod layout;
mod load;
mod lost;
mod mark;
mod marking;
mod open;
mod order;
mod pages;
mod rescue;
mod shared;
mod space;
mod sweep;
mod tail;
mod txn;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::catalog::Catalog;
use self::database::Database;
use self::engine::LONG_PATIENCE;
use self::pages::Plan;
use self::shared::{Condition, Shared};
use super::{Appended, Engine, Loading, Records, Result, Store, StoreError};
use crate::model::{
    Call, CallId, Email, MessagePage, NameKey, NewMessage, Page, PasswordHash, Room, RoomId, RoomPatch, User, UserId,
    UserPlace, UserRef,
};

pub use self::damage::Damage;
pub use self::engine::PoloDb;
pub use self::faults::{Call as DatabaseCall, Faults};
pub use self::open::is_free;

/// How the engine is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Go on without what is missing.
    pub accept_damage: bool,
    /// How often a write is tried after one failed.
    pub probe_every: Duration,
    /// How long such writes may fail, with space there, until [`Store::failed`] resolves.
    pub patience: Duration,
    /// How old the mark of the last commit may be.
    pub mark_within: Duration,
    /// Open a store that is being filled; any other is opened as well.
    pub filling: bool,
    /// For tests: stands between the engine and the database.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accept_damage: false,
            probe_every: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            mark_within: Duration::from_secs(10),
            filling: false,
            faults: None,
        }
    }
}

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
        self.write(|batch| intents::insert_user(batch, user)).await
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

    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
        let version = |user: &Arc<User>| (user.id, user.token_version);
        self.look(|catalog| ids.iter().filter_map(|id| catalog.user(*id)).map(version).collect())
    }

    async fn set_password(
        &self,
        id: UserId,
        current: Option<&PasswordHash>,
        password: PasswordHash,
    ) -> Result<Option<User>> {
        let current = current.cloned();
        self.write(move |batch| intents::set_password(batch, id, current.as_ref(), password)).await
    }

    async fn remove_user(&self, id: UserId) -> Result<bool> {
        self.write(move |batch| intents::remove_user(batch, id)).await
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

    async fn save_calls(&self, calls: Vec<Call>) -> Result<()> {
        self.write(move |batch| intents::save_calls(batch, &calls)).await
    }

    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        self.read(move |shared, database| pages::read_calls(shared, &database.begin()?, user, before, limit)).await
    }

    async fn open_calls(&self) -> Result<Vec<Call>> {
        self.look(|catalog| catalog.open_calls().map(|call| Call::clone(call)).collect())
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
