//! The bus of one process: a function call.
//!
//! Who is meant is looked up while presence is locked, and so is the order of what follows from changes of it; sent is
//! after that. So a change and what is told of it are one step for everybody, and nobody waits for a lock while a
//! thousand sockets are written to.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};

use super::fact::Fact;
use super::notice::Notice;
use super::subscriber::{Beyond, Subscriber};
use crate::live::{Frame, Outlet, Outlets, Presence};
use crate::model::{Actor, RoomId, ServerId, SocketId, UserId, UserRef};
use crate::wire::{Audience, Delivery, Event, LeaveReason, RoomEnd};

/// What leaves when its turn comes.
enum Outgoing {
    Event(Event, Outlets),
    Frame(Frame, Outlets),
    Close(Arc<dyn Outlet>),
    OccupantsChanged(RoomId),
    LeftElsewhere(UserId, RoomId),
}

/// The bus of one process, and with a way beyond it this server's part of the bus of several.
pub struct Local {
    server: ServerId,
    presence: Mutex<Presence>,
    /// What was published while presence was locked, in that order.
    queue: Mutex<VecDeque<Outgoing>>,
    /// How much of it has not been handed to the subscribers yet.
    unsent: AtomicUsize,
    /// Held by the one who empties the queue.
    turn: Mutex<()>,
    subscribers: RwLock<Vec<Weak<dyn Subscriber>>>,
    beyond: OnceLock<Arc<dyn Beyond>>,
}

/// Presence while it is locked. Let go, what was published meanwhile leaves, in the order of the changes.
pub struct Changing<'a> {
    // Fields are dropped in this order: presence is let go before anything is sent.
    presence: MutexGuard<'a, Presence>,
    published: Published<'a>,
}

/// Sends what was published when it is dropped.
struct Published<'a> {
    bus: &'a Local,
    any: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held cannot have left it half-changed in a way worse than losing every connection.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Local {
    fn default() -> Self {
        Self {
            server: ServerId::new(),
            presence: Mutex::default(),
            queue: Mutex::default(),
            unsent: AtomicUsize::default(),
            turn: Mutex::default(),
            subscribers: RwLock::default(),
            beyond: OnceLock::new(),
        }
    }
}

impl Local {
    /// This server.
    pub const fn server(&self) -> ServerId {
        self.server
    }

    /// The way to the other servers; to be said before anybody connects.
    pub fn reach_beyond(&self, beyond: Arc<dyn Beyond>) {
        let _once = self.beyond.set(beyond);
    }

    /// Hands over what is queued. On return all is handed over that was published before the call, by whomever.
    fn flush(&self) {
        let _turn = lock(&self.turn);
        loop {
            let Some(next) = lock(&self.queue).pop_front() else { return };
            self.hand_over(next);
            self.unsent.fetch_sub(1, Ordering::Release);
        }
    }

