//! From an archive into an empty store. The archive is read through and found whole before anything is written.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::archive::Contents;
use super::filling::Filling;
use super::lines::Record;
use super::migrate::finish;
use super::walk::Sink;
use super::{Totals, TransferError, Watch, archive};
use crate::model::{Message, Room, RoomId, UserId};
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
    let Contents { totals, sha256, version, gone } =
        off_thread(path, |path| archive::read_through(&path, |_| Ok(()))).await?;
    let mut filling = Filling::begin(target, &format!("an archive with the checksum {sha256}"), target_name).await?;
    watch.begin("importing", totals.messages.count);
    let (orders, mut queue) = mpsc::channel(WAITING);
    let reading = off_thread(path, move |path| {
        let mut batches = Batches { orders, gone, kept: Vec::new(), count: 0 };
        archive::read(&path, |record| batches.add(record))?;
        batches.pass()
    });
    let filling = async {
        while let Some(records) = queue.recv().await {
            let messages = |records: &Records| if let Records::Messages(_, list) = records { list.len() } else { 0 };
            let messages: usize = records.iter().map(messages).sum();
            filling.take(records, Vec::new()).await?;
            watch.advance(messages as u64);
        }
        // A reader that waits for room would wait for ever.
        drop(queue);
        filling.end().await?;
        Ok::<_, TransferError>(())
    };
    let (read, filled) = tokio::join!(reading, filling);
    filled?;
    read?;
    finish(target, &totals, version, watch).await?;
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

/// Gathers records into batches: as they come, rooms before their messages, and of each room one piece in a batch.
struct Batches {
    orders: mpsc::Sender<Vec<Records>>,
    /// Rooms that the archive takes back.
    gone: HashSet<RoomId>,
    kept: Vec<Records>,
    count: usize,
}

impl Batches {
    fn add(&mut self, record: Record) -> Result<(), TransferError> {
        match record {
            Record::Gone(_) => return Ok(()),
            Record::Room(room, _) if self.gone.contains(&room.id) => return Ok(()),
            Record::Message(message) if self.gone.contains(&message.room) => return Ok(()),
            Record::User(user) => match self.kept.last_mut() {
                Some(Records::Users(users)) => users.push(user),
                _ => self.kept.push(Records::Users(vec![user])),
            },
            Record::Call(call) => match self.kept.last_mut() {
                Some(Records::Calls(calls)) => calls.push(call),
                _ => self.kept.push(Records::Calls(vec![call])),
            },
            Record::Invite(invite) => match self.kept.last_mut() {
                Some(Records::Invites(invites)) => invites.push(invite),
                _ => self.kept.push(Records::Invites(vec![invite])),
            },
            Record::Room(room, readers) => self.room(room, readers),
            Record::Message(message) => self.message(message),
        }
        self.count += 1;
        if self.count >= BATCH { self.pass() } else { Ok(()) }
    }

    fn room(&mut self, room: Room, readers: Vec<(UserId, u64)>) {
        let id = room.id;
        match self.kept.iter_mut().find(|one| matches!(one, Records::Rooms(_))) {
            Some(Records::Rooms(rooms)) => rooms.push(room),
            _ => self.kept.push(Records::Rooms(vec![room])),
        }
        if !readers.is_empty() {
            self.kept.push(Records::Readers(id, readers));
        }
    }

    fn message(&mut self, message: Message) {
        match self.kept.last_mut() {
            Some(Records::Messages(room, messages)) if *room == message.room => messages.push(message),
            _ => self.kept.push(Records::Messages(message.room, vec![message])),
        }
    }

    fn pass(&mut self) -> Result<(), TransferError> {
        self.count = 0;
        if self.kept.is_empty() {
            return Ok(());
        }
        // Nobody takes it where the store has failed, which is told there.
        self.orders.blocking_send(std::mem::take(&mut self.kept)).map_err(|_| TransferError::BrokeOff)
    }
}
