//! People who chat while a test does harm to their servers. Each talks in a room, repeats what was not acknowledged,
//! comes back at whatever
//! server answers, and notes what it was told: by that alone it is checked that nothing was lost, doubled or out of
//! order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use super::app::User;
use super::entrance::Entrance;
use super::socket::{Heard, Socket};

/// How long the servers may take to be one again. It is long enough for a server that is dead to be noticed on a slow
/// machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long somebody waits for a server that does not answer before another one is tried.
const REACH: Duration = Duration::from_secs(4);
/// How often each says something.
const PACE: Duration = Duration::from_millis(100);

/// What everybody is to do.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Talk,
    Rest,
}

/// What a crowd talks to: several servers that are one, or one alone.
pub(crate) trait Servers: Sync {
    /// To all of them.
    fn entrance(&self) -> &Entrance;
    /// How many there are, whether they run or not.
    fn len(&self) -> usize;
    /// Whether one of them runs.
    fn runs(&self, number: usize) -> bool;
}

/// Everybody.
pub(crate) struct Crowd {
    people: Vec<Arc<Person>>,
    order: watch::Sender<Order>,
    acknowledged: Arc<AtomicU64>,
    observer: (String, String, String),
    /// Ends with the crowd.
    _lives: JoinSet<()>,
}

/// One of them.
struct Person {
    id: String,
    name: String,
    token: String,
    room: String,
    home: usize,
    servers: Vec<SocketAddr>,
    view: Mutex<View>,
    acknowledged: Arc<AtomicU64>,
}

/// What one of them knows.
#[derive(Default)]
struct View {
    /// The messages of the room by number: what each says.
    seen: BTreeMap<u64, String>,
    /// What was said and acknowledged, and under which number.
    acknowledged: HashMap<String, u64>,
    /// Who is in the room, as it was told.
    online: BTreeSet<String>,
    /// The socket that is in the room.
    here: Option<String>,
    /// What was said and not acknowledged.
    unsaid: Option<String>,
    /// How many were said.
    said: u64,
    /// What must never happen.
    faults: Vec<String>,
}

impl Crowd {
    /// So many rooms with so many people each, whose homes are the servers in turn. All are connected and talk when
    /// this returns.
    pub(crate) async fn gather(servers: &dyn Servers, rooms: usize, each: usize) -> Self {
        let (order, acknowledged) = (watch::Sender::new(Order::Talk), Arc::new(AtomicU64::new(0)));
        let entrance = servers.entrance();
        let servers: Vec<_> = (0..servers.len()).map(|number| entrance.address(number)).collect();
        let observer = entrance.user("observer").await;
        let (mut people, mut lives) = (Vec::new(), JoinSet::new());
        for number in 0..rooms {
            let room = observer.room(&format!("room {number}")).await;
            for member in 0..each {
                let (id, name, token) = entrance.user(&format!("person-{number}-{member}")).await.part();
                let person = Arc::new(Person {
                    id,
                    name,
                    token,
                    room: room.clone(),
                    home: member % servers.len(),
                    servers: servers.clone(),
                    view: Mutex::default(),
                    acknowledged: Arc::clone(&acknowledged),
                });
                people.push(Arc::clone(&person));
                lives.spawn(person.live(order.subscribe()));
            }
        }
        let crowd = Self { people, order, acknowledged, observer: observer.part(), _lives: lives };
        crowd.until("all are in their rooms", || crowd.people.iter().all(|person| person.view().here.is_some())).await;
        crowd
    }

