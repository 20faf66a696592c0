//! Telling rooms of new messages, in the order of their numbers, whichever server has stored them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::room_order::RoomOrder;
use crate::bus::{Bus, Notice, Subscriber};
use crate::error::Error;
use crate::model::{Message, Page, RoomId, SocketId};
use crate::store::Store;
use crate::wire::{Audience, Event};

/// How long a message waits for those before it that another server has stored.
const MISSED: Duration = Duration::from_millis(100);

/// How many messages are read at once to find those that are missing.
const PAGE: usize = 200;

/// How far each room was told, and the telling.
pub(crate) struct Telling {
    me: Weak<Self>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    order: Mutex<RoomOrder>,
}

impl Telling {
    /// Nothing was told yet.
    pub(crate) fn new(store: &Arc<dyn Store>, bus: &Arc<dyn Bus>) -> Arc<Self> {
        let telling = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            order: Mutex::default(),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&telling);
        bus.subscribe(subscriber);
        telling
    }

    fn order(&self) -> MutexGuard<'_, RoomOrder> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A socket enters a room, and is told the messages after `known`, of which it is said what they are; whether it
    /// was not there.
    pub(crate) fn enter(&self, socket: SocketId, room: RoomId, known: u64) -> bool {
        if !self.bus.is_shared() {
            return self.bus.presence().enter(socket, room);
        }
        let mut order = self.order();
        let mut presence = self.bus.presence();
        let newly = presence.enter(socket, room);
        let opened = presence.in_room(socket, room) && order.begin(room, known);
        drop(order);
        drop(presence);
        if opened {
            self.bus.notify(Notice::Opened(room));
        }
        newly
    }

    /// This server has stored these messages of a room, in the order of their numbers.
    pub(crate) fn stored(&self, room: RoomId, messages: Vec<Arc<Message>>) {
        if messages.is_empty() {
            return;
        }
        if !self.bus.is_shared() {
            // Nobody else stores messages of this room, so they come in order.
            for message in messages {
                self.bus.publish_here(&Event::NewMessage(message).to(Audience::Room { room, except: None }));
            }
            return;
        }
        self.came(room, messages.clone());
        self.bus.notify(Notice::Stored(room, messages));
    }

    /// A message of this number is stored, by whichever server, and who is in the room is told of it where nobody was.
    pub(crate) fn exists(&self, room: RoomId, seq: u64) {
        if self.bus.is_shared() {
            self.reaches(room, seq);
            self.bus.notify(Notice::Told(room, seq));
        }
    }

    /// Has what another program wrote told, here and by the other servers. Never resolves.
    pub(crate) async fn tell_numbered(&self) {
        loop {
            for room in self.store.rooms_numbered().await {
                match self.store.room(room).await {
                    Ok(Some(found)) => self.exists(room, found.last_seq()),
                    Ok(None) => {}
                    Err(error) => tracing::debug!(%room, %error, "what another program wrote is told later"),
                }
            }
        }
    }

    /// There are messages of a room up to this number.
    fn reaches(&self, room: RoomId, seq: u64) {
        let missing = self.order().reaches(room, seq);
        if missing {
            self.find_missing_soon(room);
        }
    }

    /// Tells what may be told now. What comes early waits.
    fn came(&self, room: RoomId, messages: Vec<Arc<Message>>) {
        let missing = {
            let mut order = self.order();
            let told = order.came(room, messages);
            self.tell(order, room, told.now);
            told.missing
        };
        if missing {
            self.find_missing_soon(room);
        }
    }

    /// Tells messages in the order in which `order` let them go.
    fn tell(&self, order: MutexGuard<'_, RoomOrder>, room: RoomId, messages: Vec<Arc<Message>>) {
        let mut presence = self.bus.presence();
        for message in messages {
            presence.publish_here(Event::NewMessage(message).to(Audience::Room { room, except: None }));
        }
        // What is queued keeps its order; it is sent when presence is let go, and nobody waits for this meanwhile.
        drop(order);
    }

    fn tell_others_how_far(&self, room: RoomId) {
        let told = self.order().told(room);
        if let Some(seq) = told {
            self.bus.notify(Notice::Told(room, seq));
        }
    }

    fn find_missing_soon(&self, room: RoomId) {
        let Some(telling) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            tokio::time::sleep(MISSED).await;
            while let Some(after) = telling.missing_after(room) {
                if let Err(error) = telling.find_missing(room, after).await {
                    tracing::debug!(%room, %error, "messages of another server could not be read and are told later");
                    tokio::time::sleep(MISSED).await;
                }
            }
        });
    }

    fn missing_after(&self, room: RoomId) -> Option<u64> {
        self.order().missing_after(room)
    }

    /// Reads what is missing after a number, and tells it with all that waited for it.
    async fn find_missing(&self, room: RoomId, after: u64) -> Result<(), Error> {
        metrics::counter!("tincan_bus_gaps_total").increment(1);
        let page = self.store.messages(room, Page::After(after), PAGE).await?;
        let messages: Vec<Arc<Message>> = page.into_iter().flat_map(|page| page.messages).map(Arc::new).collect();
        let mut order = self.order();
        // Numbers that no message has any more are passed over: the next one that there is comes now.
        let told = match messages.first() {
            Some(first) => order.found(room, after, first.seq, messages.iter().map(Arc::clone)),
            None => order.give_up(room),
        };
        self.tell(order, room, told);
        Ok(())
    }

    /// Reads what was stored since in every room of which something was told: for a server that may have missed what
    /// others said. The others are told how far it is here, for those that were away have missed what was said
    /// meanwhile.
    pub(crate) async fn catch_up(&self) {
        let ends = self.order().ends();
        for (room, after) in ends {
            match self.store.messages(room, Page::After(after), PAGE).await {
                Ok(page) => {
                    self.came(room, page.into_iter().flat_map(|page| page.messages).map(Arc::new).collect());
                }
                Err(error) => tracing::debug!(%room, %error, "it could not be read what was missed in a room"),
            }
            self.tell_others_how_far(room);
        }
    }
}

impl Subscriber for Telling {
    fn occupants_changed(&self, room: RoomId) {
        if !self.bus.is_shared() {
            return;
        }
        // Both at once, or who comes in meanwhile would be forgotten.
        let mut order = self.order();
        let presence = self.bus.presence();
        if !presence.is_occupied_here(room) {
            order.forget(room);
        }
        drop(order);
    }

    fn noticed(&self, notice: &Notice) {
        match notice {
            Notice::Stored(room, messages) => self.came(*room, messages.clone()),
            Notice::Missed => {
                let Some(telling) = self.me.upgrade() else { return };
                tokio::spawn(async move { telling.catch_up().await });
            }
            Notice::Opened(room) => self.tell_others_how_far(*room),
            Notice::Told(room, seq) => self.reaches(*room, *seq),
            _ => {}
        }
    }
}
