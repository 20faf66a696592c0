//! Calls: each change is decided, stored over what it was decided from, applied and told; where others were faster it
//! is decided again. What has happened anyway is applied and told even while the store is away, and stored behind.

mod changing;
mod happened;
mod history;
mod records;
mod refreshing;
mod unheard;
mod unsaved;
mod upkeep;
mod verbs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::names::Names;
use super::rights::Rights;
use super::turns::Turns;
use crate::bus::{Bus, Subscriber};
use crate::config::Config;
use crate::live::{CallMachine, Limits};
use crate::model::{CallId, RoomId, SocketId, UserId};
use crate::store::Store;
use crate::wire::CallSnapshot;
use unheard::Unheard;
use unsaved::Unsaved;

/// Calls between users, and in rooms.
pub struct Calls {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    names: Arc<Names>,
    limits: Arc<Limits>,
    rights: Arc<Rights>,
    machine: Mutex<CallMachine>,
    /// The changes of one call come one after another. No call waits for another one.
    turns: Turns,
    unsaved: Unsaved,
    unheard: Unheard,
    deadline_changed: Notify,
    /// What other servers did may have been missed.
    missed: Notify,
    /// What has happened and waits for its turn or for the store.
    happening: Mutex<JoinSet<()>>,
}

impl Calls {
    /// No calls yet; [`Calls::resume`] takes up those of the store.
    pub fn new(
        config: &Config,
        store: &Arc<dyn Store>,
        bus: &Arc<dyn Bus>,
        names: &Arc<Names>,
        limits: &Arc<Limits>,
        rights: &Arc<Rights>,
    ) -> Arc<Self> {
        let calls = Arc::new(Self {
            store: Arc::clone(store),
            bus: Arc::clone(bus),
            names: Arc::clone(names),
            limits: Arc::clone(limits),
            rights: Arc::clone(rights),
            machine: Mutex::new(CallMachine::new(bus.server(), config.ring_timeout, config.call_grace)),
            turns: Turns::default(),
            unsaved: Unsaved::default(),
            unheard: Unheard::default(),
            deadline_changed: Notify::new(),
            missed: Notify::new(),
            happening: Mutex::default(),
        });
        let subscriber: Weak<dyn Subscriber> = Arc::<Self>::downgrade(&calls);
        bus.subscribe(subscriber);
        calls
    }

    /// The calls, to look at. Where presence is looked at too, that is locked first.
    fn machine(&self) -> MutexGuard<'_, CallMachine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The call that goes on in a room.
    pub fn in_room(&self, room: RoomId) -> Option<CallSnapshot> {
        self.machine().snapshot(room)
    }

    /// The call that a socket is in.
    pub fn of_socket(&self, socket: SocketId) -> Option<CallId> {
        self.machine().call_of_socket(socket)
    }

    /// The socket by which a user is in a call; `None` where the user is not in it, or away.
    pub fn socket_in_call(&self, call: CallId, user: UserId) -> Option<SocketId> {
        self.machine().socket_in_call(call, user)
    }

    /// The other sockets in the call that a socket is in; `None` where it is in none.
    pub fn others_in_call(&self, socket: SocketId) -> Option<Vec<SocketId>> {
        self.machine().others_in_call(socket)
    }

    /// Whether two users are in one call or rung by it.
    pub fn are_shared(&self, one: UserId, other: UserId) -> bool {
        self.machine().share_call(one, other)
    }
}
