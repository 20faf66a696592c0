//! A store for tests that stands in front of a real one, and holds up or refuses the calls that a test names.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tincan::model::{
    AccountPatch, Call, CallId, Email, Invite, InviteId, MarkedRead, MembershipEnd, MessagePage, NameKey, NewMessage,
    Page, PasswordHash, Proof, Reading, Reset, Room, RoomId, RoomPatch, Timestamp, User, UserId, UserPlace, UserRef,
};
use tincan::store::{Appended, Counts, Engine, LeftOut, Loading, Records, Result, Store, StoreError};
use tokio::sync::{Semaphore, watch};

/// What happens to calls.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// They are answered [`StoreError::Unavailable`] and never reach the real store.
    Refused,
    /// The real store carries them out; what it answers is replaced by [`StoreError::Unavailable`].
    Unanswered,
    /// They wait until a permit is given for each.
    Held(Arc<Semaphore>),
}

/// What the server asks by itself now and then, whatever its clients do.
const BY_ITSELF: [&str; 3] = ["token_versions", "note_seen", "health"];

/// The store in front. Methods are named as in the trait: `change_call`.
#[derive(Debug)]
pub(crate) struct Troubled {
    inner: Arc<dyn Store>,
    troubles: Mutex<HashMap<&'static str, Trouble>>,
    /// How many calls are still to pass before one is in trouble, whatever its method.
    next: Mutex<Option<(usize, Trouble)>>,
    begun: watch::Sender<HashMap<&'static str, usize>>,
    left_out: Vec<LeftOut>,
    /// Leaves everybody out of the answers about the versions of tokens.
    pub forgets_versions: AtomicBool,
    /// About how many users each question for the versions of tokens was.
    pub versions_asked: Mutex<Vec<usize>>,
}

impl Troubled {
    /// In front of `inner`, with no trouble yet.
    pub(crate) fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Self::leaving_out(inner, Vec::new())
    }

    /// In front of a store that leaves this out too.
    pub(crate) fn leaving_out(inner: Arc<dyn Store>, left_out: Vec<LeftOut>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            troubles: Mutex::default(),
            next: Mutex::default(),
            begun: watch::Sender::default(),
            left_out,
            forgets_versions: AtomicBool::new(false),
            versions_asked: Mutex::default(),
        })
    }

    fn set(&self, method: &'static str, trouble: Trouble) {
        self.troubles.lock().expect("no test panicked").insert(method, trouble);
    }

    /// Refuses the calls of a method from now on.
    pub(crate) fn refuse(&self, method: &'static str) {
        self.set(method, Trouble::Refused);
    }

    /// Has the calls of a method carried out from now on, and then says that the store is away.
    pub(crate) fn leave_unanswered(&self, method: &'static str) {
        self.set(method, Trouble::Unanswered);
    }

    /// Holds up the calls of a method from now on; each permit that is added lets one go on.
    pub(crate) fn hold(&self, method: &'static str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.set(method, Trouble::Held(Arc::clone(&gate)));
        gate
    }

    /// Lets the calls of a method pass from now on. Those that are held up go on when their gate opens.
    pub(crate) fn heal(&self, method: &'static str) {
        self.troubles.lock().expect("no test panicked").remove(method);
    }

    /// Has the call of this number be in trouble, counted from the next one on, whatever its method.
    pub(crate) fn trouble_call(&self, number: usize, trouble: Trouble) {
        *self.next.lock().expect("no test panicked") = Some((number - 1, trouble));
    }

    /// No call will be in trouble by its number; whether one has been since [`Troubled::trouble_call`].
    pub(crate) fn calm(&self) -> bool {
        self.next.lock().expect("no test panicked").take().is_none()
    }

    fn next_trouble(&self, method: &'static str) -> Option<Trouble> {
        if BY_ITSELF.contains(&method) {
            return None;
        }
        let mut next = self.next.lock().expect("no test panicked");
        match next.as_mut() {
            Some((0, _)) => next.take().map(|(_, trouble)| trouble),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }

    /// How many calls of each method have begun since the start, but what the server asks by itself.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let begun = self.begun.borrow();
        begun
            .iter()
            .filter(|(method, _)| !BY_ITSELF.contains(method))
            .map(|(method, calls)| (*method, *calls))
            .collect()
    }

    /// How many calls of a method have begun since the start.
    pub(crate) fn count(&self, method: &'static str) -> usize {
        self.begun.borrow().get(method).copied().unwrap_or_default()
    }

    /// Waits until so many calls of a method have begun since the start.
    pub(crate) async fn begun(&self, method: &'static str, count: usize) {
        let mut begun = self.begun.subscribe();
        let enough = begun.wait_for(|begun| begun.get(method).is_some_and(|calls| *calls >= count));
        crate::support::socket::timed(method, enough).await.expect("the store is there");
    }

    async fn trouble<T>(&self, method: &'static str, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.begun.send_modify(|begun| *begun.entry(method).or_default() += 1);
        let away = || Err(StoreError::Unavailable(format!("{method} is refused by the test")));
        let of_method = || self.troubles.lock().expect("no test panicked").get(method).cloned();
        match self.next_trouble(method).or_else(of_method) {
            None => call.await,
            Some(Trouble::Refused) => away(),
            Some(Trouble::Unanswered) => {
                drop(call.await);
                away()
            }
            Some(Trouble::Held(gate)) => {
                gate.acquire().await.expect("the gate is never closed").forget();
                call.await
            }
        }
    }
}

