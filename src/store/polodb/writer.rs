//! The one thread that writes. Whatever waits is carried out in one transaction, so that many writes share one fsync.
//!
//! After a failed commit it refuses everything, and tries a write every second: a full disk heals, a lost one is given
//! up.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::batch::{Batch, Outcome};
use super::catalog::Catalog;
use super::database::Database;
use super::layout::StoreRecord;
use super::marking::Marking;
use super::order::{Intent, Order, gather};
use super::shared::{Condition, Shared};
use super::space;
use super::sweep;
use super::txn::Touched;
use crate::store::{Result, StoreError};

/// How many messages of a deleted room go at a time; nobody waits longer than for these.
const SWEEP: u64 = 64;
/// Where there is other work, pieces of a deleted room are this far apart.
const SWEEP_PAUSE: Duration = Duration::from_millis(50);

/// What the writer keeps to, beside the intents.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// How often a write is tried after a failure.
    pub probe: Duration,
    /// How long such writes may fail, with space there, before the store is given up.
    pub patience: Duration,
    /// How old the mark may be.
    pub mark: Duration,
}

struct Failing {
    reason: String,
    next_probe: Instant,
    /// Since when it has failed with space there.
    with_space: Option<Instant>,
    lost: bool,
}

/// The one thread that writes, with what it needs.
pub(crate) struct Writer {
    pub database: Arc<Database>,
    pub shared: Arc<Shared>,
    pub catalog: Catalog,
    pub store: StoreRecord,
    pub directory: PathBuf,
    pub marking: Marking,
    pub pace: Pace,
    state: State,
}

#[derive(Default)]
struct State {
    failing: Option<Failing>,
    /// What commits that failed may have left in the log, each document as it was before the first of them.
    doubtful: HashMap<(&'static str, String), Touched>,
    swept: Option<Instant>,
}

impl Writer {
    pub(crate) fn new(
        database: Arc<Database>,
        shared: Arc<Shared>,
        catalog: Catalog,
        store: StoreRecord,
        directory: PathBuf,
        marking: Marking,
        pace: Pace,
    ) -> Self {
        Self { database, shared, catalog, store, directory, marking, pace, state: State::default() }
    }

