//! Who is connected, and with which sockets in which rooms.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::outlet::{Outlet, Outlets, Reachable};
use super::ways::{Connected, Ways};
use crate::model::{Actor, RoomId, ServerId, SocketId, UserId, UserRef};
use crate::wire::Audience;

/// A user with several sockets is one participant of a room; what is told of joining and leaving follows from the first
/// and the last of
/// them.
#[derive(Debug, Default)]
pub struct Presence {
    sockets: HashMap<SocketId, Connection>,
    users: HashMap<UserId, BTreeSet<SocketId>>,
    rooms: HashMap<RoomId, Occupants>,
    /// The sockets of other servers.
    elsewhere: HashMap<ServerId, HashSet<SocketId>>,
}

#[derive(Debug)]
struct Connection {
    user: UserRef,
    rooms: HashSet<RoomId>,
    place: Connected,
}

/// Those who are in a room with a socket.
#[derive(Debug, Default)]
struct Occupants {
    users: HashMap<UserId, BTreeSet<SocketId>>,
    /// How many sockets they have there.
    sockets: usize,
    /// The ways to all of these sockets, where they have been asked for; follows what changes.
    ways: Option<Ways>,
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
    /// A socket has connected, and is reached by this outlet.
    pub fn connect(&mut self, who: &Actor, outlet: Arc<dyn Outlet>) {
        self.add(who, Connected::Here(Reachable { socket: who.socket, outlet }));
    }

    /// A socket has connected to another server.
    pub fn connect_at(&mut self, who: &Actor, server: ServerId) {
        self.elsewhere.entry(server).or_default().insert(who.socket);
        self.add(who, Connected::At(server));
    }

    fn add(&mut self, who: &Actor, place: Connected) {
        let Actor { socket, user } = who.clone();
        self.users.entry(user.id).or_default().insert(socket);
        self.sockets.insert(socket, Connection { user, rooms: HashSet::new(), place });
    }

    /// A socket has gone, from everywhere. Nothing where it is not known, so that it may be told twice.
    pub fn disconnect(&mut self, socket: SocketId) -> Option<(UserRef, Vec<Departure>)> {
        let rooms: Vec<RoomId> = self.sockets.get(&socket)?.rooms.iter().copied().collect();
        let departures = rooms.into_iter().filter_map(|room| self.unsubscribe(socket, room)).collect();
        let connection = self.sockets.remove(&socket)?;
        remove_from(&mut self.users, connection.user.id, socket);
        if let Connected::At(server) = connection.place
            && let Some(sockets) = self.elsewhere.get_mut(&server)
        {
            sockets.remove(&socket);
            if sockets.is_empty() {
                self.elsewhere.remove(&server);
            }
        }
        Some((connection.user, departures))
    }

    /// Puts a socket into a room. Whether it is the user's first there; `None` where the socket is not known or is
    /// there already.
    pub fn subscribe(&mut self, socket: SocketId, room: RoomId) -> Option<bool> {
        let connection = self.sockets.get_mut(&socket)?;
        if !connection.rooms.insert(room) {
            return None;
        }
        let occupants = self.rooms.entry(room).or_default();
        occupants.sockets += 1;
        if let Some(ways) = &mut occupants.ways {
            ways.add(&connection.place);
        }
        let sockets = occupants.users.entry(connection.user.id).or_default();
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
        let occupants = self.rooms.get_mut(&room)?;
        occupants.sockets -= 1;
        occupants.ways = occupants.ways.take().and_then(|ways| ways.without(&connection.place));
        let last = remove_from(&mut occupants.users, user, socket);
        if occupants.users.is_empty() {
            self.rooms.remove(&room);
        }
        Some(Departure { room, socket, last })
    }

    /// Takes everybody out of a room that is no more.
    pub fn clear_room(&mut self, room: RoomId) {
        for socket in self.rooms.remove(&room).into_iter().flat_map(|occupants| occupants.users).flat_map(|(_, s)| s) {
            if let Some(connection) = self.sockets.get_mut(&socket) {
                connection.rooms.remove(&room);
            }
        }
    }

