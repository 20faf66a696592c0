//! Everything that can happen, in any order: few people, few rooms, many steps, and what clients believe is always
//! true.

use super::*;

/// A small generator (splitmix64), so that a run can be had again by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What a client at a socket believes, from what it was told and answered alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Belief {
    rung_by: Option<CallId>,
    inside: Option<CallId>,
}

struct Run {
    world: World,
    random: Random,
    users: Vec<UserRef>,
    rooms: Vec<RoomId>,
    sockets: Vec<Actor>,
    beliefs: HashMap<SocketId, Belief>,
    /// The call that a client at a socket believes to go on in a room that it joined.
    room_calls: HashMap<(SocketId, RoomId), Option<CallSnapshot>>,
    calls: Vec<CallId>,
    /// How often something was told, by what begins its line.
    told: HashMap<String, usize>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        let users: Vec<UserRef> = (0..6).map(|n| UserRef { id: UserId::new(), username: format!("user{n}") }).collect();
        world.names.extend(users.iter().map(|user| (user.id, user.username.clone())));
        Self {
            world,
            random: Random(seed),
            users,
            rooms: vec![RoomId::new(), RoomId::new()],
            sockets: Vec::new(),
            beliefs: HashMap::new(),
            room_calls: HashMap::new(),
            calls: vec![CallId::new()],
            told: HashMap::new(),
        }
    }

    fn step(&mut self) {
        if self.sockets.len() < 4 || (self.sockets.len() < 12 && self.random.below(8) == 0) {
            return self.connect();
        }
        let who = self.random.of(&self.sockets).clone();
        let room = *self.random.of(&self.rooms);
        match self.random.below(16) {
            0 => self.drop_socket(&who),
            1..=3 => self.join(&who, room),
            4 => self.leave_room(&who, room),
            5 if self.random.below(6) == 0 => self.world.delete_room(room),
            5 | 6 => {
                let to = self.random.of(&self.users).clone();
                let rung = self.world.ring(&who, &Actor { socket: who.socket, user: to });
                self.begun(&who, rung);
            }
            7 | 8 => {
                let rung = self.world.ring_room(&who, room);
                self.begun(&who, rung);
            }
            9..=11 => self.accept(&who, room),
            12 => self.reject(&who, room),
            13 => self.end(&who, room),
            14 => {
                let time = [500, 5_000, 16_000, 40_000][self.random.below(4)];
                self.world.pass(Duration::from_millis(time));
            }
            _ => self.world.pass(MOMENT),
        }
    }

    fn which(&mut self, room: RoomId) -> Which {
        match self.random.below(4) {
            0 => Which::Call(*self.random.of(&self.calls)),
            1 => Which::InRoom(room),
            _ => Which::Own,
        }
    }

    fn connect(&mut self) {
        let user = self.random.of(&self.users).clone();
        let who = self.world.connect(&user, "socket");
        self.beliefs.insert(who.socket, Belief::default());
        self.sockets.push(who);
    }

    /// Whoever joins is answered with the room, and its call.
    fn join(&mut self, who: &Actor, room: RoomId) {
        self.world.join(who, room);
        self.room_calls.insert((who.socket, room), self.world.calls.snapshot(room));
    }

    /// Whoever leaves a room has hung up there, and is not told so.
    fn leave_room(&mut self, who: &Actor, room: RoomId) {
        let call = self.world.calls.snapshot(room).map(|call| call.call_id);
        self.world.leave_room(who, room);
        self.belief(who).inside.take_if(|inside| Some(*inside) == call);
    }

    fn drop_socket(&mut self, who: &Actor) {
        self.sockets.retain(|other| other != who);
        self.beliefs.remove(&who.socket);
        self.world.drop_socket(who);
    }

    fn begun(&mut self, who: &Actor, rung: Result<CallId, Error>) {
        let Ok(call) = rung else { return };
        self.calls.push(call);
        self.belief(who).inside = Some(call);
    }

    fn accept(&mut self, who: &Actor, room: RoomId) {
        let which = self.which(room);
        if let Ok(accepted) = self.world.accept_which(who, which) {
            *self.belief(who) = Belief { rung_by: None, inside: Some(accepted.call_id) };
        }
    }

    fn reject(&mut self, who: &Actor, room: RoomId) {
        let which = self.which(room);
        if self.world.reject(who, which, None).is_ok() {
            self.belief(who).rung_by = None;
        }
    }

    /// Nothing but the answer tells the one who hangs up.
    fn end(&mut self, who: &Actor, room: RoomId) {
        let which = self.which(room);
        if self.world.end_which(who, which).is_ok() {
            *self.belief(who) = Belief::default();
        }
    }

    fn belief(&mut self, who: &Actor) -> &mut Belief {
        self.beliefs.get_mut(&who.socket).expect("it is connected")
    }

    /// Has the clients take in what they were told, and compares what they believe with what is.
    fn compare(&mut self) {
        for (socket, events) in std::mem::take(&mut self.world.told) {
            for event in events {
                *self.told.entry(kind(&event)).or_default() += 1;
                if let Event::RoomCall { room_id, call } = &event {
                    self.room_calls.insert((socket, *room_id), call.clone());
                } else if let Some(belief) = self.beliefs.get_mut(&socket) {
                    believe(belief, &event, &self.world.stored);
                }
            }
        }
        let World { calls, presence, .. } = &self.world;
        for Actor { socket, user } in &self.sockets {
            let rung_by = calls.book.of_user(user.id).filter(|call| call.is_rung(user.id)).map(|call| call.id);
            let is = Belief { rung_by, inside: calls.call_of_socket(*socket) };
            assert_eq!(self.beliefs[socket], is, "a client of {} is mistaken", user.username);
            for room in self.rooms.iter().filter(|room| presence.in_room(*socket, **room)) {
                assert_eq!(self.room_calls[&(*socket, *room)], calls.snapshot(*room), "about the call of a room");
            }
        }
    }
}

