//! Who is connected, and with which sockets in which rooms.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::{Audience, Origin, RoomId, SocketId, UserId, UserRef};

/// A user with several sockets is one participant of a room; what is told of joining and leaving follows from the first and the last of them.
#[derive(Debug, Default)]
pub struct Presence {
    sockets: HashMap<SocketId, Connection>,
    users: HashMap<UserId, BTreeSet<SocketId>>,
    rooms: HashMap<RoomId, HashMap<UserId, BTreeSet<SocketId>>>,
}

#[derive(Debug)]
struct Connection {
    user: UserRef,
    rooms: HashSet<RoomId>,
}

/// A socket went out of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The room.
    pub room: RoomId,
    /// The socket.
    pub socket: SocketId,
    /// It was the user's last one in the room.
    pub last: bool,
}

impl Presence {
    /// A socket has connected.
    pub fn connect(&mut self, socket: SocketId, user: UserRef) {
        self.users.entry(user.id).or_default().insert(socket);
        self.sockets.insert(socket, Connection { user, rooms: HashSet::new() });
    }

    /// A socket has gone, from everywhere. Nothing where it is not known, so that it may be told twice.
    pub fn disconnect(&mut self, socket: SocketId) -> Option<(UserRef, Vec<Departure>)> {
        let rooms: Vec<RoomId> = self.sockets.get(&socket)?.rooms.iter().copied().collect();
        let departures = rooms.into_iter().filter_map(|room| self.unsubscribe(socket, room)).collect();
        let connection = self.sockets.remove(&socket)?;
        remove_from(&mut self.users, connection.user.id, socket);
        Some((connection.user, departures))
    }

    /// Puts a socket into a room. Whether it is the user's first there; `None` where the socket is not known or is there already.
    pub fn subscribe(&mut self, socket: SocketId, room: RoomId) -> Option<bool> {
        let connection = self.sockets.get_mut(&socket)?;
        if !connection.rooms.insert(room) {
            return None;
        }
        let sockets = self.rooms.entry(room).or_default().entry(connection.user.id).or_default();
        sockets.insert(socket);
        Some(sockets.len() == 1)
    }

    /// Takes a socket out of a room; `None` where it is not there.
    pub fn unsubscribe(&mut self, socket: SocketId, room: RoomId) -> Option<Departure> {
        let connection = self.sockets.get_mut(&socket)?;
        if !connection.rooms.remove(&room) {
            return None;
        }
        let user = connection.user.id;
        let users = self.rooms.get_mut(&room)?;
        let last = remove_from(users, user, socket);
        if users.is_empty() {
            self.rooms.remove(&room);
        }
        Some(Departure { room, socket, last })
    }

    /// Takes everybody out of a room that is no more.
    pub fn clear_room(&mut self, room: RoomId) -> Vec<SocketId> {
        let sockets: Vec<SocketId> = self.rooms.remove(&room).into_iter().flatten().flat_map(|(_, s)| s).collect();
        for socket in &sockets {
            if let Some(connection) = self.sockets.get_mut(socket) {
                connection.rooms.remove(&room);
            }
        }
        sockets
    }

    /// The socket and whose it is.
    pub fn origin(&self, socket: SocketId) -> Option<Origin> {
        self.sockets.get(&socket).map(|connection| Origin { socket, user: connection.user.clone() })
    }