    fn hand_over(&self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Event(event, outlets) => self.deliver(&event, &outlets),
            Outgoing::Frame(frame, outlets) => self.each(|subscriber| subscriber.deliver(&frame, &outlets)),
            Outgoing::Close(outlet) => self.each(|subscriber| subscriber.close(&outlet)),
            Outgoing::OccupantsChanged(room) => self.each(|subscriber| subscriber.occupants_changed(room)),
            Outgoing::LeftElsewhere(user, room) => self.each(|subscriber| subscriber.left_elsewhere(user, room)),
        }
    }

    /// Encodes an event once for all who get it.
    fn deliver(&self, event: &Event, outlets: &Outlets) {
        if outlets.iter().next().is_none() {
            return;
        }
        match Frame::of(event) {
            Ok(frame) => self.each(|subscriber| subscriber.deliver(&frame, outlets)),
            Err(error) => tracing::error!(event = event.name(), %error, "an event could not be encoded"),
        }
    }

    fn each(&self, act: impl Fn(&dyn Subscriber)) {
        let subscribers = self.subscribers.read().unwrap_or_else(PoisonError::into_inner);
        subscribers.iter().filter_map(Weak::upgrade).for_each(|subscriber| act(&*subscriber));
    }

    /// Another server has done this.
    pub fn noticed(&self, notice: &Notice) {
        self.each(|subscriber| subscriber.noticed(notice));
    }

    /// Who is connected, locked.
    pub fn presence(&self) -> Changing<'_> {
        Changing { presence: lock(&self.presence), published: Published { bus: self, any: false } }
    }

    /// As [`publish`](super::Bus::publish).
    pub fn publish(&self, delivery: &Delivery) {
        let mut presence = lock(&self.presence);
        self.send_beyond(&mut presence, delivery);
        self.deliver_after_all_before(presence, delivery);
    }

    /// As [`publish_here`](super::Bus::publish_here).
    pub fn publish_here(&self, delivery: &Delivery) {
        self.deliver_after_all_before(lock(&self.presence), delivery);
    }

    /// Delivers to those who are meant as presence is now, once it is let go and all is sent that was queued by then.
    fn deliver_after_all_before(&self, mut presence: MutexGuard<'_, Presence>, delivery: &Delivery) {
        let (outlets, behind) = (presence.outlets(delivery.to), self.unsent.load(Ordering::Acquire));
        drop(presence);
        if behind > 0 {
            self.flush();
        }
        self.deliver(&delivery.event, &outlets);
    }

    /// Has the other servers told, where some have a socket that is meant.
    fn send_beyond(&self, presence: &mut Presence, delivery: &Delivery) {
        let Some(beyond) = self.beyond.get() else { return };
        let servers = presence.servers(delivery.to);
        if !servers.is_empty() {
            beyond.event(&servers, delivery.to, &delivery.event);
        }
    }

    /// As [`notify`](super::Bus::notify).
    pub fn notify(&self, notice: Notice) {
        let Some(beyond) = self.beyond.get() else { return };
        let mut presence = lock(&self.presence);
        match notice.room() {
            None => beyond.notice(None, notice),
            Some(room) => {
                let servers = presence.servers(Audience::Room { room, except: None });
                if !servers.is_empty() {
                    beyond.notice(Some(&servers), notice);
                }
            }
        }
    }

    /// Whether there is a way to other servers.
    pub fn is_shared(&self) -> bool {
        self.beyond.get().is_some()
    }

    /// As [`subscribe`](super::Bus::subscribe).
    pub fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        self.subscribers.write().unwrap_or_else(PoisonError::into_inner).push(subscriber);
    }
}

