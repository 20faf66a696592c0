//! Messages: sending, history, typing.
//!
//! The messages of a room go through one pipeline: queue → store (which numbers them) → announce in `seq` order → acknowledge.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::chat::Chat;
use crate::error::Error;
use crate::model::{
    Audience, ClientId, Content, Event, Message, MessageId, MessagePage, NewMessage, Origin, Page, RoomId, Timestamp,
};

/// How many messages of a room go into one call of the store at most.
const BATCH: usize = 256;

/// A message that waits, and who waits for it.
#[derive(Debug)]
struct Waiting {
    message: NewMessage,
    done: oneshot::Sender<Result<Arc<Message>, Error>>,
}

/// The rooms that have messages waiting; each has one task that empties its queue.
#[derive(Debug, Default)]
pub struct Lanes(Mutex<HashMap<RoomId, VecDeque<Waiting>>>);

impl Lanes {
    fn queues(&self) -> MutexGuard<'_, HashMap<RoomId, VecDeque<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message; whether the room's task must be started.
    fn push(&self, room: RoomId, waiting: Waiting) -> bool {
        let mut queues = self.queues();
        let idle = !queues.contains_key(&room);
        queues.entry(room).or_default().push_back(waiting);
        idle
    }

    /// What is next; `None`, and the room is idle, where nothing waits.
    fn next_batch(&self, room: RoomId) -> Option<Vec<Waiting>> {
        let mut queues = self.queues();
        let queue = queues.get_mut(&room)?;
        if queue.is_empty() {
            queues.remove(&room);
            return None;
        }
        let count = queue.len().min(BATCH);
        Some(queue.drain(..count).collect())
    }
}

impl Chat {
    /// Stores a message and tells the room. The socket must have joined it.
    ///
    /// With a `client_id` that this user used before in this room, the message of that time is the answer and nothing is told.
    ///
    /// # Errors
    /// [`Error::NotInRoom`], [`Error::RoomNotFound`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn send_message(
        self: &Arc<Self>,
        from: &Origin,
        room: RoomId,
        content: Content,
        client_id: Option<ClientId>,
    ) -> Result<Arc<Message>, Error> {
        let sockets = {
            let presence = self.presence();
            if !presence.in_room(from.socket, room) {
                return Err(Error::NotInRoom);
            }
            presence.room_size(room)
        };
        self.limits.fan_out(from.user.id, sockets)?;
        let message = NewMessage {
            id: MessageId::new(),
            sender: from.user.id,
            sender_name: from.user.username.clone(),
            content,
            timestamp: Timestamp::now(),
            client_id,
        };
        let (done, answer) = oneshot::channel();
        if self.messages.push(room, Waiting { message, done }) {
            tokio::spawn(Arc::clone(self).empty_lane(room));
        }
        answer.await.unwrap_or(Err(Error::Internal))
    }

    async fn empty_lane(self: Arc<Self>, room: RoomId) {
        while let Some(batch) = self.messages.next_batch(room) {
            // A panic must not leave the room deaf: those who wait are answered `internal` as their senders are dropped.
            if AssertUnwindSafe(self.store_and_tell(room, batch)).catch_unwind().await.is_err() {
                tracing::error!(%room, "storing messages panicked");
            }
        }
    }

    async fn store_and_tell(&self, room: RoomId, batch: Vec<Waiting>) {
        let (messages, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.message, one.done)).unzip();
        let stored = match self.store.append_messages(room, messages).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return answer_all(waiting, &Error::RoomNotFound),
            Err(error) => return answer_all(waiting, &error.into()),
        };
        let sockets = self.presence().audience(Audience::Room { room, except: None });
        let fresh = || stored.iter().flatten().filter(|appended| appended.fresh);
        for appended in fresh() {
            self.deliver(&sockets, &Event::NewMessage(Arc::clone(&appended.message)));
        }
        metrics::counter!("tincan_messages_total").increment(fresh().count() as u64);
        for (done, appended) in waiting.into_iter().zip(stored) {
            // Nobody is there to take it where the socket has gone meanwhile; the message is stored all the same.
            let _ = done.send(appended.map(|appended| appended.message).map_err(Error::from));
        }
    }

    /// Tells the others in the room that somebody types or has stopped.
    ///
    /// # Errors
    /// [`Error::NotInRoom`], [`Error::RateLimited`].
    pub fn typing(&self, from: &Origin, room: RoomId, typing: bool) -> Result<(), Error> {
        let presence = self.presence();
        if !presence.in_room(from.socket, room) {
            return Err(Error::NotInRoom);
        }
        let Origin { socket, user } = from;
        self.limits.fan_out(user.id, presence.room_size(room))?;
        let event = Event::Typing { room_id: room, user_id: user.id, username: user.username.clone(), typing };
        self.announce(&presence, &event.to(Audience::Room { room, except: Some(*socket) }));
        Ok(())
    }

    /// A page of a room's history.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Storage`].
    pub async fn history(&self, room: RoomId, page: Page, limit: usize) -> Result<MessagePage, Error> {
        self.store.messages(room, page, limit).await?.ok_or(Error::RoomNotFound)
    }
}

fn answer_all(waiting: Vec<oneshot::Sender<Result<Arc<Message>, Error>>>, error: &Error) {
    for done in waiting {
        let _ = done.send(Err(error.clone()));
    }
}