    /// Carries out orders until it is told to stop, or nobody is left to give any.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let idle = match orders.recv_timeout(self.until_chore()) {
                Ok(Order::Carry(first)) => {
                    let (intents, stop) = gather(first, orders);
                    self.carry_out(intents);
                    if stop {
                        break;
                    }
                    false
                }
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => true,
            };
            self.chores(idle);
        }
        if self.state.failing.as_ref().is_some_and(|failing| !failing.lost) {
            self.probe();
        }
        if self.marking.due.is_some() {
            self.write_mark();
        }
        if self.state.failing.is_some() {
            self.database.give_up();
        }
    }

    fn carry_out(&mut self, mut intents: Vec<Box<dyn Intent>>) {
        let outcome = match &self.state.failing {
            Some(failing) => Err(StoreError::Unavailable(failing.reason.clone())),
            None => self.commit(|batch, _| {
                for intent in &mut intents {
                    if batch.is_broken() {
                        break;
                    }
                    intent.run(batch);
                }
            }),
        };
        for intent in intents {
            intent.answer(outcome.clone());
        }
    }

    /// Runs `work` in one transaction and makes it durable.
    fn commit(&mut self, work: impl FnOnce(&mut Batch<'_>, &[Touched])) -> Result<()> {
        let shared = self.shared.clone();
        let _busy = shared.busy();
        let before = self.store.commits;
        let outcome = match self.database.begin() {
            Err(error) => Outcome::Failed(error, Vec::new()),
            Ok(txn) => {
                let doubtful: Vec<_> = self.state.doubtful.values().cloned().collect();
                let mut batch = Batch::new(txn, &mut self.catalog, &mut self.store);
                work(&mut batch, &doubtful);
                batch.finish()
            }
        };
        match outcome {
            Outcome::Done(changes) => {
                if self.store.commits > before {
                    // Before anybody hears of the commit.
                    self.marking.committed(self.store.commits, &changes, self.pace.mark);
                }
                shared.publish(changes);
                Ok(())
            }
            Outcome::Failed(error, touched) => {
                for one in touched {
                    self.state.doubtful.entry((one.collection.0, one.id.to_string())).or_insert(one);
                }
                self.fail(&error);
                Err(error)
            }
        }
    }

    fn fail(&mut self, error: &StoreError) {
        let reason = error.to_string();
        let now = Instant::now();
        let has_space = space::is_left(&self.directory);
        let failing = self.state.failing.get_or_insert_with(|| {
            tracing::error!(%reason, "a write failed; the store takes none until one succeeds again");
            Failing { reason: String::new(), next_probe: now, with_space: None, lost: false }
        });
        failing.next_probe = now + self.pace.probe;
        failing.with_space = has_space.then(|| failing.with_space.unwrap_or(now));
        failing.reason = if has_space { reason } else { format!("the disk is full: {reason}") };
        if failing.with_space.is_some_and(|since| now.duration_since(since) >= self.pace.patience) {
            let reason = format!("writes keep failing though there is space: {}", failing.reason);
            self.lose(reason);
        } else {
            self.shared.set_condition(Condition::Failing(failing.reason.clone()));
        }
    }

    /// Gives the store up: only another process may write to it again.
    fn lose(&mut self, reason: String) {
        tracing::error!(%reason, "the store is given up");
        let now = Instant::now();
        self.state.failing = Some(Failing { reason: reason.clone(), next_probe: now, with_space: None, lost: true });
        self.shared.set_condition(Condition::Lost(reason));
    }

    /// Tries to write again. What the failed commits may have left is put right in the same breath.
    fn probe(&mut self) {
        let tried = self.commit(|batch, doubtful| {
            // An error has broken the batch, and comes out of the commit.
            let _ = batch.write(|txn| txn.restore(doubtful));
        });
        if tried.is_ok() {
            self.state.failing = None;
            self.state.doubtful.clear();
            self.shared.set_condition(Condition::Working);
            tracing::info!("the store takes writes again");
        }
    }

    fn until_chore(&self) -> Duration {
        const LONG: Duration = Duration::from_secs(3600);
        let now = Instant::now();
        let until = |moment: Option<Instant>| moment.map_or(LONG, |moment| moment.saturating_duration_since(now));
        let probe = self.state.failing.as_ref().filter(|failing| !failing.lost).map(|failing| failing.next_probe);
        let sweep = (self.may_sweep()).then_some(now);
        until(probe).min(until(sweep)).min(until(self.marking.due))
    }

    fn may_sweep(&self) -> bool {
        self.state.failing.is_none() && !self.catalog.doomed().is_empty()
    }

    fn chores(&mut self, idle: bool) {
        let due = |moment: Instant| moment <= Instant::now();
        if self.state.failing.as_ref().is_some_and(|failing| !failing.lost && due(failing.next_probe)) {
            self.probe();
        }
        if self.may_sweep() && (idle || self.state.swept.is_none_or(|last| due(last + SWEEP_PAUSE))) {
            // An error has been noted, and the sweep goes on when writes do.
            let _ = self.commit(|batch, _| drop(batch.attempt(|batch| sweep::sweep(batch, SWEEP))));
            self.state.swept = Some(Instant::now());
        }
        if self.marking.due.is_some_and(due) {
            self.write_mark();
        }
    }

    fn write_mark(&mut self) {
        let shared = self.shared.clone();
        // A disk that does not answer here holds the next commit up too.
        let _busy = shared.busy();
        match self.marking.write(&self.catalog, self.store.commits) {
            Ok(()) => {}
            // The log has gone with it: what is written to it now is written to nothing.
            Err(_) if !self.database.is_in_place() => {
                self.marking.due = None;
                self.lose(format!("{} is gone", self.directory.display()));
            }
            Err(error) => {
                if self.state.failing.is_none() {
                    let file = self.marking.path.display();
                    tracing::warn!(%error, %file, "the mark of the last commit cannot be written");
                }
                self.marking.due = Some(Instant::now() + self.pace.probe);
            }
        }
    }
}