    /// The socket and whose it is.
    pub fn actor(&self, socket: SocketId) -> Option<Actor> {
        self.sockets.get(&socket).map(|connection| Actor { socket, user: connection.user.clone() })
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
    pub fn actors_of(&self, user: UserId) -> Vec<Actor> {
        self.users.get(&user).into_iter().flatten().filter_map(|socket| self.actor(*socket)).collect()
    }

    /// The way to one socket of this server.
    pub fn outlet(&self, socket: SocketId) -> Option<Arc<dyn Outlet>> {
        match &self.sockets.get(&socket)?.place {
            Connected::Here(reachable) => Some(Arc::clone(&reachable.outlet)),
            Connected::At(_) => None,
        }
    }

    /// The ways to all sockets of this server for whom an audience stands.
    pub fn outlets(&mut self, to: Audience) -> Outlets {
        Outlets { all: self.ways(to).here, except: except(to) }
    }

    /// The other servers that have a socket for which an audience stands, perhaps one that is left out.
    pub fn servers(&mut self, to: Audience) -> Arc<Vec<ServerId>> {
        self.ways(to).servers
    }

    fn ways(&mut self, to: Audience) -> Ways {
        match to {
            Audience::Everyone => self.reach(self.sockets.keys()),
            Audience::Socket(socket) => self.reach([&socket]),
            Audience::User { user, .. } => self.reach(self.users.get(&user).into_iter().flatten()),
            Audience::Room { room, .. } => self.room_ways(room),
        }
    }

    /// The sockets of another server, and who they are.
    pub fn actors_at(&self, server: ServerId) -> Vec<Actor> {
        self.elsewhere.get(&server).into_iter().flatten().filter_map(|socket| self.actor(*socket)).collect()
    }

    /// The rooms that a socket is in.
    pub fn rooms_of(&self, socket: SocketId) -> impl Iterator<Item = RoomId> + '_ {
        self.sockets.get(&socket).into_iter().flat_map(|connection| connection.rooms.iter().copied())
    }

    /// The sockets of this server, and who they are.
    pub fn actors_here(&self) -> impl Iterator<Item = Actor> + '_ {
        let here = self.sockets.iter().filter(|(_, connection)| matches!(connection.place, Connected::Here(_)));
        here.map(|(socket, connection)| Actor { socket: *socket, user: connection.user.clone() })
    }

    /// Whether a socket of this server is in the room.
    pub fn is_occupied_here(&self, room: RoomId) -> bool {
        let sockets = self.rooms.get(&room).into_iter().flat_map(|occupants| occupants.users.values().flatten());
        let mut places = sockets.filter_map(|socket| self.sockets.get(socket)).map(|connection| &connection.place);
        places.any(|place| matches!(place, Connected::Here(_)))
    }

    /// Whether a socket of the user at this server is in the room.
    pub fn user_is_here(&self, user: UserId, room: RoomId) -> bool {
        self.sockets_in_room(user, room).into_iter().any(|socket| self.outlet(socket).is_some())
    }

    /// The user's sockets at this server that are not in the room.
    pub fn sockets_here_outside(&self, user: UserId, room: RoomId) -> Vec<SocketId> {
        let outside = |socket: &&SocketId| {
            let connection = self.sockets.get(socket);
            connection.is_some_and(|one| matches!(one.place, Connected::Here(_)) && !one.rooms.contains(&room))
        };
        self.users.get(&user).into_iter().flatten().filter(outside).copied().collect()
    }

    /// How many sockets an audience stands for.
    pub fn count(&self, to: Audience) -> usize {
        match to {
            Audience::Everyone => self.sockets.len(),
            Audience::Socket(socket) => usize::from(self.sockets.contains_key(&socket)),
            Audience::User { user, except } => {
                let sockets = self.users.get(&user).into_iter().flatten();
                sockets.filter(|socket| Some(**socket) != except).count()
            }
            Audience::Room { room, except } => {
                self.room_size(room) - usize::from(except.is_some_and(|socket| self.in_room(socket, room)))
            }
        }
    }

    fn reach<'a>(&self, sockets: impl IntoIterator<Item = &'a SocketId>) -> Ways {
        let connections = sockets.into_iter().filter_map(|socket| self.sockets.get(socket));
        Ways::to(connections.map(|connection| &connection.place))
    }

    fn room_ways(&mut self, room: RoomId) -> Ways {
        let Some(occupants) = self.rooms.get(&room) else { return Ways::default() };
        if let Some(ready) = &occupants.ways {
            return ready.clone();
        }
        let made = self.reach(occupants.users.values().flatten());
        if let Some(occupants) = self.rooms.get_mut(&room) {
            occupants.ways = Some(made.clone());
        }
        made
    }

    /// Whether the socket is in the room.
    pub fn in_room(&self, socket: SocketId, room: RoomId) -> bool {
        self.sockets.get(&socket).is_some_and(|connection| connection.rooms.contains(&room))
    }

    /// Whether the user has a socket in the room.
    pub fn user_in_room(&self, user: UserId, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|occupants| occupants.users.contains_key(&user))
    }

    /// How many rooms the socket is in.
    pub fn room_count(&self, socket: SocketId) -> usize {
        self.sockets.get(&socket).map_or(0, |connection| connection.rooms.len())
    }

    /// How many users have a socket in the room.
    pub fn online_count(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, |occupants| occupants.users.len())
    }

    /// How many sockets are in the room.
    pub fn room_size(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, |occupants| occupants.sockets)
    }

    /// The user's sockets in the room.
    pub fn sockets_in_room(&self, user: UserId, room: RoomId) -> Vec<SocketId> {
        self.rooms.get(&room).and_then(|occupants| occupants.users.get(&user)).into_iter().flatten().copied().collect()
    }

    /// Who has a socket in the room, in no order.
    pub fn users_in_room(&self, room: RoomId) -> impl Iterator<Item = &UserRef> {
        let occupants = self.rooms.get(&room).into_iter().flat_map(|occupants| occupants.users.values());
        occupants.filter_map(|sockets| self.sockets.get(sockets.first()?)).map(|connection| &connection.user)
    }
}

