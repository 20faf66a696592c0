//! The store: what must outlive the process, behind one trait that speaks in intents.
//!
//! Each method is one atomic intent. What it has answered `Ok` is durable: it survives the death of the process and of
//! the machine. Absence is `None` or `false`, never an error. No filter, document or transaction shows here, and
//! nothing assumes that this process alone writes.

pub mod mongodb;
mod open;
pub mod polodb;
pub(crate) mod records;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{
    AccountPatch, Call, CallId, Email, Invite, InviteId, MarkedRead, MembershipEnd, Message, MessagePage, NameKey,
    NewMessage, Page, PasswordHash, Proof, Reading, Reset, Room, RoomId, RoomPatch, Timestamp, User, UserId, UserPlace,
    UserRef,
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
    /// No administrator would be left who can use their account. Nothing was changed.
    #[error("no administrator would be left")]
    LastAdministrator,
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
    /// Rooms with their participants and the highest number that was given in each; their newest messages are left out
    /// of account.
    Rooms(Vec<Room>),
    /// Messages of one room with their numbers, rising, perhaps with gaps, all greater than those of messages that are
    /// there.
    Messages(RoomId, Vec<Message>),
    /// Up to which number participants of a room, which is there, have read; before the messages of the room.
    Readers(RoomId, Vec<(UserId, u64)>),
    /// Calls.
    Calls(Vec<Call>),
    /// Invitations.
    Invites(Vec<Invite>),
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

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub users: u64,
    /// Rooms of every kind.
    pub rooms: u64,
    /// Messages in all of them.
    pub messages: u64,
}