/// Writes methods that pass through [`Troubled::trouble`] on their way.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for Troubled {
            fn engine(&self) -> Engine {
                self.inner.engine()
            }

            async fn left_out(&self) -> Result<Vec<LeftOut>> {
                let mut left_out = self.inner.left_out().await?;
                left_out.extend(self.left_out.clone());
                Ok(left_out)
            }

            async fn rooms_numbered(&self) -> Vec<RoomId> {
                self.inner.rooms_numbered().await
            }

            async fn failed(&self) -> String {
                self.inner.failed().await
            }

            async fn close(&self) {
                self.inner.close().await;
            }

            async fn token_versions(&self, ids: &[UserId]) -> Result<HashMap<UserId, u32>> {
                self.versions_asked.lock().expect("no test panicked").push(ids.len());
                let mut versions = self.trouble("token_versions", self.inner.token_versions(ids)).await?;
                if self.forgets_versions.load(Ordering::Relaxed) {
                    versions.clear();
                }
                Ok(versions)
            }

            $(async fn $name(&self, $($argument: $type),*) -> $answer {
                self.trouble(stringify!($name), self.inner.$name($($argument),*)).await
            })*
        }
    };
}

pass_on! {
    health() -> Result<()>;
    insert_user(user: User) -> Result<()>;
    has_users() -> Result<bool>;
    insert_first_user(user: User) -> Result<bool>;
    user(id: UserId) -> Result<Option<User>>;
    user_by_email(email: &Email) -> Result<Option<User>>;
    user_by_name(name: &str) -> Result<Option<User>>;
    user_refs(ids: &[UserId]) -> Result<Vec<UserRef>>;
    list_users(search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<UserRef>>;
    list_accounts(search: &NameKey, after: Option<&UserPlace>, limit: usize) -> Result<Vec<User>>;
    oldest_administrator() -> Result<Option<User>>;
    set_password(id: UserId, proof: Proof, password: PasswordHash, now: Timestamp) -> Result<Option<User>>;
    end_tokens(id: UserId, now: Timestamp) -> Result<Option<User>>;
    set_reset(id: UserId, reset: Reset) -> Result<Option<User>>;
    note_reset_told(id: UserId) -> Result<()>;
    patch_account(id: UserId, patch: AccountPatch, now: Timestamp) -> Result<Option<User>>;
    note_seen(seen: &[(UserId, Timestamp)]) -> Result<()>;
    counts() -> Result<Counts>;
    remove_user(id: UserId) -> Result<bool>;
    insert_room(room: Room) -> Result<()>;
    room(id: RoomId) -> Result<Option<Arc<Room>>>;
    rooms() -> Result<Vec<Arc<Room>>>;
    rooms_seen_by(user: UserId) -> Result<Vec<Arc<Room>>>;
    open_direct(room: Room) -> Result<(Arc<Room>, bool)>;
    direct_room(one: UserId, other: UserId) -> Result<Option<Arc<Room>>>;
    update_room(id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>>;
    delete_room(id: RoomId) -> Result<bool>;
    add_participant(room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;
    remove_participant(room: RoomId, user: UserId) -> Result<Option<Arc<Room>>>;
    end_membership(room: RoomId, user: UserId) -> Result<Option<MembershipEnd>>;
    mark_read(room: RoomId, user: UserId, seq: u64) -> Result<Option<MarkedRead>>;
    readings_of(user: UserId, rooms: &[&Room]) -> Result<HashMap<RoomId, Reading>>;
    readings_in(room: &Room, users: &[UserId]) -> Result<HashMap<UserId, Reading>>;
    share_room(one: UserId, other: UserId) -> Result<bool>;
    append_messages(room: RoomId, batch: Vec<NewMessage>) -> Result<Option<Vec<Result<Appended>>>>;
    messages(room: RoomId, page: Page, limit: usize) -> Result<Option<MessagePage>>;
    change_call(call: Call) -> Result<bool>;
    calls_of(user: UserId, before: Option<CallId>, limit: usize) -> Result<Vec<Call>>;
    open_calls() -> Result<Vec<Call>>;
    insert_invite(invite: Invite) -> Result<()>;
    invite_by_code(code: &str) -> Result<Option<Invite>>;
    invites(of: Option<UserId>, now: Timestamp) -> Result<Vec<Invite>>;
    use_invite(id: InviteId, user: UserId, now: Timestamp) -> Result<Option<Invite>>;
    settle_invite(id: InviteId, user: UserId, kept: bool) -> Result<()>;
    remove_invite(id: InviteId) -> Result<bool>;
    remove_ended_invites(at: Timestamp) -> Result<()>;
    dump_invites(after: Option<InviteId>, limit: usize) -> Result<Vec<Invite>>;
    dump_users(after: Option<UserId>, limit: usize) -> Result<Vec<User>>;
    dump_calls(after: Option<CallId>, limit: usize) -> Result<Vec<Call>>;
    begin_load(origin: &str) -> Result<Loading>;
    load(records: Records) -> Result<()>;
    end_load() -> Result<()>;
}
