//! A store that answers late, leaves out, or does not answer at all where it is asked for the versions of tokens; all else goes through.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tincan::model::{
    Call, CallId, Email, MessagePage, NameKey, NewMessage, Page, PasswordHash, Room, RoomId, RoomPatch, User, UserId,
    UserRef,
};
use tincan::store::{Appended, Engine, LeftOut, Loading, Records, Result, Store, StoreError};
use tokio::sync::oneshot;

/// See the module.
#[derive(Debug)]
pub struct WaywardStore {
    pub inner: Arc<dyn Store>,
    /// Says that the next question has come, and waits before it is answered.
    pub gate: tokio::sync::Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    /// Leaves everybody out of the answer.
    pub forgets: AtomicBool,
    /// Answers that it is unavailable.
    pub away: AtomicBool,
    /// About how many each question was.
    pub asked: Mutex<Vec<usize>>,
}

impl WaywardStore {
    /// One that behaves so far.
    pub fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            gate: tokio::sync::Mutex::default(),
            forgets: AtomicBool::new(false),
            away: AtomicBool::new(false),
            asked: Mutex::default(),
        })
    }
}

#[async_trait::async_trait]
impl Store for WaywardStore {
    fn engine(&self) -> Engine {
        self.inner.engine()
    }

    async fn health(&self) -> Result<()> {
        self.inner.health().await
    }

    async fn failed(&self) -> String {
        self.inner.failed().await
    }

    async fn close(&self) {
        self.inner.close().await
    }

    async fn insert_user(&self, user: User) -> Result<()> {
        self.inner.insert_user(user).await
    }

    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.inner.user(id).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>> {
        self.inner.user_by_email(email).await
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<User>> {
        self.inner.user_by_name(name).await
    }

    async fn user_refs(&self, ids: &[UserId]) -> Result<Vec<UserRef>> {
        self.inner.user_refs(ids).await
    }

    async fn list_users(&self, prefix: &NameKey, limit: usize) -> Result<Vec<UserRef>> {
        self.inner.list_users(prefix, limit).await
    }

    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
        let gate = self.gate.lock().await.take();
        if let Some((asked, go_on)) = gate {
            asked.send(()).expect("the test waits for it");
            go_on.await.expect("the test lets it go on");
        }
        self.asked.lock().unwrap().push(ids.len());
        let mut versions = self.inner.token_versions(ids).await?;
        if self.forgets.load(Ordering::Relaxed) {
            versions.clear();
        }
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("away".to_owned()));
        }
        Ok(versions)
    }

    async fn set_password(
        &self,
        id: UserId,
        current: Option<&PasswordHash>,
        password: PasswordHash,
    ) -> Result<Option<User>> {
        self.inner.set_password(id, current, password).await
    }

    async fn remove_user(&self, id: UserId) -> Result<bool> {
        self.inner.remove_user(id).await
    }

    async fn insert_room(&self, room: Room) -> Result<()> {
        self.inner.insert_room(room).await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<Room>>> {
        self.inner.room(id).await
    }

    async fn rooms(&self) -> Result<Vec<Arc<Room>>> {
        self.inner.rooms().await
    }

    async fn update_room(&self, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
        self.inner.update_room(id, patch).await
    }

    async fn delete_room(&self, id: RoomId) -> Result<bool> {
        self.inner.delete_room(id).await
    }

    async fn add_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        self.inner.add_participant(room, user).await
    }

    async fn remove_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
        self.inner.remove_participant(room, user).await
    }

    async fn share_room(&self, one: UserId, other: UserId) -> Result<bool> {
        self.inner.share_room(one, other).await
    }

    async fn append_messages(&self, room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>> {
        self.inner.append_messages(room, batch).await
    }

    async fn messages(&self, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>> {
        self.inner.messages(room, page, limit).await
    }

    async fn save_calls(&self, calls: Vec<Call>) -> Result<()> {
        self.inner.save_calls(calls).await
    }

    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        self.inner.calls_of(user, before, limit).await
    }

    async fn open_calls(&self) -> Result<Vec<Call>> {
        self.inner.open_calls().await
    }

    async fn dump_users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
        self.inner.dump_users(after, limit).await
    }

    async fn dump_calls(&self, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
        self.inner.dump_calls(after, limit).await
    }

    async fn left_out(&self) -> Result<Vec<LeftOut>> {
        self.inner.left_out().await
    }

    async fn begin_load(&self, origin: &str) -> Result<Loading> {
        self.inner.begin_load(origin).await
    }

    async fn load(&self, records: Records) -> Result<()> {
        self.inner.load(records).await
    }

    async fn end_load(&self) -> Result<()> {
        self.inner.end_load().await
    }
}