/// Documents of one kind that a store holds and passes over, because another program wrote them in a shape that cannot
/// be read.
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

    /// Resolves, with the reason, when the store has given up for good in this process (a restart may help). Never
    /// otherwise.
    async fn failed(&self) -> String;

    /// Commits what is queued and closes. Later calls answer [`StoreError::Unavailable`]. May be called twice.
    async fn close(&self);

    /// Stores a new account under its own id.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::Username`] (told first) or [`Taken::Email`].
    async fn insert_user(&self, user: User) -> Result<()>;

    /// Whether anybody has an account.
    async fn has_users(&self) -> Result<bool>;

    /// As [`Store::insert_user`], where nobody has an account yet; `false`, and nothing is stored, where somebody has.
    /// Of many at once, on however many servers, one is the first.
    async fn insert_first_user(&self, user: User) -> Result<bool>;

    /// The account.
    async fn user(&self, id: UserId) -> Result<Option<User>>;

    /// The account of an address.
    async fn user_by_email(&self, email: &Email) -> Result<Option<User>>;

    /// The account of a name in any case; where several differ in case alone, the exact spelling, else none of them.
    async fn user_by_name(&self, name: &str) -> Result<Option<User>>;

    /// Who these are, in the order asked; those who do not exist are left out.
    async fn user_refs(&self, ids: &[UserId]) -> Result<Vec<UserRef>>;

    /// Users whom [`NameKey::is_found_by`] finds (all where `search` is empty), in the order of [`UserPlace`], those
    /// behind `after`, at most `limit`.
    async fn list_users(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>>;

    /// As [`Store::list_users`], with the whole accounts.
    async fn list_accounts(&self, search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<User>>;

    /// The oldest account of those who [administer](User::administers).
    async fn oldest_administrator(&self) -> Result<Option<User>>;

    /// [`User::token_version`] of these users; those who do not exist are left out.
    async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>>;

    /// Sets the password, ends older tokens and the code of a reset, and answers with the account as it then is. `None`
    /// where there is none, or where the proof does not hold (any more): somebody else was faster, or the account is
    /// disabled, for which the operator's alone holds. By the proof of a reset [`User::reset_at`] is set, by any other
    /// it is taken away.
    async fn set_password(
        &self,
        id: UserId,
        proof: Proof,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<Option<User>>;

    /// Ends all tokens of the user, and answers with the account as it then is.
    async fn end_tokens(&self, id: UserId, now: Timestamp) -> Result<Option<User>>;

    /// Gives a code out for a new password, in the place of an earlier one, and answers with the account.
    async fn set_reset(&self, id: UserId, reset: Reset) -> Result<Option<User>>;

    /// Takes [`User::reset_at`] away: the user was told.
    async fn note_reset_told(&self, id: UserId) -> Result<()>;

    /// Changes role and state of an account, and answers with it. Disabling ends its tokens. What is so already is not
    /// written.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`].
    async fn patch_account(&self, id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>>;

    /// Notes when these users were connected last. Never back, and nothing of those who do not exist.
    async fn note_seen(&self, seen: &[(UserId, Timestamp)]) -> Result<()>;

    /// How many users, rooms and messages there are; of messages it may be an estimate.
    async fn counts(&self) -> Result<Counts>;

    /// Removes the account and takes the user out of open rooms, and of private ones as [`Store::end_membership`] does;
    /// direct rooms stay as they are, and so do messages. The user's invitations go, and name and address are free
    /// again.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`].
    async fn remove_user(&self, id: UserId) -> Result<bool>;

    /// Stores a new open or private room under its own id. `last_message` must be empty, and in an open room
    /// `participants`; a private one has some.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::RoomName`], for an open room whose name another open room has.
    async fn insert_room(&self, room: Room) -> Result<()>;

    /// Stores a new direct room, whose participants are the two, unless there is one of them already. Answers with the
    /// one that is there then, and whether it is new.
    async fn open_direct(&self, room: Room) -> Result<(Arc<Room>, bool)>;

    /// The direct room of two users.
    async fn direct_room(&self, one: UserId, other: UserId) -> Result<Option<Arc<Room>>>;

    /// The room.
    async fn room(&self, id: RoomId) -> Result<Option<Arc<Room>>>;

    /// All rooms, newest first.
    async fn rooms(&self) -> Result<Vec<Arc<Room>>>;

    /// The rooms that a user may see ([`Room::is_seen_by`]), newest first.
    async fn rooms_seen_by(&self, user: UserId) -> Result<Vec<Arc<Room>>>;

    /// Changes a room and answers with it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with [`Taken::RoomName`]. A room's own name in another spelling is no conflict.
    async fn update_room(&self, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>>;

    /// Removes a room: gone at once and durably, its messages in batches behind, also over a restart.
    async fn delete_room(&self, id: RoomId) -> Result<bool>;

    /// Makes `user` a participant, at the end of the list, and answers with the room; where the user is one already
    /// nothing is written. Of a direct room nobody becomes one; a private one that nobody is in any more is not there.
    async fn add_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;

    /// Ends participation in an open room and answers with the room; where the user is none nothing is written, nor of
    /// a room of another kind.
    async fn remove_participant(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;

    /// Ends membership of a private room: its creator hands it to whoever has been in it longest, and one that nobody
    /// is left in is deleted. `None` where there is no such room or the user is not in it.
    async fn end_membership(&self, room: RoomId, user: UserId) -> Result<Option<MembershipEnd>>;

    /// Whether some room has both as participants.
    async fn share_room(&self, one: UserId, other: UserId) -> Result<bool>;

    /// Appends messages to a room in this order, numbers them one after the other from the highest number that was
    /// given, and answers for each; `None` where there is no such room. One with a `client_id` that its sender used
    /// before in this room (or earlier in this batch) is not stored again. Where the database refuses one message for a
    /// reason of its own, the others are stored.
    async fn append_messages(&self, room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>>;

    /// Has a participant have read up to a number: never back, at most up to the newest message. `None` where there is
    /// no such room, or the user is not in it.
    ///
    /// Without this a participant has read up to the newest message of when participation began, and whoever sends one
    /// has read up to that.
    async fn mark_read(&self, room: RoomId, user: UserId, seq: u64) -> Result<Option<MarkedRead>>;

    /// How far a user has read in those of these rooms in which the user takes part.
    async fn readings_of(&self, user: UserId, rooms: &[&Room]) -> Result<HashMap<RoomId, Reading>>;

    /// How far these have read in a room; those who do not take part are left out.
    async fn readings_in(&self, room: &Room, users: &[UserId]) -> Result<HashMap<UserId, Reading>>;

    /// A page of at most `limit` messages; `None` where there is no such room.
    async fn messages(&self, room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>>;

    /// Stores a call as it now stands, over the revision before [`Call::revision`] (of a new one nothing), or over one
    /// of the same revision that this store handle has written itself without knowing it. `false`, and nothing is
    /// changed, where the store has it otherwise, or where another open call keeps one of [`Call::engaged`] busy or is
    /// held in its room: read the calls anew and decide again.
    async fn change_call(&self, call: Call) -> Result<bool>;

    /// The calls that concern a user ([`Call::concerns`]), newest first, those with an id smaller than `before`, at
    /// most `limit`.
    async fn calls_of(&self, user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>>;

    /// The calls that have not ended.
    async fn open_calls(&self) -> Result<Vec<Call>>;

    /// Stores a new invitation under its own id; its code is nobody else's.
    async fn insert_invite(&self, invite: Invite) -> Result<()>;

    /// The invitation of a code.
    async fn invite_by_code(&self, code: &str) -> Result<Option<Invite>>;

    /// Invitations that [are left](Invite::is_left), newest first: those of a user, or all.
    async fn invites(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Invite>>;

    /// Has a user use an invitation once and answers with it as it then is; `None` where it is not
    /// [left](Invite::is_left), or not there. Of many at once as many get through as there are uses. The use is
    /// [pending](Invite::pending) until it is settled, and a repetition by the same user until then is the same use.
    async fn use_invite(&self, id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>>;

    /// Settles the pending use of a user: it counts, or where it is not `kept` is given back. Without one nothing is
    /// changed, so this may be repeated.
    async fn settle_invite(&self, id: InviteId, user: UserId, kept: bool) -> Result<()>;

    /// Takes an invitation back.
    async fn remove_invite(&self, id: InviteId) -> Result<bool>;

    /// Takes away those that ended before `at`.
    async fn remove_ended_invites(&self, at: Timestamp) -> Result<()>;

    /// Invitations that somebody made, with an id greater than `after`, in the order of ids, at most `limit`.
    async fn dump_invites(&self, after: Option<InviteId>, limit: usize) -> Result<Vec<Invite>>;

    /// Accounts with an id greater than `after`, in the order of ids, at most `limit`.
    async fn dump_users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>>;

    /// Calls with an id greater than `after`, in the order of ids, at most `limit`.
    async fn dump_calls(&self, after: Option<CallId>, limit: usize) -> Result<Vec<Call>>;

    /// Resolves with rooms in which messages of another program have become messages of this store since it was asked
    /// last. Never where only this program writes.
    async fn rooms_numbered(&self) -> Vec<RoomId> {
        std::future::pending().await
    }

    /// What is left out of every other answer of this store because it cannot be read; empty for a store that only this
    /// program writes.
    async fn left_out(&self) -> Result<Vec<LeftOut>> {
        Ok(Vec::new())
    }

    /// Marks an empty store as one that is being filled from `origin`. Until [`Store::end_load`] it opens for that
    /// only.
    async fn begin_load(&self, origin: &str) -> Result<Loading>;

    /// Stores records as they are, between [`Store::begin_load`] and [`Store::end_load`], in the place of users, rooms
    /// and calls that are there. No number up to a room's [`Room::numbered`] is given to a new message, whether its
    /// message comes or not.
    async fn load(&self, records: Records) -> Result<()>;

    /// The store is filled, and opens as any other.
    async fn end_load(&self) -> Result<()>;
}