/// The socket that an audience leaves out.
const fn except(to: Audience) -> Option<SocketId> {
    match to {
        Audience::Room { except, .. } | Audience::User { except, .. } => except,
        Audience::Everyone | Audience::Socket(_) => None,
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
    use crate::live::outlet::tests::Deaf;

    fn person(name: &str) -> UserRef {
        UserRef { id: UserId::new(), username: name.to_owned() }
    }

    fn connect(presence: &mut Presence, user: &UserRef) -> SocketId {
        let who = Actor { socket: SocketId::new(), user: user.clone() };
        presence.connect(&who, Arc::new(Deaf));
        who.socket
    }

    fn reached(presence: &mut Presence, to: Audience) -> BTreeSet<SocketId> {
        let outlets = presence.outlets(to);
        let sockets: BTreeSet<SocketId> = outlets.iter().map(|reachable| reachable.socket).collect();
        assert_eq!(sockets.len(), presence.count(to), "{to:?}");
        sockets
    }

    #[test]
    fn a_user_with_two_sockets_is_one_participant_until_the_last_goes() {
        let mut presence = Presence::default();
        let (ann, room) = (person("ann"), RoomId::new());
        let (first, second) = (connect(&mut presence, &ann), connect(&mut presence, &ann));
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
        let (socket, room) = (connect(&mut presence, &person("ann")), RoomId::new());
        presence.subscribe(socket, room);
        presence.clear_room(room);
        assert!(!presence.in_room(socket, room));
        assert_eq!(presence.room_count(socket), 0);
        assert_eq!(reached(&mut presence, Audience::Room { room, except: None }), [].into());
    }

    #[test]
    fn an_audience_stands_for_those_who_are_there_now() {
        let mut presence = Presence::default();
        let (ann, bob, room) = (person("ann"), person("bob"), RoomId::new());
        let (ann1, ann2, bob1) =
            (connect(&mut presence, &ann), connect(&mut presence, &ann), connect(&mut presence, &bob));
        let whole_room = Audience::Room { room, except: None };
        presence.subscribe(ann1, room);
        assert_eq!(reached(&mut presence, whole_room), [ann1].into());
        presence.subscribe(bob1, room);
        assert_eq!(reached(&mut presence, whole_room), [ann1, bob1].into());
        assert_eq!(reached(&mut presence, Audience::Room { room, except: Some(ann1) }), [bob1].into());
        assert_eq!(reached(&mut presence, Audience::Room { room, except: Some(ann2) }), [ann1, bob1].into());
        presence.disconnect(bob1);
        assert_eq!(reached(&mut presence, whole_room), [ann1].into());
        assert_eq!(reached(&mut presence, Audience::User { user: ann.id, except: Some(ann2) }), [ann1].into());
        assert_eq!(reached(&mut presence, Audience::Socket(bob1)), [].into());
        assert_eq!(reached(&mut presence, Audience::Everyone), [ann1, ann2].into());
    }

    #[test]
    fn a_room_reaches_other_servers_as_long_as_somebody_of_theirs_is_in_it() {
        let mut presence = Presence::default();
        let (here, room) = (connect(&mut presence, &person("ann")), RoomId::new());
        let [one, two] = [ServerId::new(), ServerId::new()];
        let elsewhere: Vec<SocketId> = [one, one, two]
            .map(|server| {
                let who = Actor { socket: SocketId::new(), user: person("bob") };
                presence.connect_at(&who, server);
                who.socket
            })
            .into();
        let whole_room = Audience::Room { room, except: None };
        let servers = |presence: &mut Presence| presence.servers(whole_room).iter().copied().collect::<BTreeSet<_>>();
        presence.subscribe(here, room);
        assert_eq!(servers(&mut presence), [].into());
        for socket in &elsewhere {
            presence.subscribe(*socket, room);
        }
        assert_eq!(servers(&mut presence), [one, two].into());
        presence.unsubscribe(elsewhere[0], room);
        assert_eq!(servers(&mut presence), [one, two].into(), "another one is there");
        presence.disconnect(elsewhere[1]);
        assert_eq!(servers(&mut presence), [two].into());
        let outlets = presence.outlets(whole_room);
        assert_eq!(outlets.iter().map(|way| way.socket).collect::<Vec<_>>(), [here]);
    }
}