    /// Whether the user has any socket.
    pub fn is_online(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// Everybody who is online, in no order.
    pub fn online_users(&self) -> Vec<UserRef> {
        let first = self.users.values().filter_map(BTreeSet::first);
        first.filter_map(|socket| self.sockets.get(socket)).map(|connection| connection.user.clone()).collect()
    }

    /// The user's sockets, in a stable order.
    pub fn sockets_of(&self, user: UserId) -> Vec<SocketId> {
        self.users.get(&user).into_iter().flatten().copied().collect()
    }

    /// The sockets that an audience stands for.
    pub fn audience(&self, to: Audience) -> Vec<SocketId> {
        let (mut sockets, except) = match to {
            Audience::Everyone => return self.sockets().collect(),
            Audience::Socket(socket) => return vec![socket],
            Audience::User { user, except } => (self.sockets_of(user), except),
            Audience::Room { room, except } => {
                (self.rooms.get(&room).into_iter().flat_map(HashMap::values).flatten().copied().collect(), except)
            }
        };
        if let Some(except) = except {
            sockets.retain(|socket| *socket != except);
        }
        sockets
    }

    /// Every socket.
    pub fn sockets(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.sockets.keys().copied()
    }

    /// Whether the socket is in the room.
    pub fn in_room(&self, socket: SocketId, room: RoomId) -> bool {
        self.sockets.get(&socket).is_some_and(|connection| connection.rooms.contains(&room))
    }

    /// Whether the user has a socket in the room.
    pub fn user_in_room(&self, user: UserId, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|users| users.contains_key(&user))
    }

    /// How many rooms the socket is in.
    pub fn room_count(&self, socket: SocketId) -> usize {
        self.sockets.get(&socket).map_or(0, |connection| connection.rooms.len())
    }

    /// How many users have a socket in the room.
    pub fn online_count(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, HashMap::len)
    }

    /// How many sockets are in the room.
    pub fn room_size(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, |users| users.values().map(BTreeSet::len).sum())
    }

    /// The user's sockets in the room.
    pub fn sockets_in_room(&self, user: UserId, room: RoomId) -> Vec<SocketId> {
        self.rooms.get(&room).and_then(|users| users.get(&user)).into_iter().flatten().copied().collect()
    }

    /// Who has a socket in the room, in the order of their ids.
    pub fn users_in_room(&self, room: RoomId) -> Vec<UserRef> {
        let Some(users) = self.rooms.get(&room) else { return Vec::new() };
        let mut refs: Vec<UserRef> = users
            .values()
            .filter_map(|sockets| self.sockets.get(sockets.first()?))
            .map(|connection| connection.user.clone())
            .collect();
        refs.sort_by_key(|user| user.id);
        refs
    }
}

/// Removes one socket from a user's set, and the set where it was the last; whether it was.
fn remove_from(users: &mut HashMap<UserId, BTreeSet<SocketId>>, user: UserId, socket: SocketId) -> bool {
    let Some(sockets) = users.get_mut(&user) else { return false };
    sockets.remove(&socket);
    let last = sockets.is_empty();
    if last {
        users.remove(&user);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserRef {
        UserRef { id: UserId::new(), username: name.to_owned() }
    }

    #[test]
    fn a_user_with_two_sockets_is_one_participant_until_the_last_goes() {
        let mut presence = Presence::default();
        let (ann, room) = (user("ann"), RoomId::new());
        let (first, second) = (SocketId::new(), SocketId::new());
        presence.connect(first, ann.clone());
        presence.connect(second, ann.clone());
        assert_eq!(presence.subscribe(first, room), Some(true));
        assert_eq!(presence.subscribe(first, room), None);
        assert_eq!(presence.subscribe(second, room), Some(false));
        assert_eq!(presence.online_count(room), 1);
        assert!(!presence.unsubscribe(first, room).unwrap().last);
        let (_, departures) = presence.disconnect(second).unwrap();
        assert_eq!(departures, [Departure { room, socket: second, last: true }]);
        assert!(presence.disconnect(second).is_none());
        assert!(presence.is_online(ann.id));
        assert_eq!(presence.online_count(room), 0);
    }

    #[test]
    fn a_room_that_is_no_more_has_nobody() {
        let mut presence = Presence::default();
        let (socket, room) = (SocketId::new(), RoomId::new());
        presence.connect(socket, user("ann"));
        presence.subscribe(socket, room);
        assert_eq!(presence.clear_room(room), [socket]);
        assert!(!presence.in_room(socket, room));
        assert_eq!(presence.room_count(socket), 0);
    }
}