impl Changing<'_> {
    /// Tells those who are meant as presence is now, once it is let go.
    pub fn publish(&mut self, delivery: Delivery) {
        self.published.bus.send_beyond(&mut self.presence, &delivery);
        self.publish_here(delivery);
    }

    /// As [`Changing::publish`], but only those who are connected to this server.
    pub fn publish_here(&mut self, delivery: Delivery) {
        let outlets = self.presence.outlets(delivery.to);
        self.queue(Outgoing::Event(delivery.event, outlets));
    }

    /// Gives those of this server who are meant what another server has encoded.
    pub fn pass_on(&mut self, to: Audience, frame: Frame) {
        let outlets = self.presence.outlets(to);
        self.queue(Outgoing::Frame(frame, outlets));
    }

    /// Ends a connection to this server, after what was published before.
    pub fn close(&mut self, socket: SocketId) {
        if let Some(outlet) = self.presence.outlet(socket) {
            self.queue(Outgoing::Close(outlet));
        }
    }

    /// A socket has connected to this server.
    pub fn connect(&mut self, who: &Actor, outlet: Arc<dyn Outlet>) {
        self.presence.connect(who, outlet);
        self.say(Fact::Connected(who.clone()));
    }

    /// A socket of this server is gone. Whose it was; `None` where it is not known.
    pub fn disconnect(&mut self, socket: SocketId) -> Option<Actor> {
        let actor = self.presence.actor(socket)?;
        self.happen(Fact::Disconnected(socket));
        Some(actor)
    }

    /// A socket of this server enters a room; whether it was not there.
    pub fn enter(&mut self, socket: SocketId, room: RoomId) -> bool {
        let newly = !self.presence.in_room(socket, room) && self.presence.actor(socket).is_some();
        if newly {
            self.happen(Fact::Entered(socket, room));
        }
        newly
    }

    /// A socket of this server leaves a room.
    pub fn leave(&mut self, socket: SocketId, room: RoomId) {
        if self.presence.in_room(socket, room) {
            self.happen(Fact::Left(socket, room));
        }
    }

    /// All sockets of a user leave a room, because this one asked for it; the room and the others of these sockets are
    /// told once.
    pub fn leave_with_all(&mut self, who: &Actor, room: RoomId) {
        if self.presence.user_in_room(who.user.id, room) {
            self.happen(Fact::LeftWithAll(who.clone(), room));
        }
    }

    /// A room is no more: everyone is told, and nobody is in it.
    pub fn delete_room(&mut self, room: RoomId) {
        self.happen(Fact::RoomDeleted(room));
    }

    /// Nobody is in a room any more, and nobody is told so.
    pub fn empty_room(&mut self, room: RoomId) {
        self.happen(Fact::RoomEmptied(room));
    }

    fn happen(&mut self, fact: Fact) {
        self.apply(&fact, None);
        self.say(fact);
    }

    fn say(&self, fact: Fact) {
        if let Some(beyond) = self.published.bus.beyond.get() {
            beyond.fact(fact);
        }
    }

    /// Makes a fact true, of a socket of this server or of another one, and tells the sockets of this server what
    /// follows.
    pub fn apply(&mut self, fact: &Fact, server: Option<ServerId>) {
        match fact {
            Fact::Connected(who) => {
                if let Some(server) = server {
                    self.presence.connect_at(who, server);
                }
            }
            Fact::Disconnected(socket) => self.disconnected(*socket),
            Fact::Entered(socket, room) => self.entered(*socket, *room),
            Fact::Left(socket, room) => {
                let user = self.presence.actor(*socket).map(|actor| actor.user.id);
                self.left(*socket, *room);
                if let Some(user) = user.filter(|user| server.is_some() && self.presence.user_is_here(*user, *room)) {
                    self.queue(Outgoing::LeftElsewhere(user, *room));
                }
            }
            Fact::LeftWithAll(who, room) => {
                let mut gone = self.presence.sockets_in_room(who.user.id, *room);
                self.left_with_all(who, *room);
                if server.is_some() {
                    // Somebody may have heard of an entry of one of these after this: its own server has the last word.
                    gone.retain(|socket| self.presence.outlet(*socket).is_some());
                    gone.into_iter().for_each(|socket| self.say(Fact::Left(socket, *room)));
                }
            }
            Fact::RoomDeleted(room) => {
                self.presence.clear_room(*room);
                let deleted = Event::RoomDeleted { room_id: *room, reason: RoomEnd::Deleted };
                self.publish_here(deleted.to(Audience::Everyone));
            }
            Fact::RoomEmptied(room) => self.presence.clear_room(*room),
        }
    }

    fn disconnected(&mut self, socket: SocketId) {
        let Some((user, departures)) = self.presence.disconnect(socket) else { return };
        for departure in departures {
            if departure.last {
                let to = Audience::Room { room: departure.room, except: None };
                self.publish_here(user_left(&user, socket, departure.room, LeaveReason::Disconnected).to(to));
            }
            self.queue(Outgoing::OccupantsChanged(departure.room));
        }
    }

    fn entered(&mut self, socket: SocketId, room: RoomId) {
        let Some(Actor { user, .. }) = self.presence.actor(socket) else { return };
        let Some(first) = self.presence.subscribe(socket, room) else { return };
        if first {
            let event =
                Event::UserJoined { room_id: room, user_id: user.id, username: user.username, socket_id: socket };
            self.publish_here(event.to(Audience::Room { room, except: Some(socket) }));
        }
        self.queue(Outgoing::OccupantsChanged(room));
    }

    fn left(&mut self, socket: SocketId, room: RoomId) {
        let Some(Actor { user, .. }) = self.presence.actor(socket) else { return };
        let Some(departure) = self.presence.unsubscribe(socket, room) else { return };
        if departure.last {
            let event = user_left(&user, socket, room, LeaveReason::Left);
            self.publish_here(event.to(Audience::Room { room, except: None }));
        }
        self.queue(Outgoing::OccupantsChanged(room));
    }

    fn left_with_all(&mut self, who: &Actor, room: RoomId) {
        let sockets = self.presence.sockets_in_room(who.user.id, room);
        if sockets.is_empty() {
            return;
        }
        let event = user_left(&who.user, who.socket, room, LeaveReason::Left);
        self.publish_here(event.to(Audience::Room { room, except: Some(who.socket) }));
        for socket in sockets {
            self.presence.unsubscribe(socket, room);
        }
        self.queue(Outgoing::OccupantsChanged(room));
    }

    fn queue(&mut self, outgoing: Outgoing) {
        let Published { bus, any } = &mut self.published;
        *any = true;
        bus.unsent.fetch_add(1, Ordering::Release);
        lock(&bus.queue).push_back(outgoing);
    }
}

