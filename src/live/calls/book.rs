//! The calls that go on, and by whom, by what and where each is found.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

use super::call::OpenCall;
use crate::model::{CallId, RoomId, SocketId, UserId};

/// Every call that has not ended. A user, a socket and a room have at most one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    calls: HashMap<CallId, OpenCall>,
    /// Who is in a call or rung by it.
    users: HashMap<UserId, CallId>,
    sockets: HashMap<SocketId, CallId>,
    rooms: HashMap<RoomId, CallId>,
    deadlines: BTreeSet<(Instant, CallId)>,
}

impl Book {
    pub(crate) fn get(&self, call: CallId) -> Option<&OpenCall> {
        self.calls.get(&call)
    }

    /// The call that the user is in or is rung by.
    pub(crate) fn of_user(&self, user: UserId) -> Option<&OpenCall> {
        self.users.get(&user).and_then(|call| self.get(*call))
    }

    /// The call that the socket is in.
    pub(crate) fn of_socket(&self, socket: SocketId) -> Option<&OpenCall> {
        self.sockets.get(&socket).and_then(|call| self.get(*call))
    }

    /// The call that goes on in the room.
    pub(crate) fn in_room(&self, room: RoomId) -> Option<&OpenCall> {
        self.rooms.get(&room).and_then(|call| self.get(*call))
    }

    /// The call that waits for something first, and until when.
    pub(crate) fn first_due(&self) -> Option<(Instant, &OpenCall)> {
        self.deadlines.iter().find_map(|(at, call)| Some((*at, self.get(*call)?)))
    }

    /// Puts a call in the place of what was known of it; `None` where it is over.
    pub(crate) fn replace(&mut self, id: CallId, call: Option<OpenCall>) {
        if let Some(old) = self.calls.remove(&id) {
            // Another server may have begun the next call of somebody before it is known here that this one is over.
            for user in old.busy() {
                self.users.remove_if(&user, id);
            }
            for socket in old.sockets() {
                self.sockets.remove_if(&socket, id);
            }
            if let Some(room) = old.group() {
                self.rooms.remove_if(&room, id);
            }
            if let Some((at, _)) = old.next_due() {
                self.deadlines.remove(&(at, id));
            }
        }
        if let Some(new) = call {
            self.users.extend(new.busy().map(|user| (user, id)));
            self.sockets.extend(new.sockets().map(|socket| (socket, id)));
            self.rooms.extend(new.group().map(|room| (room, id)));
            self.deadlines.extend(new.next_due().map(|(at, _)| (at, id)));
            self.calls.insert(id, new);
        }
    }

    /// Every call, in no order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &OpenCall> {
        self.calls.values()
    }
}

/// Where somebody or something is found.
trait RemoveIf<K> {
    /// Removes the entry of `key` where it names this call.
    fn remove_if(&mut self, key: &K, call: CallId);
}

impl<K: Hash + Eq> RemoveIf<K> for HashMap<K, CallId> {
    fn remove_if(&mut self, key: &K, call: CallId) {
        if self.get(key) == Some(&call) {
            self.remove(key);
        }
    }
}