/// All that calls tell, of as many as come together.
const EVERYTHING: &[&str] = &[
    "incoming-call",
    "call-accepted",
    "call-rejected",
    "call-away",
    "call-left hangup",
    "call-left disconnected",
    "call-ended hangup",
    "call-ended timeout",
    "call-ended cancelled",
    "call-ended disconnected",
    "call-ended answered-elsewhere",
    "call-ended rejected-elsewhere",
    "room-call",
    "room-call of 1",
    "room-call of 2",
    "room-call of 3",
    "room-call of 4",
];

/// The event's name, with the reason where there are several.
fn kind(event: &Event) -> String {
    match event {
        Event::CallEnded { reason, .. } | Event::CallLeft { reason, .. } => {
            format!("{} {}", event.name(), reason.as_str())
        }
        Event::RoomCall { call: Some(call), .. } => format!("{} of {}", event.name(), call.participants.len()),
        _ => event.name().to_owned(),
    }
}

fn believe(belief: &mut Belief, event: &Event, stored: &HashMap<CallId, Call>) {
    match event {
        Event::IncomingCall { call_id, .. } => belief.rung_by = Some(*call_id),
        Event::CallEnded { call_id, .. } => {
            belief.rung_by.take_if(|call| call == call_id);
            belief.inside.take_if(|call| call == call_id);
        }
        Event::CallRejected { call_id, .. } if stored[call_id].room.is_none() => {
            belief.inside.take_if(|call| call == call_id);
        }
        _ => {}
    }
}

#[test]
fn whatever_happens_the_calls_are_sound_and_clients_believe_what_is_true() {
    let mut told: HashMap<String, usize> = HashMap::new();
    for seed in 0..300 {
        let mut run = Run::new(seed);
        for _ in 0..400 {
            run.step();
            run.compare();
        }
        run.told.into_iter().for_each(|(kind, times)| *told.entry(kind).or_default() += times);
    }
    for kind in EVERYTHING {
        assert!(told.get(*kind).is_some_and(|times| *times > 20), "{kind} hardly ever happened: {told:?}");
    }
}

#[test]
fn with_everybody_gone_every_call_is_over_before_long() {
    for seed in 1000..1100 {
        let mut run = Run::new(seed);
        for _ in 0..200 {
            run.step();
        }
        for who in run.sockets.clone() {
            run.drop_socket(&who);
        }
        run.world.pass(RING + GRACE);
        assert_eq!(run.world.calls.next_deadline(), None);
        assert_eq!(run.world.calls.book, Book::default());
    }
}
