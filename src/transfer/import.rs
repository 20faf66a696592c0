//! From an archive into an empty store. The archive is read through and found whole before anything is written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::lines::Record;
use super::migrate::{Filling, finish};
use super::walk::Sink;
use super::{Totals, TransferError, Watch, archive};
use crate::model::{Call, Message, Room, User};
use crate::store::{Records, Store};

/// How many records go at once.
const BATCH: usize = 1000;
/// How many batches may wait for the store.
const WAITING: usize = 4;

/// Reads an archive through and says what is in it.
///
/// # Errors
/// [`TransferError::Damaged`], [`TransferError::Newer`], [`TransferError::File`].
pub async fn check(path: &Path) -> Result<Totals, TransferError> {
    off_thread(path, |path| archive::read(&path, |_| Ok(()))).await.map(|(totals, _)| totals)
}

/// Puts everything in an archive into a store that was opened to be filled. `target_name` is for people.
///
/// # Errors
/// See [`TransferError`].
pub async fn import(
    path: &Path,
    target: &Arc<dyn Store>,
    target_name: &str,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    watch.begin("checking the archive", 0);
    let (totals, sum) = off_thread(path, |path| archive::read(&path, |_| Ok(()))).await?;
    let mut filling = Filling::begin(target, &format!("an archive with the checksum {sum}"), target_name).await?;
    watch.begin("importing", totals.messages.count);
    let (orders, mut queue) = mpsc::channel(WAITING);
    let reading = off_thread(path, move |path| {
        let mut batches = Batches { orders, kept: None };
        archive::read(&path, |record| batches.add(record))?;
        batches.send()
    });
    let filling = async {
        while let Some(records) = queue.recv().await {
            let messages = if let Records::Messages(_, messages) = &records { messages.len() } else { 0 };
            filling.take(records, Vec::new()).await?;
            watch.advance(messages as u64);
        }
        // A reader that waits for room would wait for ever.
        drop(queue);
        Ok::<_, TransferError>(())
    };
    let (read, filled) = tokio::join!(reading, filling);
    filled?;
    read?;
    finish(target, &totals, watch).await?;
    Ok(totals)
}

async fn off_thread<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(PathBuf) -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    let owned = path.to_owned();
    let done = tokio::task::spawn_blocking(move || work(owned)).await;
    done.unwrap_or_else(|error| {
        Err(TransferError::File { path: path.display().to_string(), error: std::io::Error::other(error.to_string()) })
    })
}

/// Gathers records of one kind, and of one room, into batches.
struct Batches {
    orders: mpsc::Sender<Records>,
    kept: Option<Records>,
}

impl Batches {
    fn add(&mut self, record: Record) -> Result<(), TransferError> {
        let full = match record {
            Record::User(user) => self.user(user),
            Record::Room(room) => self.room(room),
            Record::Message(message) => self.message(message),
            Record::Call(call) => self.call(call),
        };
        full.map_or(Ok(()), |records| self.pass(records))
    }

    /// Each of these keeps a record, and gives back the batch that it does not belong to any more or that is full.
    fn user(&mut self, user: User) -> Option<Records> {
        match &mut self.kept {
            Some(Records::Users(users)) if users.len() < BATCH => users.push(user),
            _ => return self.kept.replace(Records::Users(vec![user])),
        }
        None
    }

    fn room(&mut self, room: Room) -> Option<Records> {
        match &mut self.kept {
            Some(Records::Rooms(rooms)) if rooms.len() < BATCH => rooms.push(room),
            _ => return self.kept.replace(Records::Rooms(vec![room])),
        }
        None
    }

    fn message(&mut self, message: Message) -> Option<Records> {
        match &mut self.kept {
            Some(Records::Messages(room, messages)) if *room == message.room && messages.len() < BATCH => {
                messages.push(message);
            }
            _ => return self.kept.replace(Records::Messages(message.room, vec![message])),
        }
        None
    }

    fn call(&mut self, call: Call) -> Option<Records> {
        match &mut self.kept {
            Some(Records::Calls(calls)) if calls.len() < BATCH => calls.push(call),
            _ => return self.kept.replace(Records::Calls(vec![call])),
        }
        None
    }

    fn send(mut self) -> Result<(), TransferError> {
        self.kept.take().map_or(Ok(()), |records| self.pass(records))
    }

    fn pass(&self, records: Records) -> Result<(), TransferError> {
        // Nobody takes it where the store has failed, which is told there.
        self.orders.blocking_send(records).map_err(|_| TransferError::Restless)
    }
}
