//! How far people have read: marking it, and telling those who are elsewhere that something waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::turns::Turns;
use crate::bus::{Bus, Notice, Subscriber};
use crate::error::Error;
use crate::model::{Actor, MarkedRead, Message, Reading, RoomId, SocketId, UserId};
use crate::store::Store;
use crate::wire::{Audience, Event};

/// How often those who have not joined a room are told what waits there.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// How long it is known who takes part in a room, where nobody comes meanwhile. Who has gone is told nothing anyway.
const KNOWN_FOR: Duration = Duration::from_secs(10);

/// How far everybody has read in the rooms of a store.
pub struct Readings {
    me: Weak<Self>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    rooms: Mutex<Rooms>,
    /// What is found out later of one user in one room comes one after another.
    turns: Turns,
}

impl Readings {
    /// Of a store.
    pub fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>) -> Arc<Self> {
        let readings = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            rooms: Mutex::default(),
            turns: Turns::default(),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&readings);
        bus.subscribe(subscriber);
        readings
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user has read a room up to a number. Where that is further than before the user's other sockets are told.
    ///
    /// # Errors
    /// [`Error::NotInRoom`] where the user takes no part in such a room, [`Error::Storage`].
    pub async fn mark(&self, from: &Actor, room: RoomId, seq: u64) -> Result<Reading, Error> {
        let marked = self.store.mark_read(room, from.user.id, seq).await.map_err(Error::from);
        if marked.as_ref().is_err_and(Error::is_store_away) {
            self.find_out(from.user.id, room, seq);
        }
        let MarkedRead { reading, moved } = marked?.ok_or(Error::NotInRoom)?;
        if moved {
            self.tell_read(from.user.id, Some(from.socket), room, reading);
        }
        Ok(reading)
    }

    /// The store did not say whether a mark was stored: how far the user has read is told as soon as it answers, for
    /// whoever marks the same again moves nothing.
    fn find_out(&self, user: UserId, room: RoomId, seq: u64) {
        let Some(readings) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            if !readings.turns.in_the_end((user, room), || readings.tell_where_read(user, room, seq)).await {
                tracing::debug!(%room, %user, "how far a user has read was told to nobody");
            }
        });
    }

    async fn tell_where_read(&self, user: UserId, room: RoomId, seq: u64) -> Result<(), Error> {
        let Some(room) = self.store.room(room).await? else { return Ok(()) };
        let reading = self.store.readings_in(&room, &[user]).await?.remove(&user);
        if let Some(reading) = reading.filter(|reading| reading.read_seq >= seq.min(room.last_seq())) {
            self.tell_read(user, None, room.id, reading);
        }
        Ok(())
    }

    fn tell_read(&self, user: UserId, except: Option<SocketId>, room: RoomId, reading: Reading) {
        let Reading { read_seq, unread, mentions } = reading;
        let read = Event::RoomRead { room_id: room, read_seq, unread, mentions };
        self.bus.publish(&read.to(Audience::User { user, except }));
    }

    /// The user has sent a message, and so has read up to it: the user's other sockets are told.
    pub fn sent(&self, from: &Actor, message: &Message) {
        let has_others = {
            let presence = self.bus.presence();
            presence.count(Audience::User { user: from.user.id, except: Some(from.socket) }) > 0
        };
        if has_others {
            self.tell_read(from.user.id, Some(from.socket), message.room, Reading::new(message.seq, 0, 0));
        }
    }

    /// A message was stored here: participants with sockets that have not joined the room are told what waits for them,
    /// on every server, at most once a second.
    pub fn message_stored(&self, room: RoomId) {
        self.tell_unread_soon(room, Origin::Here);
    }

    /// Somebody has begun to take part in a room.
    pub fn participant_came(&self, room: RoomId) {
        self.rooms().forget(room);
        self.bus.notify(Notice::ParticipantCame(room));
    }

    fn tell_unread_soon(&self, room: RoomId, origin: Origin) {
        let Some(readings) = self.me.upgrade() else { return };
        if !self.rooms().begin(room, origin) {
            return;
        }
        tokio::spawn(async move {
            loop {
                let origin = readings.rooms().take(room);
                let Some(origin) = origin else { return };
                if origin == Origin::Here {
                    readings.bus.notify(Notice::Unread(room));
                }
                if let Err(error) = readings.tell_unread(room).await {
                    error.log("those who have not joined a room are told later what waits there");
                    if error.is_store_away() {
                        readings.rooms().begin(room, Origin::Elsewhere);
                    }
                }
                tokio::time::sleep(AT_MOST_EVERY).await;
            }
        });
    }

    async fn tell_unread(&self, room: RoomId) -> Result<(), Error> {
        let elsewhere = self.elsewhere(&self.participants(room).await?, room);
        if elsewhere.is_empty() {
            return Ok(());
        }
        let Some(room) = self.store.room(room).await? else { return Ok(()) };
        let users: Vec<UserId> = elsewhere.keys().copied().collect();
        let readings = self.store.readings_in(&room, &users).await?;
        for (user, sockets) in elsewhere {
            let Some(Reading { unread, mentions, .. }) = readings.get(&user).copied() else { continue };
            let event = Event::RoomUnread {
                room_id: room.id,
                last_seq: room.last_seq(),
                last_message: room.last_message.clone(),
                unread,
                mentions,
            };
            sockets.into_iter().for_each(|socket| self.bus.publish_here(&event.clone().to(Audience::Socket(socket))));
        }
        Ok(())
    }

    async fn participants(&self, room: RoomId) -> Result<Arc<Vec<UserId>>, Error> {
        if let Some(known) = self.rooms().participants(room) {
            return Ok(known);
        }
        let found = self.store.room(room).await?.map(|room| Arc::clone(&room.participants)).unwrap_or_default();
        self.rooms().remember(room, &found);
        Ok(found)
    }

    /// The sockets of this server that have not joined a room, of those who take part in it.
    fn elsewhere(&self, participants: &[UserId], room: RoomId) -> HashMap<UserId, Vec<SocketId>> {
        let presence = self.bus.presence();
        let mut found = HashMap::new();
        for user in participants {
            let sockets: Vec<SocketId> = presence.sockets_here_outside(*user, room);
            if !sockets.is_empty() {
                found.insert(*user, sockets);
            }
        }
        found
    }
}

