//! Messages: sending, history, typing.
//!
//! The messages of a room go through one pipeline: queue → store (which numbers them) → announce in `seq` order →
//! acknowledge.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::backlogs::{Backlogs, Waiting};
use super::identity::Identity;
use super::mentions;
use super::names::Names;
use super::reading::Readings;
use super::rights::{Rights, Seen};
use super::telling::Telling;
use super::turns::Turns;
use super::unanswered::Unanswered;
use crate::bus::Bus;
use crate::error::Error;
use crate::live::Limits;
use crate::model::{
    Actor, ClientId, Content, Mentions, Message, MessageId, MessagePage, NewMessage, Page, RoomId, RoomKind, SocketId,
    Timestamp, UserId,
};
use crate::store::Store;
use crate::wire::{Audience, Event};

/// How many messages of a room go into one call of the store at most.
const BATCH: usize = 256;

/// Messages of rooms.
pub struct Messages {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    names: Arc<Names>,
    readings: Arc<Readings>,
    waiting: Backlogs,
    telling: Arc<Telling>,
    unanswered: Unanswered,
    /// What is found out later of one room comes one after another.
    turns: Turns,
}

impl Messages {
    /// Those of a store.
    pub fn new(
        store: &Arc<dyn Store>,
        bus: &Arc<dyn Bus>,
        limits: &Arc<Limits>,
        rights: &Arc<Rights>,
        names: &Arc<Names>,
        readings: &Arc<Readings>,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            names: Arc::clone(names),
            readings: Arc::clone(readings),
            waiting: Backlogs::default(),
            telling: Telling::new(store, bus),
            unanswered: Unanswered::default(),
            turns: Turns::default(),
        }
    }

    /// A socket enters a room, and is told the messages after the number `known`; whether it was not there.
    pub fn enter(&self, socket: SocketId, room: RoomId, known: u64) -> bool {
        self.telling.enter(socket, room, known)
    }

    /// Has what another program wrote into the store told. Never resolves.
    pub async fn tell_numbered(&self) {
        self.telling.tell_numbered().await;
    }

    /// Stores a message and tells the room. The socket must have joined it.
    ///
    /// With a `client_id` that this user used before in this room, the message of that time is the answer and nothing
    /// is told.
    ///
    /// # Errors
    /// [`Error::NotInRoom`], [`Error::RoomNotFound`], [`Error::RateLimited`], [`Error::Storage`].
    pub async fn send(
        self: &Arc<Self>,
        from: &Actor,
        room: RoomId,
        content: Content,
        client_id: Option<ClientId>,
    ) -> Result<Arc<Message>, Error> {
        let sockets = {
            let presence = self.bus.presence();
            if !presence.in_room(from.socket, room) {
                return Err(Error::NotInRoom);
            }
            presence.room_size(room)
        };
        self.limits.fan_out(from.user.id, sockets)?;
        if self.rights.kind(room).await? == RoomKind::Direct {
            self.rights.partner(from.user.id, &self.rights.seen(from.user.id, room).await?).await?;
        }
        let mentions = self.mentions(from.user.id, room, &content).await?;
        let message = NewMessage {
            id: MessageId::new(),
            sender: from.user.id,
            sender_name: from.user.username.clone(),
            content,
            timestamp: Timestamp::now(),
            client_id,
            mentions,
        };
        let (done, answer) = oneshot::channel();
        if self.waiting.push(room, Waiting { message, done }) {
            tokio::spawn(Arc::clone(self).empty_backlog(room));
        }
        let message = answer.await.unwrap_or(Err(Error::Internal))?;
        self.readings.sent(from, &message);
        Ok(message)
    }

    /// Whom a message of this text calls.
    async fn mentions(&self, sender: UserId, room: RoomId, content: &Content) -> Result<Mentions, Error> {
        if !mentions::calls_somebody(content.as_str()) {
            return Ok(Mentions::default());
        }
        let Some(room) = self.store.room(room).await? else { return Ok(Mentions::default()) };
        let names = self.names.of(room.participants.iter().copied()).await?;
        let all = mentions::may_call_all(&room, sender) || self.is_administrator(sender).await?;
        Ok(mentions::found_in(content.as_str(), &names, all))
    }

    async fn is_administrator(&self, user: UserId) -> Result<bool, Error> {
        Ok(self.store.user(user).await?.is_some_and(|user| user.is_administrator()))
    }

    async fn empty_backlog(self: Arc<Self>, room: RoomId) {
        while let Some(batch) = self.waiting.next_batch(room, BATCH) {
            // A panic must not leave the room deaf: those who wait are answered `internal` as their senders are
            // dropped.
            if AssertUnwindSafe(self.store_and_tell(room, batch)).catch_unwind().await.is_err() {
                tracing::error!(%room, "storing messages panicked");
            }
        }
    }

    async fn store_and_tell(self: &Arc<Self>, room: RoomId, batch: Vec<Waiting>) {
        let (messages, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|one| (one.message, one.done)).unzip();
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let stored = match self.store.append_messages(room, messages).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return answer_all(waiting, &Error::RoomNotFound),
            Err(error) => {
                if self.unanswered.add(room, ids) {
                    tokio::spawn(Arc::clone(self).find_out(room));
                }
                return answer_all(waiting, &error.into());
            }
        };
        let fresh = stored.iter().flatten().filter(|appended| appended.fresh);
        let fresh: Vec<Arc<Message>> = fresh.map(|appended| Arc::clone(&appended.message)).collect();
        metrics::counter!("tincan_messages_total").increment(fresh.len() as u64);
        self.telling.stored(room, fresh.clone());
        // The server that stored one that was sent again may have gone, or not know of it, before it told anybody.
        let again = stored.iter().flatten().filter(|appended| !appended.fresh);
        if let Some(seq) = again.map(|appended| appended.message.seq).max() {
            self.telling.exists(room, seq);
        }
        if let Some(newest) = fresh.last() {
            self.readings.message_stored(newest.room);
        }
        for (done, appended) in waiting.into_iter().zip(stored) {
            // Nobody is there to take it where the socket has gone meanwhile; the message is stored all the same.
            let _ = done.send(appended.map(|appended| appended.message).map_err(Error::from));
        }
    }

    /// The store did not say whether it stored messages: those that are there in the end are told, for one that is sent
    /// again is not.
    async fn find_out(self: Arc<Self>, room: RoomId) {
        if !self.turns.in_the_end(room, || self.tell_stored(room)).await {
            self.unanswered.forget(room);
            tracing::warn!(%room, "whether messages were stored is not known, and was told to nobody");
        }
    }

    async fn tell_stored(&self, room: RoomId) -> Result<(), Error> {
        let ids = self.unanswered.forget(room);
        let page = match self.store.messages(room, Page::Newest, BATCH).await {
            Ok(page) => page,
            Err(error) => {
                self.unanswered.add(room, ids);
                return Err(error.into());
            }
        };
        let messages = page.into_iter().flat_map(|page| page.messages);
        let stored: Vec<_> = messages.filter(|message| ids.contains(&message.id)).map(Arc::new).collect();
        if !stored.is_empty() {
            self.telling.stored(room, stored);
            self.readings.message_stored(room);
        }
        Ok(())
    }

    /// Tells the others in the room that somebody types or has stopped.
    ///
    /// # Errors
    /// [`Error::NotInRoom`], [`Error::RateLimited`].
    pub fn typing(&self, from: &Actor, room: RoomId, typing: bool) -> Result<(), Error> {
        let Actor { socket, user } = from;
        let sockets = {
            let presence = self.bus.presence();
            if !presence.in_room(*socket, room) {
                return Err(Error::NotInRoom);
            }
            presence.room_size(room)
        };
        self.limits.fan_out(user.id, sockets)?;
        let event = Event::Typing { room_id: room, user_id: user.id, username: user.username.clone(), typing };
        self.bus.publish(&event.to(Audience::Room { room, except: Some(*socket) }));
        Ok(())
    }

    /// A page of a room's history, for one who may see it.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`] where it is no more, [`Error::Storage`].
    pub async fn history(&self, seen: &Seen, page: Page, limit: usize) -> Result<MessagePage, Error> {
        self.store.messages(seen.room().id, page, limit).await?.ok_or(Error::RoomNotFound)
    }

    /// As [`Messages::history`], where it is to be found out whether the user may.
    ///
    /// # Errors
    /// As [`Messages::history`]; [`Error::RoomNotFound`] for a room that the user may not see.
    pub async fn history_for(
        &self,
        who: &Identity,
        room: RoomId,
        page: Page,
        limit: usize,
    ) -> Result<MessagePage, Error> {
        let seen = self.rights.seen(who.user.id, room).await?;
        self.history(&seen, page, limit).await
    }
}

fn answer_all(waiting: Vec<oneshot::Sender<Result<Arc<Message>, Error>>>, error: &Error) {
    for done in waiting {
        let _ = done.send(Err(error.clone()));
    }
}
