//! Filling an empty store with what another one has, as it is there; and reading in bulk what a copy needs.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::batch::Batch;
use super::change::RoomEntry;
use super::intents;
use super::lost::Lost;
use super::pages;
use super::readers::{self, Reader};
use super::shared::Shared;
use super::txn::Txn;
use crate::files;
use crate::model::{Call, CallId, Message, Room, RoomId, UserId};
use crate::store::{Loading, Records, Result, StoreError};

/// Lies in the data directory for as long as it is being filled, and holds the name of what it is filled from. It is
/// there before the store is, with nothing in it until the filling begins: so at no moment is there a half filled store
/// without it.
const UNFINISHED: &str = "store.filling";

/// What a directory is being filled from, if it is.
pub(crate) fn unfinished(directory: &Path) -> Option<String> {
    match fs::read_to_string(directory.join(UNFINISHED)) {
        Ok(origin) => Some(origin),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(format!("somewhere ({error})")),
    }
}

/// What a directory is being filled from, for people.
pub(crate) fn origin_in_words(origin: String) -> String {
    if origin.is_empty() { "somewhere, by a copy that was stopped as it began".to_owned() } else { origin }
}

/// Marks a directory that is to be filled, before there is a store in it. One with a store that is not being filled
/// stays as it is.
///
/// # Errors
/// The file system's.
pub(crate) fn prepare(directory: &Path, store_is_there: bool) -> io::Result<()> {
    if store_is_there || unfinished(directory).is_some() { Ok(()) } else { mark(directory, "") }
}

/// Puts the mark there, whole or not at all.
fn mark(directory: &Path, origin: &str) -> io::Result<()> {
    files::replace(&directory.join(UNFINISHED), origin.as_bytes())
}

/// See [`crate::store::Store::begin_load`].
pub(crate) fn begin(directory: &Path, origin: &str, empty: bool) -> Result<Loading> {
    match unfinished(directory) {
        Some(before) if before == origin => Ok(Loading::Resumed),
        // The mark of one that was stopped before it began, or no mark.
        before if empty && before.as_deref().is_none_or(str::is_empty) => {
            mark(directory, origin).map(|()| Loading::Begun).map_err(unavailable)
        }
        _ => Ok(Loading::Refused),
    }
}

/// See [`crate::store::Store::end_load`].
pub(crate) fn end(directory: &Path) -> Result<()> {
    let path = directory.join(UNFINISHED);
    let removed = match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => files::sync_directory_of(&path),
    };
    removed.map_err(unavailable)
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// See [`crate::store::Store::load`].
pub(crate) fn load(batch: &mut Batch<'_>, records: Records) -> Result<()> {
    match records {
        Records::Users(users) => {
            for user in users {
                if batch.catalog().user(user.id).is_none_or(|there| **there != user) {
                    batch.set_user(user.id, Some(user));
                }
            }
        }
        Records::Rooms(rooms) => rooms.into_iter().for_each(|room| load_room(batch, room)),
        Records::Readers(room, readers) => load_readers(batch, room, &readers),
        Records::Messages(room, messages) => return load_messages(batch, room, messages),
        Records::Calls(calls) => return intents::put_calls(batch, &calls),
        Records::Invites(invites) => {
            invites.into_iter().for_each(|invite| batch.set_invite(invite.id, Some(invite)));
        }
    }
    Ok(())
}

/// Numbers up to the room's highest that have no message here count as ones that need none: those that come later take
/// theirs away.
fn load_room(batch: &mut Batch<'_>, room: Room) {
    let there = batch.catalog().room(room.id);
    let (newest, lost) = there.map(|entry| (entry.room.last_message.clone(), entry.lost.clone())).unwrap_or_default();
    let participants = match there {
        Some(entry) if entry.room.participants == room.participants => entry.room.participants.clone(),
        _ => room.participants.clone(),
    };
    let numbered = room.numbered().max(there.map_or(0, RoomEntry::numbered));
    let lost = up_to(&lost, newest.as_ref().map_or(0, |message| message.seq), numbered);
    let room = Room { participants, last_message: newest, last_seq: numbered, numbered, ..room };
    let calls_to_all = there.map(|entry| Arc::clone(&entry.calls_to_all)).unwrap_or_default();
    batch.set_room(room.id, Some(RoomEntry { calls_to_all, ..RoomEntry::new(Arc::new(room), lost) }));
}

/// What is lost before the newest message, and everything from there up to the highest number.
fn up_to(lost: &Lost, newest: u64, numbered: u64) -> Lost {
    let before = lost.ranges().iter().copied().filter(|(_, last)| *last < newest);
    Lost::new(before.chain([(newest + 1, numbered)]).collect())
}

fn load_readers(batch: &mut Batch<'_>, room: RoomId, readers: &[(UserId, u64)]) {
    for (user, read) in readers {
        if let Some(reader) = batch.catalog().readers().get(room, *user) {
            let calls = reader.calls.iter().copied().filter(|seq| seq > read).collect();
            batch.set_reader(room, *user, Some(Reader { read: *read, calls: Arc::new(calls) }));
        }
    }
}

fn load_messages(batch: &mut Batch<'_>, id: RoomId, messages: Vec<Message>) -> Result<()> {
    let unknown = || StoreError::Bug(format!("messages of the unknown room {id}"));
    let entry = batch.catalog().room(id).cloned().ok_or_else(unknown)?;
    let messages: Vec<Arc<Message>> = messages.into_iter().map(Arc::new).collect();
    let mut newest = entry.room.last_message.as_ref().map_or(0, |message| message.seq);
    let mut lost = up_to(&entry.lost, newest, newest).ranges().to_vec();
    for message in &messages {
        if message.room != id || message.seq <= newest {
            return Err(StoreError::Bug(format!("message {} of room {id} is out of order", message.seq)));
        }
        // What the other store has not is not missed here either; its number is not given again.
        lost.push((newest + 1, message.seq - 1));
        newest = message.seq;
    }
    let Some(last) = messages.last() else { return Ok(()) };
    intents::store_messages(batch, &messages.iter().collect::<Vec<_>>())?;
    let numbered = entry.numbered().max(newest);
    let last_message = Some(Arc::clone(last));
    let room = Room { last_message, last_seq: numbered, numbered, ..Room::clone(&entry.room) };
    let lost = up_to(&Lost::new(lost), newest, numbered);
    intents::note_calls(batch, &messages);
    let calls_to_all = readers::with_calls_to_all(&entry.calls_to_all, &messages.iter().collect::<Vec<_>>());
    batch.set_room(id, Some(RoomEntry { room: Arc::new(room), lost, calls_to_all, ..entry }));
    Ok(())
}

/// See [`crate::store::Store::dump_calls`].
pub(crate) fn calls_after(shared: &Shared, txn: &Txn<'_>, after: Option<CallId>, limit: usize) -> Result<Vec<Call>> {
    let ids = shared.look(|catalog| catalog.calls_after(after, limit))?;
    let mut calls = Vec::with_capacity(ids.len());
    for id in ids {
        calls.extend(pages::call(shared, txn, id)?);
    }
    Ok(calls)
}
