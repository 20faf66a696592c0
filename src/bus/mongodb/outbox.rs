//! What waits to be told to other servers, and its writing: all that waits goes into one document, at most one every
//! few milliseconds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bson::{Bson, DateTime, Document, doc};
use mongodb::Collection;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::items::{self, server_id};
use crate::bus::fact::Fact;
use crate::bus::notice::Notice;
use crate::bus::subscriber::Beyond;
use crate::model::{Actor, RoomId, ServerId};
use crate::wire::{Audience, Event};

/// How long apart two documents are written.
const APART: Duration = Duration::from_millis(5);

/// How many items go into one document at most.
const BATCH: usize = 1000;

/// How many bytes of items may wait while the database is away. What is more is dropped, and asked for again by those
/// who miss it.
const MOST_WAITING: usize = 16 * 1024 * 1024;

/// How long a write may take before it is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after a write that failed the next one is tried.
const AGAIN: Duration = Duration::from_millis(200);

/// One thing to be told, and to which servers; with `None` to all.
#[derive(Clone, Debug)]
struct Waiting {
    to: Option<Vec<ServerId>>,
    item: Document,
    bytes: usize,
    /// Of no use any more once the database was away for a while.
    passing: bool,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    bytes: usize,
    /// How many facts there were; the next one gets this number.
    facts: u64,
    /// How many marks there were.
    marks: u64,
}

/// What this server tells the others.
#[derive(Debug)]
pub(super) struct Outbox {
    me: ServerId,
    state: Mutex<State>,
    added: Notify,
}

impl Outbox {
    /// Of this server, with nothing said yet.
    pub(crate) fn new(me: ServerId) -> Self {
        Self { me, state: Mutex::default(), added: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds something to be told, and has it written.
    fn add<T>(&self, add: impl FnOnce(&mut State) -> T) -> T {
        let added = add(&mut self.state());
        self.added.notify_one();
        added
    }

    fn put(&self, to: Option<Vec<ServerId>>, item: Document) {
        self.add(|state| state.put(to, item));
    }

    /// Marks the place behind all that was put; its number.
    pub(crate) fn mark(&self) -> u64 {
        self.add(|state| {
            state.marks += 1;
            state.put(None, items::mark(state.marks));
            state.marks
        })
    }

    /// Asks a server for all its sockets.
    pub(crate) fn ask(&self, server: ServerId) {
        self.put(Some(vec![server]), items::ask());
    }

    /// Answers a server that asked. To be called while presence is locked, so that the answer lies between two facts.
    pub(crate) fn answer(&self, server: ServerId, sockets: impl Iterator<Item = (Actor, Vec<RoomId>)>) {
        self.add(|state| state.put(Some(vec![server]), items::snapshot(state.facts, sockets)));
    }

    /// Writes what is put, as it comes. Never resolves.
    pub(crate) async fn write(self: Arc<Self>, bus: Collection<Document>) {
        loop {
            self.added.notified().await;
            while self.write_some(&bus).await {
                tokio::time::sleep(APART).await;
            }
        }
    }

    /// Writes what is left, at the end.
    pub(crate) async fn write_rest(&self, bus: &Collection<Document>) {
        while self.write_some(bus).await {}
    }

    /// Writes one document, again and again until the database has it; `false` where nothing waits.
    async fn write_some(&self, bus: &Collection<Document>) -> bool {
        let batch = self.state().take();
        if batch.is_empty() {
            return false;
        }
        let document = self.document(&batch);
        match timeout(PATIENCE, bus.insert_one(document)).await {
            Ok(Ok(_)) => metrics::counter!("tincan_bus_batches_total", "way" => "out").increment(1),
            failed => {
                let error = failed.map_or_else(|_| "no answer".to_owned(), |answer| format!("{:?}", answer.err()));
                tracing::debug!(error, "other servers could not be told something yet");
                self.state().put_back(batch);
                tokio::time::sleep(AGAIN).await;
            }
        }
        true
    }

    fn document(&self, batch: &[Waiting]) -> Document {
        let servers = |to: &[ServerId]| to.iter().map(|server| Bson::from(server_id(*server))).collect::<Vec<_>>();
        let listed = batch.iter().map(|waiting| {
            let mut item = waiting.item.clone();
            if let Some(to) = &waiting.to {
                item.insert("to", servers(to));
            }
            item
        });
        let items: Vec<Document> = listed.collect();
        let mut document = doc! { "from": server_id(self.me), "at": DateTime::now(), "items": items };
        // Where all items are for some servers, only these are woken by the document.
        let meant: Option<BTreeSet<ServerId>> = batch
            .iter()
            .map(|waiting| waiting.to.as_ref())
            .collect::<Option<Vec<_>>>()
            .map(|to| to.into_iter().flatten().copied().collect());
        if let Some(meant) = meant {
            document.insert("to", servers(&meant.into_iter().collect::<Vec<_>>()));
        }
        document
    }
}

impl State {
    fn put(&mut self, to: Option<Vec<ServerId>>, item: Document) {
        self.wait(to, item, false);
    }

    fn wait(&mut self, to: Option<Vec<ServerId>>, item: Document, passing: bool) {
        let bytes = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        if self.bytes + bytes > MOST_WAITING {
            metrics::counter!("tincan_bus_dropped_total").increment(self.waiting.len() as u64);
            self.waiting.clear();
            self.bytes = 0;
            // A number that nobody hears of: by it others know that they missed something.
            self.facts += 1;
        }
        self.bytes += bytes;
        self.waiting.push(Waiting { to, item, bytes, passing });
    }

    fn take(&mut self) -> Vec<Waiting> {
        let count = self.waiting.len().min(BATCH);
        let batch: Vec<Waiting> = self.waiting.drain(..count).collect();
        self.bytes -= batch.iter().map(|waiting| waiting.bytes).sum::<usize>();
        batch
    }

    /// Puts back what could not be written, but for typing and signals: those of that time are of no use any more.
    fn put_back(&mut self, mut batch: Vec<Waiting>) {
        batch.retain(|waiting| !waiting.passing);
        self.bytes += batch.iter().map(|waiting| waiting.bytes).sum::<usize>();
        batch.append(&mut self.waiting);
        self.waiting = batch;
    }
}

/// About how many bytes a value takes.
fn size(value: &Bson) -> usize {
    match value {
        Bson::String(text) => text.len() + 8,
        Bson::Document(document) => document.iter().map(|(name, value)| name.len() + size(value)).sum(),
        Bson::Array(values) => values.iter().map(size).sum(),
        _ => 16,
    }
}

impl Beyond for Outbox {
    fn fact(&self, fact: Fact) {
        self.add(|state| {
            let item = items::fact(state.facts, &fact);
            state.facts += 1;
            state.put(None, item);
        });
    }

    fn event(&self, servers: &[ServerId], to: Audience, event: &Event) {
        match items::event(to, event) {
            Some(item) => self.add(|state| state.wait(Some(servers.to_vec()), item, event.is_passing())),
            None => tracing::error!(event = event.name(), "an event could not be encoded"),
        }
    }

    fn notice(&self, servers: Option<&[ServerId]>, notice: Notice) {
        if let Some(item) = items::notice(&notice) {
            self.put(servers.map(<[_]>::to_vec), item);
        }
    }
}
