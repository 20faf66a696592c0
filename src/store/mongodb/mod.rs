//! The engine on a real MongoDB. Several servers may work on one database.
//!
//! Every write is acknowledged by a majority with its journal, every read is of what a majority has, and every intent
//! is answered within 5 s. The driver finds the primary again by itself after an outage or a failover.

mod administrators;
mod append;
mod attempt;
mod calls;
mod carried;
mod connect;
mod credentials;
mod database;
mod documents;
mod ends;
mod failure;
mod fill;
mod gate;
mod indexes;
mod invites;
mod keeper;
mod left_out;
mod memberships;
mod messages;
mod names;
mod naming;
mod numbered;
mod numbering;
mod odd;
mod open;
mod pending;
mod promises;
mod raised;
mod readers;
mod reading;
mod room_batch;
mod rooms;
mod seen;
mod takeover;
mod updates;
mod users;
mod version;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bson::oid::ObjectId;
use bson::{DateTime, doc};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use connect::{OpenError, database, place_name};
pub use open::is_free;

use self::append::Appender;
use self::database::Db;
use super::{Appended, Counts, Engine, LeftOut, Loading, Records, Result, Store, StoreError};
use crate::model::{
    AccountPatch, Call, CallId, Email, Invite, InviteId, MarkedRead, MembershipEnd, MessagePage, NameKey, NewMessage,
    Page, PasswordHash, Proof, Reading, Reset, Room, RoomId, RoomPatch, Timestamp, User, UserId, UserPlace, UserRef,
};

/// How long an intent may take, however many commands it needs; the contract allows 5 s.
const ANSWERED: Duration = Duration::from_millis(4800);
/// How long a health check waits; the contract allows 2 s.
const PROBE: Duration = Duration::from_millis(1800);
/// How long a good health check speaks for the next ones.
const FRESH: Duration = Duration::from_millis(500);

/// A MongoDB as the store.
#[derive(Debug)]
pub struct MongoStore {
    db: Db,
    /// By which calls name this handle of the store.
    handle: ObjectId,
    /// Taken at the close.
    running: Mutex<Option<Running>>,
    wake: Arc<Notify>,
    healthy_at: tokio::sync::Mutex<Option<Instant>>,
}

/// What lives from open to close.
#[derive(Debug)]
struct Running {
    appender: Appender,
    appending: JoinHandle<()>,
    /// What goes on behind; nothing where the store is being filled.
    _behind: Behind,
}

/// Tasks that end with the store.
#[derive(Debug)]
struct Behind(Vec<JoinHandle<()>>);

impl Drop for Behind {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl MongoStore {
    fn running_on(db: Db, wake: Arc<Notify>, behind: Vec<JoinHandle<()>>) -> Self {
        let (appender, appending) = Appender::start(db.clone());
        let running = Mutex::new(Some(Running { appender, appending, _behind: Behind(behind) }));
        Self { db, handle: ObjectId::new(), running, wake, healthy_at: tokio::sync::Mutex::default() }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        // Nothing that holds it can panic half-way.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn appender(&self) -> Result<Appender> {
        self.running().as_ref().map(|running| running.appender.clone()).ok_or_else(closed)
    }

    /// The database, while the store is open.
    fn db(&self) -> Result<&Db> {
        if self.running().is_some() { Ok(&self.db) } else { Err(closed()) }
    }
}

/// Carries out an intent, and answers in the time that the contract allows, however many commands it takes. One that is
/// under way when the time is over goes on.
async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Err(StoreError::Unavailable(format!("the database did not carry it out within {ANSWERED:?}")));
    tokio::time::timeout(ANSWERED, work).await.unwrap_or_else(late)
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

#[async_trait]
impl Store for MongoStore {
    fn engine(&self) -> Engine {
        Engine::MongoDb
    }

