//! Users, rooms, messages and calls to put into a store, and the small steps that many cases share.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tincan::model::{
    Call, CallId, CallStatus, CallType, ClientId, Content, Mentions, MessageId, NewMessage, PasswordHash, Room, RoomId,
    RoomKind, Timestamp, User, UserId,
};
use tincan::store::{Appended, Store};
use tokio::task::JoinSet;

/// A later moment at every call, so that orders are certain.
pub(crate) fn moment() -> Timestamp {
    static MILLIS: AtomicI64 = AtomicI64::new(1_700_000_000_000);
    Timestamp::from_millis(MILLIS.fetch_add(1, Ordering::Relaxed))
}

/// An account of that name at `<name>@example.com`, with the password hash `first`.
pub(crate) fn user(name: &str) -> User {
    let (address, password) = (format!("{}@example.com", name.to_lowercase()), PasswordHash::new("first".to_owned()));
    User::new(UserId::new(), name.to_owned(), address, password, moment())
}

/// An empty room of that name.
pub(crate) fn room(name: &str) -> Room {
    Room {
        id: RoomId::new(),
        kind: RoomKind::Open,
        name: name.to_owned(),
        description: String::new(),
        created_by: UserId::new(),
        participants: Arc::default(),
        created_at: moment(),
        last_message: None,
        last_seq: 0,
        numbered: 0,
    }
}

/// A private room of these, which the first of them has made.
pub(crate) fn private(members: &[UserId]) -> Room {
    Room { kind: RoomKind::Private, created_by: members[0], participants: Arc::new(members.to_vec()), ..room("cellar") }
}

/// The direct room of two.
pub(crate) fn direct(one: UserId, other: UserId) -> Room {
    let participants = Arc::new(vec![one, other]);
    Room { kind: RoomKind::Direct, name: String::new(), created_by: one, participants, ..room("of two") }
}

/// A message that calls these, or everybody.
pub(crate) fn calling(sender: UserId, users: &[UserId], all: bool) -> NewMessage {
    NewMessage { mentions: Mentions { users: users.to_vec(), all }, ..message(sender, "you there") }
}

/// A message without a client id.
pub(crate) fn message(sender: UserId, text: &str) -> NewMessage {
    NewMessage {
        id: MessageId::new(),
        sender,
        sender_name: "sender".to_owned(),
        content: Content::parse(text).expect("a good text"),
        timestamp: moment(),
        client_id: None,
        mentions: Mentions::default(),
    }
}

/// A message that may be repeated.
pub(crate) fn repeatable(sender: UserId, text: &str, client_id: &str) -> NewMessage {
    NewMessage { client_id: Some(ClientId::parse(client_id).expect("a good id")), ..message(sender, text) }
}

/// A call that rings.
pub(crate) fn call(by: UserId, invited: &[UserId]) -> Call {
    Call {
        id: CallId::new(),
        room: None,
        room_kind: RoomKind::Open,
        call_type: CallType::Audio,
        status: CallStatus::Ringing,
        created_by: by,
        participants: vec![by],
        invited: invited.to_vec(),
        inside: vec![by],
        ringing: invited.to_vec(),
        created_at: moment(),
        answered_at: None,
        ended_at: None,
        end_reason: None,
        revision: 1,
        standing: None,
    }
}

/// Stores calls that are new, or follow on what the store has of them.
pub(crate) async fn store_calls(store: &Arc<dyn Store>, calls: Vec<Call>) {
    for call in calls {
        assert!(store.change_call(call.clone()).await.expect("the store works"), "{call:?}");
    }
}

/// Stores an empty room and gives it back.
pub(crate) async fn stored_room(store: &Arc<dyn Store>, name: &str) -> Room {
    let room = room(name);
    store.insert_room(room.clone()).await.expect("the room is new");
    room
}

/// Stores an account and gives it back.
pub(crate) async fn stored_user(store: &Arc<dyn Store>, name: &str) -> User {
    let user = user(name);
    store.insert_user(user.clone()).await.expect("the user is new");
    user
}

/// Appends to a room that must be there.
pub(crate) async fn append(store: &Arc<dyn Store>, room: RoomId, batch: Vec<NewMessage>) -> Vec<Appended> {
    let answers = store.append_messages(room, batch).await.expect("the store works").expect("the room is there");
    answers.into_iter().map(|answer| answer.expect("no message is refused alone")).collect()
}

/// Appends `count` messages with the texts `1`, `2`, … to a room.
pub(crate) async fn fill(store: &Arc<dyn Store>, room: RoomId, count: usize) {
    let sender = UserId::new();
    let batch = (1..=count).map(|number| message(sender, &number.to_string())).collect();
    append(store, room, batch).await;
}

/// Runs them all at once and gives back what they answered, in any order.
pub(crate) async fn at_once<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let mut tasks: JoinSet<T> = work.into_iter().collect();
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer.expect("no task panics"));
    }
    answers
}
