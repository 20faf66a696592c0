//! What other servers tell, and what this one knows of each of them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bson::Document;
use tokio::sync::watch;

use super::items::{self, Item, server_id};
use super::outbox::Outbox;
use crate::bus::carrying::Mark;
use crate::bus::fact::Fact;
use crate::bus::local::Local;
use crate::bus::notice::Notice;
use crate::model::{Actor, RoomId, ServerId};

/// How long an answer is waited for before a server is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// How much of another server's presence is known.
#[derive(Debug)]
enum Known {
    /// All; its next fact has this number.
    Up(u64),
    /// It was asked then.
    Asked(Instant),
}

/// Applies what other servers tell.
pub(super) struct Inbox {
    me: ServerId,
    local: Arc<Local>,
    outbox: Arc<Outbox>,
    known: Mutex<HashMap<ServerId, Known>>,
    /// Whether it can be told who is gone: the database has answered for a while.
    settled: AtomicBool,
    /// The last mark of each server that was reached.
    marks: watch::Sender<HashMap<ServerId, u64>>,
}

impl Inbox {
    /// Nothing is known of any other server.
    pub(crate) fn new(me: ServerId, local: Arc<Local>, outbox: Arc<Outbox>) -> Self {
        Self {
            me,
            local,
            outbox,
            known: Mutex::default(),
            settled: AtomicBool::new(false),
            marks: watch::Sender::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ServerId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a document that another server has written.
    pub(crate) fn take(&self, document: &Document) {
        let Ok(from) = document.get_object_id("from") else { return };
        let from = ServerId::from_bytes(from.bytes());
        if from == self.me {
            return;
        }
        if let Ok(at) = document.get_datetime("at") {
            let lag = bson::DateTime::now().timestamp_millis() - at.timestamp_millis();
            metrics::histogram!("tincan_bus_lag_seconds").record(lag.max(0) as f64 / 1000.0);
        }
        metrics::counter!("tincan_bus_batches_total", "way" => "in").increment(1);
        let Ok(items) = document.get_array("items") else { return };
        for item in items.iter().filter_map(|item| item.as_document()).filter(|item| self.is_for_me(item)) {
            if let Some(item) = items::read(item) {
                self.apply(from, item);
            }
        }
    }

    fn is_for_me(&self, item: &Document) -> bool {
        item.get_array("to").map_or(true, |to| to.contains(&server_id(self.me).into()))
    }

    fn apply(&self, from: ServerId, item: Item) {
        match item {
            Item::Fact(number, fact) => self.fact(from, number, &fact),
            Item::Event(to, frame) => self.local.presence().pass_on(to, frame),
            Item::Notice(notice) => self.local.noticed(&notice),
            Item::Mark(number) => self.marks.send_modify(|marks| {
                marks.insert(from, number);
            }),
            Item::Ask => self.answer(from),
            Item::Snapshot(number, sockets) => self.snapshot(from, number, sockets),
        }
    }

    /// Resolves when a mark of another server was taken.
    pub(crate) async fn reached(&self, mark: Mark) {
        let there = |marks: &HashMap<ServerId, u64>| marks.get(&mark.server).is_some_and(|last| *last >= mark.number);
        // The sender is here, so that it cannot fail.
        let _ = self.marks.subscribe().wait_for(there).await;
    }

    fn fact(&self, from: ServerId, number: u64, fact: &Fact) {
        let mut known = self.known();
        match known.get_mut(&from) {
            Some(Known::Up(next)) if *next == number => {
                *next += 1;
                self.local.presence().apply(fact, Some(from));
            }
            // The first that it ever said: there is nothing to be asked for.
            None if number == 0 => {
                known.insert(from, Known::Up(1));
                self.local.presence().apply(fact, Some(from));
            }
            // It was part of what the server said when it was asked, or is said twice.
            Some(Known::Up(next)) if *next > number => {}
            asked => {
                let asked = matches!(asked, Some(Known::Asked(_)));
                if let Fact::RoomDeleted(_) = fact {
                    // No later answer tells of what is no more.
                    self.local.presence().apply(fact, Some(from));
                }
                if !asked {
                    self.ask(&mut known, from);
                }
            }
        }
    }

    fn ask(&self, known: &mut HashMap<ServerId, Known>, server: ServerId) {
        known.insert(server, Known::Asked(Instant::now()));
        self.outbox.ask(server);
    }

    /// Tells a server all sockets of this one.
    fn answer(&self, server: ServerId) {
        let presence = self.local.presence();
        let sockets = presence.actors_here().map(|who| {
            let rooms = presence.rooms_of(who.socket).collect();
            (who, rooms)
        });
        self.outbox.answer(server, sockets);
    }

    /// A server has told all its sockets: makes true what is not yet, and tells the sockets of this one what follows.
    fn snapshot(&self, from: ServerId, number: u64, sockets: Vec<(Actor, Vec<RoomId>)>) {
        let mut known = self.known();
        let mut presence = self.local.presence();
        let there: HashSet<_> = sockets.iter().map(|(who, _)| who.socket).collect();
        for gone in presence.actors_at(from).into_iter().filter(|who| !there.contains(&who.socket)) {
            presence.apply(&Fact::Disconnected(gone.socket), Some(from));
        }
        for (who, rooms) in sockets {
            if presence.actor(who.socket).is_none() {
                presence.apply(&Fact::Connected(who.clone()), Some(from));
            }
            let before: HashSet<RoomId> = presence.rooms_of(who.socket).collect();
            let now: HashSet<RoomId> = rooms.into_iter().collect();
            for room in before.difference(&now) {
                presence.apply(&Fact::Left(who.socket, *room), Some(from));
            }
            for room in now.difference(&before) {
                presence.apply(&Fact::Entered(who.socket, *room), Some(from));
            }
        }
        drop(presence);
        known.insert(from, Known::Up(number));
        drop(known);
        // Whatever led to the question may have made other things be missed too.
        self.local.noticed(&Notice::Missed);
    }

    /// These other servers live: asks those of which nothing is known, and lets those go that are gone, with all their
    /// sockets.
    pub(crate) fn living(&self, servers: &HashSet<ServerId>, may_bury: bool) {
        self.settled.store(may_bury, Ordering::Relaxed);
        let mut known = self.known();
        for server in servers {
            let waits = |asked: &Instant| asked.elapsed() < ASK_AGAIN;
            match known.get(server) {
                Some(Known::Up(_)) => {}
                Some(Known::Asked(at)) if waits(at) => {}
                Some(Known::Asked(_)) | None => self.ask(&mut known, *server),
            }
        }
        let gone: Vec<ServerId> =
            known.keys().filter(|server| may_bury && !servers.contains(server)).copied().collect();
        for server in &gone {
            let server = *server;
            known.remove(&server);
            tracing::info!(%server, "another server is gone, and its connections with it");
            let mut presence = self.local.presence();
            for who in presence.actors_at(server) {
                presence.apply(&Fact::Disconnected(who.socket), Some(server));
            }
        }
        metrics::gauge!("tincan_bus_servers").set(servers.len() as f64 + 1.0);
        drop(known);
        gone.into_iter().for_each(|server| self.local.noticed(&Notice::ServerGone(server)));
    }

    /// How many other servers are known to live.
    pub(crate) fn others(&self) -> usize {
        self.known().len()
    }

    /// Whether a server is neither this one nor one that lives, as far as that can be told by now.
    pub(crate) fn is_gone(&self, server: ServerId) -> bool {
        server != self.me && self.settled.load(Ordering::Relaxed) && !self.known().contains_key(&server)
    }

    /// What others said was missed: everything is asked for anew.
    pub(crate) fn ask_all(&self) {
        let mut known = self.known();
        let servers: Vec<ServerId> = known.keys().copied().collect();
        for server in servers {
            self.ask(&mut known, server);
        }
    }
}
