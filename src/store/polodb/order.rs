//! What the writer is asked for, and how the askers get their answers.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::batch::Batch;
use crate::store::{Result, StoreError};

/// How many intents one transaction carries at most: as many as may wait in half the time of an fsync.
const BATCH: usize = 512;

/// What the writer is asked for.
pub(crate) enum Order {
    /// An intent.
    Carry(Box<dyn Intent>),
    /// Commit what came before, and stop.
    Stop,
}

/// An intent on its way through the writer.
pub(crate) trait Intent: Send {
    /// Decides and changes, within the batch.
    fn run(&mut self, batch: &mut Batch<'_>);
    /// Tells the caller, once it is known what became of the batch.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

/// An intent as a closure, with the caller who waits for its answer.
pub(crate) struct AskedIntent<T, F> {
    decide: Option<F>,
    decided: Option<Result<T>>,
    /// When the asker has stopped waiting: what has not begun by then is not done.
    deadline: Instant,
    reply: oneshot::Sender<Result<T>>,
    /// Its place in the queue, free again when it is answered.
    _place: OwnedSemaphorePermit,
}

impl<T, F> AskedIntent<T, F> {
    pub(crate) fn new(
        decide: F,
        deadline: Instant,
        reply: oneshot::Sender<Result<T>>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { decide: Some(decide), decided: None, deadline, reply, _place: place }
    }
}

impl<T: Send, F: FnOnce(&mut Batch<'_>) -> Result<T> + Send> Intent for AskedIntent<T, F> {
    fn run(&mut self, batch: &mut Batch<'_>) {
        if Instant::now() < self.deadline {
            self.decided = self.decide.take().map(|decide| batch.attempt(decide));
        }
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let not_run = || Err(StoreError::Unavailable("it was not begun in time".to_owned()));
        // A refusal too waits for the commit: it may rest on an intent of the same batch.
        let Self { decided, reply, .. } = *self;
        let answer = outcome.and_then(|()| decided.unwrap_or_else(not_run));
        // The caller may have gone meanwhile, which changes nothing.
        let _ = reply.send(answer);
    }
}

/// The first intent and those that wait behind it; and whether the order to stop came.
pub(crate) fn gather(first: Box<dyn Intent>, orders: &Receiver<Order>) -> (Vec<Box<dyn Intent>>, bool) {
    let mut intents = vec![first];
    while intents.len() < BATCH {
        match orders.try_recv() {
            Ok(Order::Carry(intent)) => intents.push(intent),
            Ok(Order::Stop) => return (intents, true),
            Err(_) => break,
        }
    }
    (intents, false)
}