impl Subscriber for Readings {
    fn noticed(&self, notice: &Notice) {
        match notice {
            Notice::Unread(room) => self.tell_unread_soon(*room, Origin::Elsewhere),
            Notice::ParticipantCame(room) => self.rooms().forget(*room),
            _ => {}
        }
    }
}

/// Where something was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Here,
    Elsewhere,
}

/// The rooms in which something was stored lately.
#[derive(Debug, Default)]
struct Rooms(HashMap<RoomId, Lately>);

#[derive(Debug, Default)]
struct Lately {
    /// What is to be told next.
    due: Option<Origin>,
    /// Who takes part, and since when that is known.
    participants: Option<(Instant, Arc<Vec<UserId>>)>,
}

impl Rooms {
    /// Something was stored in a room; whether nobody is at telling it yet.
    fn begin(&mut self, room: RoomId, origin: Origin) -> bool {
        let begins = !self.0.contains_key(&room);
        let lately = self.0.entry(room).or_default();
        if lately.due != Some(Origin::Here) {
            lately.due = Some(origin);
        }
        begins
    }

    /// What is to be told now; where there is nothing the telling ends.
    fn take(&mut self, room: RoomId) -> Option<Origin> {
        let due = self.0.get_mut(&room).and_then(|lately| lately.due.take());
        if due.is_none() {
            self.0.remove(&room);
        }
        due
    }

    fn participants(&self, room: RoomId) -> Option<Arc<Vec<UserId>>> {
        let (since, known) = self.0.get(&room)?.participants.as_ref()?;
        (since.elapsed() < KNOWN_FOR).then(|| Arc::clone(known))
    }

    fn remember(&mut self, room: RoomId, participants: &Arc<Vec<UserId>>) {
        if let Some(lately) = self.0.get_mut(&room) {
            lately.participants = Some((Instant::now(), Arc::clone(participants)));
        }
    }

    fn forget(&mut self, room: RoomId) {
        if let Some(lately) = self.0.get_mut(&room) {
            lately.participants = None;
        }
    }
}
