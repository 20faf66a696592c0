//! A connection that the library carries, with the lane in which what it sends waits to be run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use socketioxide::extract::SocketRef;
use socketioxide::handler::Value;

use super::ack::Ack;
use super::lane::{Lane, Queued};
use super::session::Session;
use crate::chat::Identity;
use crate::socket::connection::Connection;

/// What runs the jobs of connections.
pub(crate) trait RunJobs: Send + Sync {
    /// Runs all that the connection has queued, one after another, in a task that nobody cancels.
    fn start(&self, laned: Arc<Laned>);
}

/// A connection with its lane.
pub(crate) struct Laned {
    /// The connection.
    pub connection: Arc<Connection>,
    /// The transport's session that it is in.
    pub session: Arc<Session>,
    /// What waits to be run.
    pub lane: Lane<Job>,
    /// By what right it connects; taken when it does.
    identity: Mutex<Option<Identity>>,
    ending: AtomicBool,
    worker: Arc<dyn RunJobs>,
}

/// What runs in a lane.
pub(crate) enum Job {
    /// The connection is open.
    Connect(SocketRef),
    /// A packet.
    Event { packet: Value, ack: Option<Ack> },
    /// The connection is gone; comes behind what it had sent before.
    Disconnect,
}

impl Laned {
    /// One that is let in and not open yet.
    pub(crate) fn new(
        connection: Arc<Connection>,
        identity: Identity,
        session: &Arc<Session>,
        worker: Arc<dyn RunJobs>,
    ) -> Self {
        Self {
            connection,
            session: Arc::clone(session),
            lane: Lane::default(),
            identity: Mutex::new(Some(identity)),
            ending: AtomicBool::new(false),
            worker,
        }
    }

    /// By what right it connects; to be asked for once.
    pub(crate) fn take_identity(&self) -> Option<Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether its end is queued.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Has the verbs told, once, that it is gone.
    pub(crate) fn end(self: &Arc<Self>) {
        if self.ending.swap(true, Ordering::AcqRel) {
            return;
        }
        self.connection.tally.look_again();
        if self.lane.push_always(Job::Disconnect) == Queued::StartWorker {
            self.start_worker();
        }
    }

    /// Has what is queued run, to the end.
    pub(crate) fn start_worker(self: &Arc<Self>) {
        self.worker.start(Arc::clone(self));
    }
}

impl Drop for Laned {
    fn drop(&mut self) {
        // What was queued and never ran.
        self.connection.seat.event_begins(self.lane.bytes() as u64);
    }
}
