//! Who is in which room: participation, which is stored, and subscription, which lasts as long as the socket.

mod becoming;
mod joining;
mod leaving;
mod members;

use std::sync::{Arc, Weak};

use super::announcing::Announcing;
use super::calls::Calls;
use super::messages::Messages;
use super::participants::Participants;
use super::reading::Readings;
use super::rights::Rights;
use super::turns::Turns;
use super::views::Views;
use crate::bus::{Bus, Subscriber};
use crate::live::Limits;
use crate::model::{Message, MessageId, Room, RoomId, RoomKind, UserId};
use crate::store::Store;
use crate::wire::{ParticipantList, RoomView};

/// What a socket that joined is answered with.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The room as the user sees it.
    pub room: RoomView,
    /// Who takes part.
    pub participants: ParticipantList,
    /// The newest number.
    pub last_seq: u64,
    /// What was missed, where the client said what it has seen.
    pub missed: Option<Missed>,
}

/// The last message of a room that a client has seen.
#[derive(Clone, Copy, Debug)]
pub struct LastSeen {
    /// Its number; 0 where the client has seen none.
    pub seq: u64,
    /// Its id, where the client says it; means nothing with 0.
    pub id: Option<MessageId>,
}

/// The messages since the last one that a client has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// At most 200, oldest first.
    pub messages: Vec<Message>,
    /// There are more.
    pub more: bool,
    /// The client has seen a message that is not there, or not under this number: what it has of the room is void.
    pub reset: bool,
}

/// Who is in which room.
pub struct Membership {
    me: Weak<Self>,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    views: Arc<Views>,
    announcing: Arc<Announcing>,
    readings: Arc<Readings>,
    participants: Arc<Participants>,
    messages: Arc<Messages>,
    calls: Arc<Calls>,
    /// Joining and leaving of one user, whichever sockets they come from: participation depends on all of them.
    turns: Turns,
}

impl Membership {
    /// In the rooms of a store.
    pub fn new(
        (store, bus, limits): (&Arc<dyn Store>, &Arc<dyn Bus>, &Arc<Limits>),
        (rights, views, announcing): (&Arc<Rights>, &Arc<Views>, &Arc<Announcing>),
        (readings, participants, messages, calls): (&Arc<Readings>, &Arc<Participants>, &Arc<Messages>, &Arc<Calls>),
    ) -> Arc<Self> {
        let membership = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            views: Arc::clone(views),
            announcing: Arc::clone(announcing),
            readings: Arc::clone(readings),
            participants: Arc::clone(participants),
            messages: Arc::clone(messages),
            calls: Arc::clone(calls),
            turns: Turns::default(),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&membership);
        bus.subscribe(subscriber);
        membership
    }
}

impl Subscriber for Membership {
    /// The other server took its socket for the user's last one, and has ended participation, where it did not know yet
    /// of the one here.
    fn left_elsewhere(&self, user: UserId, room: RoomId) {
        let Some(membership) = self.me.upgrade() else { return };
        tokio::spawn(async move {
            let keep = async || {
                let here = membership.bus.presence().user_is_here(user, room);
                let stored = membership.store.room(room).await?;
                // Only in open rooms does participation follow from being there.
                let ended = |room: Arc<Room>| room.kind == RoomKind::Open && !room.has_participant(user);
                if here && stored.is_some_and(ended) {
                    membership.store.add_participant(room, user).await?;
                    membership.participants.changed(room);
                }
                Ok(())
            };
            if !membership.turns.in_the_end(user, &keep).await {
                tracing::warn!(%room, %user, "a user is in a room and no participant: the store is away");
            }
        });
    }
}