fn user_left(user: &UserRef, socket: SocketId, room: RoomId, reason: LeaveReason) -> Event {
    Event::UserLeft { room_id: room, user_id: user.id, username: user.username.clone(), socket_id: socket, reason }
}

impl Deref for Changing<'_> {
    type Target = Presence;

    fn deref(&self) -> &Presence {
        &self.presence
    }
}

impl Drop for Published<'_> {
    fn drop(&mut self) {
        if self.any {
            self.bus.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model::UserId;

    struct Nowhere;

    impl Outlet for Nowhere {
        fn send(&self, _: &Frame) {}

        fn close(&self) {}
    }

    /// Tells a test what is delivered, and looks at presence meanwhile.
    struct Watcher {
        bus: Arc<Local>,
        told: mpsc::Sender<(String, Vec<SocketId>, usize)>,
    }

    impl Subscriber for Watcher {
        fn deliver(&self, frame: &Frame, outlets: &Outlets) {
            let sockets = outlets.iter().map(|reachable| reachable.socket).collect();
            let online = self.bus.presence().count(Audience::Everyone);
            self.told.send((frame.name().to_owned(), sockets, online)).unwrap();
        }
    }

    fn somebody() -> Actor {
        Actor { socket: SocketId::new(), user: UserRef { id: UserId::new(), username: "ann".to_owned() } }
    }

    #[test]
    fn what_is_published_in_a_change_is_for_those_of_that_moment_and_leaves_when_the_lock_is_free() {
        let bus = Arc::new(Local::default());
        let (told, heard) = mpsc::channel();
        let watcher = Arc::new(Watcher { bus: Arc::clone(&bus), told });
        let subscriber: Weak<dyn Subscriber> = Arc::downgrade(&(Arc::clone(&watcher) as Arc<dyn Subscriber>));
        bus.subscribe(subscriber);
        let (ann, bob, room_id) = (somebody(), somebody(), RoomId::new());
        let mut presence = bus.presence();
        presence.connect(&ann, Arc::new(Nowhere));
        presence.publish(Event::RoomDeleted { room_id, reason: RoomEnd::Deleted }.to(Audience::Everyone));
        presence.connect(&bob, Arc::new(Nowhere));
        presence.publish(Event::RoomCall { room_id, call: None }.to(Audience::Socket(bob.socket)));
        assert!(heard.try_recv().is_err(), "nothing is sent while presence is locked");
        drop(presence);
        bus.publish(
            &Event::RoomDeleted { room_id, reason: RoomEnd::Deleted }
                .to(Audience::User { user: ann.user.id, except: None }),
        );
        // The watcher has looked at presence itself, which was not locked any more, and was whole.
        assert_eq!(heard.try_recv(), Ok(("room-deleted".to_owned(), vec![ann.socket], 2)));
        assert_eq!(heard.try_recv(), Ok(("room-call".to_owned(), vec![bob.socket], 2)));
        assert_eq!(heard.try_recv(), Ok(("room-deleted".to_owned(), vec![ann.socket], 2)));
    }
}
