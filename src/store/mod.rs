//! The store: what must outlive the process, behind one trait that speaks in intents.
//!
//! Each method is one atomic intent. What it has answered `Ok` is durable: it survives the death of the process and of the machine.
//! Absence is `None` or `false`, never an error. No filter, document or transaction shows here, and nothing assumes that
//! this process alone writes.

pub mod mongodb;
mod open;
pub mod polodb;
mod records;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{
    Call, CallId, Email, Message, MessagePage, NameKey, NewMessage, Page, PasswordHash, Room, RoomId, RoomPatch, User,
    UserId, UserPlace, UserRef,
};

pub use self::open::{OpenError, Place, is_free, open, open_to_fill};

/// Which database is behind the trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    PoloDb,
    /// A real MongoDB.
    MongoDb,
}

impl Engine {
    /// As `/health` tells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PoloDb => "polodb",
            Self::MongoDb => "mongodb",
        }
    }
}

/// What is unique and was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A username, without regard to case. Told before the address where both are taken.
    Username,
    /// An e-mail address.
    Email,
    /// A room's name, without regard to case.
    RoomName,
}

/// Why an intent was not carried out. Says what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Choose another value. Nothing was changed.
    #[error("{0:?} is taken")]
    Conflict(Taken),
    /// Try again later. The change is not known to be durable, and may or may not show.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What was read cannot be as it was written; for the operator.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A mistake in this program; nothing was changed.
    #[error("the store refused: {0}")]
    Bug(String),
}

/// The result of an intent.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A message that [`Store::append_messages`] was asked to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// As stored; where its `client_id` was known, as stored the first time.
    pub message: Arc<Message>,
    /// It was stored now. A repeat is not announced again.
    pub fresh: bool,
}

/// Records as another store has them, to be stored as they are.
#[derive(Clone, Debug)]
pub enum Records {
    /// Accounts.
    Users(Vec<User>),
    /// Rooms with their participants and the highest number that was given in each; their newest messages are left out of account.
    Rooms(Vec<Room>),
    /// Messages of one room with their numbers, rising, perhaps with gaps, all greater than those of messages that are there.
    Messages(RoomId, Vec<Message>),
    /// Calls.
    Calls(Vec<Call>),
}

/// Whether a store may be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// It was empty, and is being filled now.
    Begun,
    /// Filling it from the same origin was begun before, and goes on.
    Resumed,
    /// There is something in it, or it is being filled from elsewhere. Nothing was changed.
    Refused,
}

/// Documents of one kind that a store holds and passes over, because another program wrote them in a shape that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Which documents and what about them, for the operator: `users whose _id is no ObjectId`.
    pub what: String,
    /// How many there are.
    pub count: u64,
}

/// The durable side of the server. See the module for what every method promises.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Which database it is.
    fn engine(&self) -> Engine;

    /// Whether it answers and can write, as far as it knows; cheap, and asks the database where it is elsewhere.
    async fn health(&self) -> Result<()>;

    /// Resolves, with the reason, when the store has given up for good in this process (a restart may help). Never otherwise.
    async fn failed(&self) -> String;

    /// Commits what is queued and closes. Later calls answer [`StoreError::Unavailable`]. May be called twice.
    async fn close(&self);

    /// Stores a new account under its own id.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::Username`] (told first) or [`Taken::Email`].
    async fn insert_user(&self, user: User) -> Result<()>;

    /// The account.
    async fn user(&self, id: UserId) -> Result<Option<User>>;

    /// The account of an address.
    async fn user_by_email(&self, email: &Email) -> Result<Option<User>>;

    /// The account of a name in any case; where several differ in case alone, the exact spelling, else none of them.
    async fn user_by_name(&self, name: &str) -> Result<Option<User>>;

    /// Who these are, in the order asked; those who do not exist are left out.
    async fn user_refs(&self, ids: &[UserId]) -> Result<Vec<UserRef>>;

    /// Users whom [`NameKey::is_found_by`] finds (all where `search` is empty), in the order of [`UserPlace`], those behind `after`, at
    /// most `limit`.
    async fn list_users(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>>;

    /// [`User::token_version`] of these users; those who do not exist are left out.
    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>>;

    /// Sets the password, counts `token_version` up and answers with the account as it then is. `None` where there is none, or where
    /// its password is no longer `current` (where that is given): somebody else was faster.
    async fn set_password(
        &self,
        id: UserId,
        current: Option<&PasswordHash>,
        password: PasswordHash,
    ) -> Result<Option<User>>;

    /// Removes the account and takes the user out of all rooms; messages stay. Name and address are free again.
    async fn remove_user(&self, id: UserId) -> Result<bool>;

    /// Stores a new room under its own id. `last_message` and `participants` must be empty.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::RoomName`].
    async fn insert_room(&self, room: Room) -> Result<()>;

    /// The room.
    async fn room(&self, id: RoomId) -> Result<Option<Arc<Room>>>;

    /// All rooms, newest first.
    async fn rooms(&self) -> Result<Vec<Arc<Room>>>;

    /// Changes a room and answers with it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::RoomName`]. A room's own name in another spelling is no conflict.
    async fn update_room(&self, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>>;

    /// Removes a room: gone at once and durably, its messages in batches behind, also over a restart.
    async fn delete_room(&self, id: RoomId) -> Result<bool>;

    /// Makes `user` a participant, at the end of the list, and answers with the room; where the user is one already nothing is written.
    async fn add_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;

    /// Ends participation and answers with the room; where the user is none nothing is written.
    async fn remove_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;

    /// Whether some room has both as participants.
    async fn share_room(&self, one: UserId, other: UserId) -> Result<bool>;

    /// Appends messages to a room in this order, numbers them one after the other from the highest number that was given, and answers for
    /// each; `None` where there is no such room. One with a `client_id` that its sender used before in this room (or earlier in this
    /// batch) is not stored again. Where the database refuses one message for a reason of its own, the others are stored.
    async fn append_messages(&self, room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>>;

    /// A page of at most `limit` messages; `None` where there is no such room.
    async fn messages(&self, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>>;

    /// Stores calls as they now stand, new ones and changed ones, all or none.
    async fn save_calls(&self, calls: Vec<Call>) -> Result<()>;

    /// The calls that concern a user ([`Call::concerns`]), newest first, those with an id smaller than `before`, at most `limit`.
    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>>;

    /// The calls that have not ended.
    async fn open_calls(&self) -> Result<Vec<Call>>;

    /// Accounts with an id greater than `after`, in the order of ids, at most `limit`.
    async fn dump_users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>>;

    /// Calls with an id greater than `after`, in the order of ids, at most `limit`.
    async fn dump_calls(&self, after: Option<CallId>, limit: usize) -> Result<Vec<Call>>;

    /// What is left out of every other answer of this store because it cannot be read; empty for a store that only this program writes.
    async fn left_out(&self) -> Result<Vec<LeftOut>> {
        Ok(Vec::new())
    }

    /// Marks an empty store as one that is being filled from `origin`. Until [`Store::end_load`] it opens for that only.
    async fn begin_load(&self, origin: &str) -> Result<Loading>;

    /// Stores records as they are, between [`Store::begin_load`] and [`Store::end_load`], in the place of users, rooms and calls that
    /// are there. No number up to a room's [`Room::numbered`] is given to a new message, whether its message comes or not.
    async fn load(&self, records: Records) -> Result<()>;

    /// The store is filled, and opens as any other.
    async fn end_load(&self) -> Result<()>;
}