    async fn health(&self) -> Result<()> {
        let db = self.db()?;
        // One at a time asks, whoever wants to know.
        let mut healthy_at = self.healthy_at.lock().await;
        if healthy_at.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        *healthy_at = None;
        let now = doc! { "$set": { "at": DateTime::now() } };
        let write = async move |db: Db| db.meta.update_one(doc! { "_id": "health" }, now).upsert(true).await;
        db.run_within(PROBE, "writing tincan_meta", write).await?;
        *healthy_at = Some(Instant::now());
        Ok(())
    }

    async fn failed(&self) -> String {
        // The driver never gives up; a database that is back is used again.
        std::future::pending().await
    }

    async fn close(&self) {
        let Some(Running { appender, appending, _behind }) = self.running().take() else { return };
        drop(appender);
        if let Err(error) = appending.await {
            tracing::error!(%error, "appending ended by a panic");
        }
        self.db.client.clone().shutdown().immediate(true).await;
    }

    async fn insert_user(&self, user: User) -> Result<()> {
        in_time(users::insert(self.db()?, user)).await
    }

    async fn has_users(&self) -> Result<bool> {
        in_time(users::any(self.db()?)).await
    }

    async fn insert_first_user(&self, user: User) -> Result<bool> {
        in_time(users::insert_first(self.db()?, user)).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        in_time(users::by_id(self.db()?, id)).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>> {
        in_time(users::by_email(self.db()?, email)).await
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<User>> {
        in_time(users::by_name(self.db()?, name)).await
    }

    async fn user_refs(&self, ids: &[UserId]) -> Result<Vec<UserRef>> {
        in_time(users::refs(self.db()?, ids)).await
    }

    async fn list_users(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>> {
        in_time(users::list(self.db()?, search, after, limit)).await
    }

    async fn list_accounts(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<User>> {
        in_time(users::like(self.db()?, search, after, limit, None)).await
    }

    async fn oldest_administrator(&self) -> Result<Option<User>> {
        in_time(administrators::oldest(self.db()?)).await
    }

    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
        in_time(users::token_versions(self.db()?, ids)).await
    }

    async fn set_password(
        &self,
        id: UserId,
        proof: Proof,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<User>> {
        in_time(credentials::set_password(self.db()?, id, &proof, password, now)).await
    }

    async fn end_tokens(&self, id: UserId, now: Timestamp) -> Result<Option<User>> {
        in_time(credentials::end_tokens(self.db()?, id, now)).await
    }

    async fn set_reset(&self, id: UserId, reset: Reset) -> Result<Option<User>> {
        in_time(credentials::set_reset(self.db()?, id, &reset)).await
    }

    async fn note_reset_told(&self, id: UserId) -> Result<()> {
        in_time(credentials::note_reset_told(self.db()?, id)).await
    }

    async fn patch_account(&self, id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>> {
        in_time(administrators::patch(self.db()?, id, patch, now)).await
    }

    async fn note_seen(&self, seen: &[(UserId, Timestamp)]) -> Result<()> {
        in_time(users::note_seen(self.db()?, seen)).await
    }

    async fn counts(&self) -> Result<Counts> {
        in_time(self.db()?.counts()).await
    }

    async fn remove_user(&self, id: UserId) -> Result<bool> {
        in_time(users::remove(self.db()?, id)).await
    }

    async fn insert_room(&self, room: Room) -> Result<()> {
        in_time(rooms::insert(self.db()?, room)).await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<Room>>> {
        in_time(rooms::by_id(self.db()?, id)).await
    }

    async fn rooms(&self) -> Result<Vec<Arc<Room>>> {
        in_time(rooms::all(self.db()?)).await
    }

    async fn rooms_seen_by(&self, user: UserId) -> Result<Vec<Arc<Room>>> {
        in_time(rooms::seen_by(self.db()?, user)).await
    }

    async fn open_direct(&self, room: Room) -> Result<(Arc<Room>, bool)> {
        in_time(rooms::open_direct(self.db()?, room)).await
    }

    async fn direct_room(&self, one: UserId, other: UserId) -> Result<Option<Arc<Room>>> {
        in_time(rooms::direct(self.db()?, [one.min(other), one.max(other)])).await
    }

    async fn update_room(&self, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
        in_time(rooms::update(self.db()?, id, patch)).await
    }

    async fn delete_room(&self, id: RoomId) -> Result<bool> {
        let deleted = in_time(rooms::delete(self.db()?, id)).await;
        self.wake.notify_one();
        deleted
    }

    async fn add_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        in_time(rooms::add_participant(self.db()?, room, user)).await
    }

    async fn remove_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        in_time(rooms::remove_participant(self.db()?, room, user)).await
    }

    async fn end_membership(&self, room: RoomId, user: UserId) -> Result<Option<MembershipEnd>> {
        let ended = in_time(memberships::end(self.db()?, room, user)).await;
        self.wake.notify_one();
        ended
    }

    async fn share_room(&self, one: UserId, other: UserId) -> Result<bool> {
        in_time(rooms::shared(self.db()?, one, other)).await
    }

    async fn append_messages(&self, room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>> {
        self.appender()?.append(room, batch).await
    }

    async fn messages(&self, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>> {
        in_time(messages::page(self.db()?, room, page, limit)).await
    }

    async fn mark_read(&self, room: RoomId, user: UserId, seq: u64) -> Result<Option<MarkedRead>> {
        let db = self.db()?;
        let mark = async {
            match rooms::by_id(db, room).await? {
                Some(room) => readers::mark(db, &room, user, seq).await,
                None => Ok(None),
            }
        };
        in_time(mark).await
    }

    async fn readings_of(&self, user: UserId, rooms: &[&Room]) -> Result<HashMap<RoomId, Reading>> {
        in_time(readers::of_user(self.db()?, user, rooms)).await
    }

    async fn readings_in(&self, room: &Room, users: &[UserId]) -> Result<HashMap<UserId, Reading>> {
        in_time(readers::in_room(self.db()?, room, users)).await
    }

    async fn change_call(&self, call: Call) -> Result<bool> {
        in_time(calls::change(self.db()?, self.handle, &call)).await
    }

    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        in_time(calls::of(self.db()?, user, before, limit)).await
    }

    async fn open_calls(&self) -> Result<Vec<Call>> {
        in_time(calls::open(self.db()?)).await
    }

    async fn insert_invite(&self, invite: Invite) -> Result<()> {
        in_time(invites::insert(self.db()?, &invite)).await
    }

    async fn invite_by_code(&self, code: &str) -> Result<Option<Invite>> {
        in_time(invites::by_code(self.db()?, code)).await
    }

    async fn invites(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Invite>> {
        in_time(invites::all(self.db()?, of, now)).await
    }

    async fn use_invite(&self, id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>> {
        in_time(invites::spend(self.db()?, id, user, now)).await
    }

    async fn settle_invite(&self, id: InviteId, user: UserId, kept: bool) -> Result<()> {
        in_time(invites::settle(self.db()?, id, user, kept)).await
    }

    async fn remove_invite(&self, id: InviteId) -> Result<bool> {
        in_time(invites::remove(self.db()?, id)).await
    }

    async fn remove_ended_invites(&self, at: Timestamp) -> Result<()> {
        in_time(invites::remove_ended(self.db()?, at)).await
    }

    async fn dump_invites(&self, after: Option<InviteId>, limit: usize) -> Result<Vec<Invite>> {
        in_time(invites::dump(self.db()?, after, limit)).await
    }

    async fn dump_users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        in_time(users::dump(self.db()?, after, limit)).await
    }

    async fn dump_calls(&self, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        in_time(calls::dump(self.db()?, after, limit)).await
    }

    async fn rooms_numbered(&self) -> Vec<RoomId> {
        self.db.numbered.next().await
    }

    async fn left_out(&self) -> Result<Vec<LeftOut>> {
        left_out::all(self.db()?).await
    }

    async fn begin_load(&self, origin: &str) -> Result<Loading> {
        fill::begin(self.db()?, origin).await
    }

    async fn load(&self, records: Records) -> Result<()> {
        fill::load(self.db()?, records).await
    }

    async fn end_load(&self) -> Result<()> {
        fill::end(self.db()?).await
    }
}
