//! Filling an empty store with what another one has, as it is there; and reading in bulk what a copy needs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use super::batch::Batch;
use super::change::RoomEntry;
use super::intents;
use super::lost::Lost;
use super::pages;
use super::shared::Shared;
use super::txn::Txn;
use crate::model::{Call, CallId, Message, Room, RoomId};
use crate::store::{Loading, Records, Result, StoreError};

/// Lies in the data directory for as long as it is being filled, and holds the name of what it is filled from.
const UNFINISHED: &str = "store.filling";

/// What a directory is being filled from, if it is.
pub fn unfinished(directory: &Path) -> Option<String> {
    match fs::read_to_string(directory.join(UNFINISHED)) {
        Ok(origin) => Some(origin),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(format!("somewhere ({error})")),
    }
}

/// See [`crate::store::Store::begin_load`].
pub fn begin(directory: &Path, origin: &str, empty: bool) -> Result<Loading> {
    match unfinished(directory) {
        Some(before) if before == origin => Ok(Loading::Resumed),
        Some(_) => Ok(Loading::Refused),
        None if !empty => Ok(Loading::Refused),
        None => {
            let written = || {
                let path = directory.join(UNFINISHED);
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
                file.write_all(origin.as_bytes())?;
                file.sync_all()?;
                File::open(directory)?.sync_all()
            };
            written().map(|()| Loading::Begun).map_err(unavailable)
        }
    }
}

/// See [`crate::store::Store::end_load`].
pub fn end(directory: &Path) -> Result<()> {
    let removed = match fs::remove_file(directory.join(UNFINISHED)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => File::open(directory).and_then(|directory| directory.sync_all()),
    };
    removed.map_err(unavailable)
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// See [`crate::store::Store::load`].
pub fn load(batch: &mut Batch<'_>, records: Records) -> Result<()> {
    match records {
        Records::Users(users) => {
            for user in users {
                if batch.catalog().user(user.id).is_none() {
                    batch.set_user(user.id, Some(user));
                }
            }
        }
        Records::Rooms(rooms) => {
            for room in rooms {
                if batch.catalog().room(room.id).is_none() {
                    let room = Arc::new(Room { last_message: None, ..room });
                    batch.set_room(room.id, Some(RoomEntry { room, numbered: 0, lost: Lost::default() }));
                }
            }
        }
        Records::Messages(room, messages) => return load_messages(batch, room, messages),
        Records::Calls(calls) => return intents::save_calls(batch, &calls),
    }
    Ok(())
}

fn load_messages(batch: &mut Batch<'_>, id: RoomId, messages: Vec<Message>) -> Result<()> {
    let unknown = || StoreError::Bug(format!("messages of the unknown room {id}"));
    let entry = batch.catalog().room(id).cloned().ok_or_else(unknown)?;
    let messages: Vec<Arc<Message>> = messages.into_iter().map(Arc::new).collect();
    let mut numbered = entry.numbered;
    let mut lost = entry.lost.ranges().to_vec();
    for message in &messages {
        if message.room != id || message.seq <= numbered {
            return Err(StoreError::Bug(format!("message {} of room {id} is out of order", message.seq)));
        }
        // What the other store has lost is lost here too; its number is not given again.
        lost.push((numbered + 1, message.seq - 1));
        numbered = message.seq;
    }
    let Some(last) = messages.last() else { return Ok(()) };
    intents::store_messages(batch, &messages.iter().collect::<Vec<_>>())?;
    let room = Arc::new(Room { last_message: Some(Arc::clone(last)), ..Room::clone(&entry.room) });
    batch.set_room(id, Some(RoomEntry { room, numbered, lost: Lost::new(lost) }));
    Ok(())
}

/// See [`crate::store::Store::dump_calls`].
pub fn calls_after(shared: &Shared, txn: &Txn<'_>, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let ids = shared.look(|catalog| catalog.calls_after(after, limit))?;
    let mut calls = Vec::with_capacity(ids.len());
    for id in ids {
        calls.extend(pages::call(shared, txn, id)?);
    }
    Ok(calls)
}
