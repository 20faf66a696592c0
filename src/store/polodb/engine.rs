//! The engine's parts and how they stand together: the queue to the writer, the readers, opening and closing.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot};

use super::batch::Batch;
use super::catalog::Catalog;
use super::database::Database;
use super::marking::Marking;
use super::open::{self, Opened};
use super::open_error::OpenError;
use super::options::Options;
use super::order::{AskedIntent, Order};
use super::shared::{self, Condition, Shared};
use super::writer::{Pace, Writer};
use crate::store::{Result, StoreError};

/// How many intents may wait for the writer; who comes then waits for a place.
const QUEUE: usize = 4096;
/// How many reads may be at the database at once.
const READERS: usize = 8;
/// How long whoever asks waits for an answer, where the disk does not answer or too much waits before it.
const PATIENCE: Duration = Duration::from_millis(4500);
/// The same for the large pieces of a copy, for which no user waits.
pub(crate) const LONG_PATIENCE: Duration = Duration::from_secs(60);
/// How long a drop waits for reads that are under way.
const DROP_PATIENCE: Duration = Duration::from_secs(5);

/// The embedded store.
#[derive(Debug)]
pub struct PoloDb {
    pub(super) shared: Arc<Shared>,
    orders: mpsc::Sender<Order>,
    /// Places in the writer's queue.
    places: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// The data directory.
    pub(super) directory: PathBuf,
    /// It was opened to be filled.
    filling: bool,
}

impl PoloDb {
    /// Opens the store in a data directory, or makes one there, and starts its writer.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        let path = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || Self::open_here(&path, &options)).await;
        opened.unwrap_or_else(|error| Err(OpenError::Failed { path: directory.to_owned(), reason: error.to_string() }))
    }

    fn open_here(directory: &Path, options: &Options) -> Result<Self, OpenError> {
        let Opened { database, catalog, store, run } = open::open(directory, options)?;
        let shared = Arc::new(Shared::new(catalog.clone(), database.clone()));
        let pace = Pace { probe: options.probe_every, patience: options.patience, mark: options.mark_within };
        let marking = Marking::new(directory, run);
        let directory_of_writer = directory.to_owned();
        let writer = Writer::new(database, shared.clone(), catalog, store, directory_of_writer, marking, pace);
        let (orders, queue) = mpsc::channel();
        let thread = std::thread::Builder::new().name("store".to_owned());
        let started = thread.spawn({
            let shared = shared.clone();
            move || {
                let ran = std::panic::catch_unwind(AssertUnwindSafe(|| writer.run(&queue)));
                if ran.is_err() {
                    shared.set_condition(Condition::Lost("the writer panicked".to_owned()));
                }
            }
        });
        let writer =
            started.map_err(|error| OpenError::Failed { path: directory.to_owned(), reason: error.to_string() })?;
        Ok(Self {
            shared,
            orders,
            places: Arc::new(Semaphore::new(QUEUE)),
            readers: Arc::new(Semaphore::new(READERS)),
            writer: Mutex::new(Some(writer)),
            directory: directory.to_owned(),
            filling: options.filling,
        })
    }

    /// Looks something up in memory.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Catalog) -> T) -> Result<T> {
        self.shared.look(look)
    }

    /// Has the writer carry out an intent, and waits until it is durable, but not for ever.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        intent: impl FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_within(PATIENCE, intent).await
    }

    /// As [`PoloDb::write`], with another patience. Where that ends after the writer began, the change may still show.
    pub(super) async fn write_within<T: Send + 'static>(
        &self,
        patience: Duration,
        intent: impl FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        let carried_out = async {
            let place = self.places.clone().acquire_owned().await.map_err(|_| shared::closed())?;
            let (reply, answer) = oneshot::channel();
            let stopped = || StoreError::Unavailable("the writer stopped".to_owned());
            let intent = AskedIntent::new(intent, deadline, reply, place);
            self.orders.send(Order::Carry(Box::new(intent))).map_err(|_| stopped())?;
            answer.await.unwrap_or_else(|_| Err(stopped()))
        };
        tokio::time::timeout_at(deadline.into(), carried_out).await.unwrap_or_else(|_| Err(late("written")))
    }

    /// Reads from the database, off the async threads, and does not wait for ever.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared, &Database) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.read_within(PATIENCE, read).await
    }

    /// As [`PoloDb::read`], with another patience.
    pub(super) async fn read_within<T: Send + 'static>(
        &self,
        patience: Duration,
        read: impl FnOnce(&Shared, &Database) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        tokio::time::timeout(patience, self.read_at_last(read)).await.unwrap_or_else(|_| Err(late("read")))
    }

    async fn read_at_last<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared, &Database) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.readers.clone().acquire_owned().await.map_err(|_| shared::closed())?;
        let shared = self.shared.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let database = shared.database()?;
            let answer = read(&shared, &database);
            // The place is free only when the database is let go: a close waits for all places.
            drop(database);
            drop(place);
            answer
        });
        reading.await.unwrap_or_else(|error| Err(StoreError::Bug(format!("a read broke off: {error}"))))
    }

    /// Commits what is queued, stops the writer, and closes the database when its last reader has let go.
    pub(super) async fn shut(&self) {
        self.places.close();
        // Where the writer is gone already there is nothing to stop.
        let _ = self.orders.send(Order::Stop);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // It catches its own panics, so that joining it cannot fail.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        self.shared.set_condition(Condition::Closed);
        // Every reader has let go of the database once all places are free.
        if let Ok(places) = self.readers.acquire_many(READERS as u32).await {
            let (shared, directory) = (self.shared.clone(), self.filling.then(|| self.directory.clone()));
            let _ = tokio::task::spawn_blocking(move || {
                shared.release_database();
                directory.inspect(|directory| open::undo_what_was_not_begun(directory));
            })
            .await;
            self.readers.close();
            drop(places);
        }
    }
}

/// The answer where the disk, or who was before, took too long.
fn late(what: &str) -> StoreError {
    metrics::counter!("tincan_store_late_answers_total").increment(1);
    StoreError::Unavailable(format!("the disk does not answer, or too much waits to be {what}"))
}

impl Drop for PoloDb {
    /// One that was not closed is closed here, in the same order, by whoever drops it: the directory may be removed
    /// right after.
    fn drop(&mut self) {
        // Where the writer is gone already there is nothing to stop.
        let _ = self.orders.send(Order::Stop);
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // It catches its own panics, so that joining it cannot fail.
            let _ = writer.join();
        }
        self.shared.set_condition(Condition::Closed);
        // Reads of callers that went away are under way on threads of their own, and take milliseconds. One that hangs
        // closes the database at its end.
        let patient_until = Instant::now() + DROP_PATIENCE;
        while self.readers.available_permits() < READERS && Instant::now() < patient_until {
            std::thread::yield_now();
        }
        self.shared.release_database();
    }
}