    /// Waits until so many more messages are acknowledged.
    pub(crate) async fn says(&self, more: u64) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + more;
        self.until("messages are acknowledged", || self.acknowledged.load(Ordering::Relaxed) >= goal).await;
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}; {}", self.state());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What everybody knows, in a few words each.
    fn state(&self) -> String {
        let state = |person: &Arc<Person>| {
            let view = person.view();
            let (last, online, waiting) = (view.seen.last_key_value(), view.online.len(), view.unsaid.is_some());
            let last = last.map_or(0, |(seq, _)| *seq);
            format!(
                "{}: here {:?}, {} seen up to {last}, {online} online, waits {waiting}; ",
                person.name,
                view.here,
                view.seen.len()
            )
        };
        self.people.iter().map(state).collect()
    }

    /// Everybody falls silent, and it is checked against the servers that run that all that was promised holds. Then
    /// they talk on.
    pub(crate) async fn check(&self, servers: &dyn Servers) {
        self.order.send_replace(Order::Rest);
        let quiet = |person: &Arc<Person>| person.view().here.is_some() && person.view().unsaid.is_none();
        self.until("everybody is there, and all is acknowledged", || self.people.iter().all(quiet)).await;
        let rooms: BTreeSet<&str> = self.people.iter().map(|person| person.room.as_str()).collect();
        for number in (0..servers.len()).filter(|number| servers.runs(*number)) {
            let observer = User::new(servers.entrance(), number, self.observer.clone()).at(number);
            for room in &rooms {
                self.check_room(&observer, room).await;
            }
        }
        let first = (0..servers.len()).find(|number| servers.runs(*number)).expect("one of them runs");
        let observer = User::new(servers.entrance(), first, self.observer.clone()).at(first);
        self.check_nobody_is_busy(&observer).await;
        self.order.send_replace(Order::Talk);
    }

    fn in_room<'a>(&'a self, room: &'a str) -> impl Iterator<Item = &'a Arc<Person>> {
        self.people.iter().filter(move |person| person.room == room)
    }

    /// One room, as one server has it.
    async fn check_room(&self, observer: &User<'_>, room: &str) {
        let stored = stored(observer, room).await;
        assert!(stored.keys().copied().eq(1..=stored.len() as u64), "a gap in what is stored");
        let said: BTreeSet<_> = stored.values().collect();
        assert_eq!(said.len(), stored.len(), "a message is stored twice");
        check_order(&stored);
        for person in self.in_room(room) {
            self.until("everybody has seen all", || person.view().seen == stored).await;
            let view = person.view();
            assert_eq!(view.faults, Vec::<String>::new(), "{}", person.name);
            for (said, seq) in &view.acknowledged {
                assert_eq!(stored.get(seq), Some(said), "what was acknowledged to {} is there", person.name);
            }
        }
        self.check_presence(observer, room).await;
        let ids: BTreeSet<_> = self.in_room(room).map(|person| person.id.clone()).collect();
        for person in self.in_room(room) {
            self.until("everybody was told who is there", || person.view().online == ids).await;
        }
    }

    /// Who is in the room for one who comes, and with which sockets.
    async fn check_presence(&self, observer: &User<'_>, room: &str) {
        let began = Instant::now();
        loop {
            let socket = observer.socket().await;
            let told = socket.ok("join-room", json!({"roomId": room})).await;
            socket.ok("leave-room", json!({"roomId": room})).await;
            let told: BTreeMap<String, Value> = told["participants"]
                .as_array()
                .expect("a list")
                .iter()
                .filter(|one| one["online"] == json!(true) && one["userId"] != json!(observer.id))
                .map(|one| (text(&one["userId"]), one["socketIds"].clone()))
                .collect();
            let here = |person: &Arc<Person>| (person.id.clone(), json!([person.view().here]));
            let real: BTreeMap<String, Value> = self.in_room(room).map(here).collect();
            if told == real {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "told {told:?}, and there are {real:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Everybody can be rung.
    async fn check_nobody_is_busy(&self, observer: &User<'_>) {
        let socket = observer.socket().await;
        for person in &self.people {
            socket.ok("initiate-call", json!({"to": person.id})).await;
            socket.ok("end-call", json!({})).await;
        }
    }
}

/// Each said one thing after the other: so they stand in the room, and none is left out.
fn check_order(stored: &BTreeMap<u64, String>) {
    let mut last: HashMap<&str, u64> = HashMap::new();
    for said in stored.values() {
        let (name, number) = said.rsplit_once(' ').expect("a name and a number");
        let before = last.insert(name, number.parse().expect("a number")).unwrap_or_default();
        assert_eq!(last[name], before + 1, "{said} came after {before}");
    }
}

/// Everything in a room by number, in the words of a server.
async fn stored(observer: &User<'_>, room: &str) -> BTreeMap<u64, String> {
    let mut stored = BTreeMap::new();
    loop {
        let after = stored.last_key_value().map_or(0, |(seq, _)| *seq);
        let page = observer.get(&format!("/api/rooms/{room}/messages?after={after}&limit=200")).await;
        let page = page.expect(StatusCode::OK);
        let messages = page.as_array().expect("a page");
        if messages.is_empty() {
            return stored;
        }
        stored.extend(messages.iter().map(|message| (number(&message["seq"]), text(&message["content"]))));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// From a connection to its end.
struct Visit {
    socket: Arc<Socket>,
    joining: u64,
    saying: Option<u64>,
    /// The number of the last message that came by itself.
    last: Option<u64>,
    /// What was told of who comes and goes before the answer to the joining, which may be older.
    early: Option<Vec<(String, Value)>>,
}

impl Person {
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().expect("nobody panicked")
    }

    /// At home where that can be reached, else at the next one.
    async fn live(self: Arc<Self>, order: watch::Receiver<Order>) {
        let mut attempt = 0;
        loop {
            let server = self.servers[(self.home + attempt) % self.servers.len()];
            attempt += 1;
            let reached = timeout(REACH, Socket::reach(server, json!({"token": self.token}))).await;
            if let Ok(Ok(socket)) = reached
                && self.visit(Arc::new(socket), order.clone()).await
            {
                attempt = 0;
            }
            self.view().here = None;
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Talks and listens until the connection ends; whether it ever joined.
    async fn visit(&self, socket: Arc<Socket>, order: watch::Receiver<Order>) -> bool {
        let (sender, mut heard) = mpsc::channel(4096);
        let reader = Arc::clone(&socket);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Some(next) = reader.next().await {
                // Nobody listens any more where the visit has ended.
                let _ = sender.send(next).await;
            }
        });
        let joining = self.join(&socket).await;
        let mut visit = Visit { socket, joining, saying: None, last: None, early: Some(Vec::new()) };
        let mut pace = interval(PACE);
        let mut joined = false;
        loop {
            tokio::select! {
                next = heard.recv() => {
                    let goes_on = match next {
                        None => false,
                        Some(Heard::Event(name, payload)) => self.told(&mut visit, name, payload),
                        Some(Heard::Ack(of, ack)) => self.answered(&mut visit, of, &ack).await,
                    };
                    joined |= self.view().here.is_some();
                    if !goes_on {
                        return joined;
                    }
                }
                _ = pace.tick() => {
                    let order = *order.borrow();
                    self.say(&mut visit, order).await;
                }
            }
        }
    }

    async fn join(&self, socket: &Socket) -> u64 {
        let last = self.view().seen.last_key_value().map(|(seq, _)| *seq);
        socket.begin("join-room", json!({"roomId": self.room, "after": last.unwrap_or(0)})).await
    }

    /// Says the next thing, or the last one again that was not acknowledged.
    async fn say(&self, visit: &mut Visit, order: Order) {
        let said = {
            let mut view = self.view();
            if view.here.is_none() || visit.saying.is_some() || (view.unsaid.is_none() && order == Order::Rest) {
                return;
            }
            if view.unsaid.is_none() {
                view.said += 1;
                view.unsaid = Some(format!("{} {}", self.name, view.said));
            }
            view.unsaid.clone()
        };
        let message = json!({"roomId": self.room, "content": said, "clientId": said});
        visit.saying = Some(visit.socket.begin("send-message", message).await);
    }

    /// An acknowledgement; whether the visit goes on.
    async fn answered(&self, visit: &mut Visit, of: u64, ack: &Value) -> bool {
        if of == visit.joining {
            if ack["ok"] != json!(true) {
                return false;
            }
            self.joined(visit, ack);
            if ack["more"] == json!(true) {
                visit.joining = self.join(&visit.socket).await;
            }
        } else if visit.saying == Some(of) {
            visit.saying = None;
            self.acknowledged(ack);
        }
        true
    }

    fn joined(&self, visit: &mut Visit, ack: &Value) {
        let mut view = self.view();
        if ack["reset"] == json!(true) {
            view.faults.push(format!("the history is said to be void: {ack}"));
        }
        for message in ack["messages"].as_array().into_iter().flatten() {
            view.note(message);
        }
        if let Some(early) = visit.early.take() {
            view.online = online(&ack["participants"]);
            early.iter().for_each(|(name, payload)| view.moved(name, payload));
            view.here = Some(visit.socket.id.clone());
        }
    }

    fn acknowledged(&self, ack: &Value) {
        let mut view = self.view();
        if ack["ok"] == json!(true) {
            let said = view.unsaid.take().expect("something was said");
            let seq = number(&ack["message"]["seq"]);
            if ack["message"]["content"] != json!(said) {
                view.faults.push(format!("{said} was acknowledged as {}", ack["message"]));
            }
            match view.acknowledged.insert(said.clone(), seq) {
                None => drop(self.acknowledged.fetch_add(1, Ordering::Relaxed)),
                Some(before) if before == seq => return,
                Some(before) => view.faults.push(format!("{said} was {before}, and is {seq}")),
            }
            // Some things are said once more, as by one who did not hear the answer.
            view.unsaid = view.said.is_multiple_of(5).then_some(said);
        } else if !matches!(ack["code"].as_str(), Some("storage" | "overloaded" | "rate_limited")) {
            view.faults.push(format!("refused: {ack}"));
        }
    }

    /// An event; whether the visit goes on.
    fn told(&self, visit: &mut Visit, name: String, payload: Value) -> bool {
        let mut view = self.view();
        match name.as_str() {
            "new-message" => {
                let seq = number(&payload["seq"]);
                if let Some(last) = visit.last.replace(seq)
                    && seq != last + 1
                {
                    view.faults.push(format!("{seq} came after {last} on {}", visit.socket.id));
                }
                view.note(&payload);
            }
            "user-joined" | "user-left" | "room-participants" => match &mut visit.early {
                Some(early) => early.push((name, payload)),
                None => view.moved(&name, &payload),
            },
            "error" => view.faults.push(format!("error: {payload}")),
            _ => {}
        }
        true
    }
}

impl View {
    /// A message that came, by itself or with an answer.
    fn note(&mut self, message: &Value) {
        let (seq, content) = (number(&message["seq"]), text(&message["content"]));
        if let Some(before) = self.seen.insert(seq, content.clone())
            && before != content
        {
            self.faults.push(format!("{seq} was {before}, and is {content}"));
        }
    }

    /// Somebody came or went.
    fn moved(&mut self, name: &str, payload: &Value) {
        match name {
            _ if payload["username"] == json!("observer") => {}
            "user-joined" => drop(self.online.insert(text(&payload["userId"]))),
            "user-left" => drop(self.online.remove(&text(&payload["userId"]))),
            _ => self.online = online(&payload["participants"]),
        }
    }
}

/// Who of the participants is there, the one aside who only looks.
fn online(participants: &Value) -> BTreeSet<String> {
    let participants = participants.as_array().into_iter().flatten();
    let there = participants.filter(|one| one["online"] == json!(true) && one["username"] != json!("observer"));
    there.map(|one| text(&one["userId"])).collect()
}
