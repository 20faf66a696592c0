//! What each writing intent decides inside the writer: first everything that may refuse it, then its changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::batch::Batch;
use super::change::{Doomed, RoomEntry};
use super::layout::{self, ClientIdRecord, StoredMessage};
use super::lost::Lost;
use super::readers;
use crate::model::{
    Call, CallStatus, MarkedRead, MembershipEnd, Message, NameKey, NewMessage, Room, RoomId, RoomKind, RoomPatch,
    UserId,
};
use crate::store::{Appended, Result, StoreError, Taken};

/// The door: what is found by name must not hold what a key cannot.
pub(crate) fn without_control(what: &str, text: &str) -> Result<()> {
    if text.chars().any(char::is_control) {
        return Err(StoreError::Bug(format!("{what} with a control character: {text:?}")));
    }
    Ok(())
}

pub(crate) fn insert_room(batch: &mut Batch<'_>, room: Room) -> Result<()> {
    without_control("a room's name", &room.name)?;
    without_control("a description", &room.description)?;
    if room.last_message.is_some() || !has_fitting_participants(&room) {
        return Err(StoreError::Bug(format!("room {} is not new", room.id)));
    }
    if room.kind == RoomKind::Open && !batch.catalog().rooms_named(&NameKey::of_room(&room.name)).is_empty() {
        return Err(StoreError::Conflict(Taken::RoomName));
    }
    put_new_room(batch, room).map(drop)
}

/// Whether those take part in a new room who may.
fn has_fitting_participants(room: &Room) -> bool {
    match room.kind {
        RoomKind::Open => room.participants.is_empty(),
        RoomKind::Private => room.has_participant(room.created_by),
        RoomKind::Direct => room.pair().is_some_and(|[one, other]| one != other),
    }
}

fn put_new_room(batch: &mut Batch<'_>, room: Room) -> Result<Arc<Room>> {
    if batch.catalog().room(room.id).is_some() || batch.catalog().doomed().contains_key(&room.id) {
        return Err(StoreError::Bug(format!("room {} exists", room.id)));
    }
    let room = Arc::new(room);
    batch.set_room(room.id, Some(RoomEntry::new(Arc::clone(&room), Lost::default())));
    Ok(room)
}

pub(crate) fn open_direct(batch: &mut Batch<'_>, room: Room) -> Result<(Arc<Room>, bool)> {
    let Some(pair) = room.pair().filter(|_| has_fitting_participants(&room)) else {
        return Err(StoreError::Bug(format!("room {} is not of two", room.id)));
    };
    match batch.catalog().direct_room(pair) {
        Some(there) => Ok((there.room.clone(), false)),
        None => Ok((put_new_room(batch, room)?, true)),
    }
}

pub(crate) fn update_room(batch: &mut Batch<'_>, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
    let Some(entry) = batch.catalog().room(id).cloned() else { return Ok(None) };
    let mut room = Room::clone(&entry.room);
    if let Some(name) = patch.name {
        if room.kind == RoomKind::Open && batch.catalog().rooms_named(&name.key()).iter().any(|other| *other != id) {
            return Err(StoreError::Conflict(Taken::RoomName));
        }
        room.name = name.into_string();
    }
    if let Some(description) = patch.description {
        room.description = description.into_string();
    }
    if room == *entry.room {
        return Ok(Some(entry.room));
    }
    let room = Arc::new(room);
    batch.set_room(id, Some(RoomEntry { room: room.clone(), ..entry }));
    Ok(Some(room))
}

pub(crate) fn delete_room(batch: &mut Batch<'_>, id: RoomId) -> Result<bool> {
    let Some(entry) = batch.catalog().room(id) else { return Ok(false) };
    let doomed = Doomed { next: entry.lost.up(1), last: entry.numbered(), lost: entry.lost.clone() };
    batch.set_room(id, None);
    if doomed.next <= doomed.last {
        batch.set_doomed(id, Some(doomed))?;
    }
    Ok(true)
}

pub(crate) fn add_participant(batch: &mut Batch<'_>, id: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    match batch.catalog().room(id) {
        Some(entry) if entry.room.kind != RoomKind::Direct && !entry.room.has_participant(user) => {
            Ok(change_room(batch, id, |room| Arc::make_mut(&mut room.participants).push(user)))
        }
        entry => Ok(entry.map(|entry| entry.room.clone())),
    }
}

pub(crate) fn remove_participant(batch: &mut Batch<'_>, id: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    match batch.catalog().room(id) {
        Some(entry) if entry.room.kind == RoomKind::Open && entry.room.has_participant(user) => {
            Ok(change_room(batch, id, |room| without(room, user)))
        }
        entry => Ok(entry.map(|entry| entry.room.clone())),
    }
}

fn without(room: &mut Room, user: UserId) {
    Arc::make_mut(&mut room.participants).retain(|one| *one != user);
}

pub(crate) fn end_membership(batch: &mut Batch<'_>, id: RoomId, user: UserId) -> Result<Option<MembershipEnd>> {
    let room = match batch.catalog().room(id) {
        Some(entry) if entry.room.kind == RoomKind::Private && entry.room.has_participant(user) => &entry.room,
        _ => return Ok(None),
    };
    let Some(longest) = room.participants.iter().copied().find(|one| *one != user) else {
        return delete_room(batch, id).map(|_| Some(MembershipEnd::Deleted));
    };
    let room = change_room(batch, id, |room| {
        without(room, user);
        if room.created_by == user {
            room.created_by = longest;
        }
    });
    Ok(room.map(MembershipEnd::GoesOn))
}

fn change_room(batch: &mut Batch<'_>, id: RoomId, change: impl FnOnce(&mut Room)) -> Option<Arc<Room>> {
    let entry = batch.catalog().room(id)?.clone();
    let mut room = Room::clone(&entry.room);
    change(&mut room);
    let room = Arc::new(room);
    batch.set_room(id, Some(RoomEntry { room: room.clone(), ..entry }));
    Some(room)
}

pub(crate) fn append_messages(
    batch: &mut Batch<'_>,
    id: RoomId,
    new: Vec<NewMessage>,
) -> Result<Option<Vec<Appended>>> {
    let Some(entry) = batch.catalog().room(id).cloned() else { return Ok(None) };
    let mut numbered = entry.numbered();
    let mut answers: Vec<Appended> = Vec::with_capacity(new.len());
    // Where in the answers a client id of this call stands.
    let mut earlier: HashMap<(UserId, String), usize> = HashMap::new();
    for new in new {
        if let Some(client_id) = &new.client_id {
            let key = (new.sender, client_id.as_str().to_owned());
            let first = match earlier.get(&key) {
                Some(place) => Some(answers[*place].message.clone()),
                None => stored_under(batch, id, new.sender, client_id.as_str(), entry.numbered())?.map(Arc::new),
            };
            if let Some(message) = first {
                answers.push(Appended { message, fresh: false });
                continue;
            }
            earlier.insert(key, answers.len());
        }
        numbered += 1;
        answers.push(Appended { message: Arc::new(new.numbered(id, numbered)), fresh: true });
    }
    let fresh: Vec<_> = answers.iter().filter(|one| one.fresh).map(|one| &one.message).collect();
    if let Some(last) = fresh.last() {
        store_messages(batch, &fresh)?;
        let newest = Some(Arc::clone(last));
        let room = Arc::new(Room { last_message: newest, last_seq: numbered, numbered, ..Room::clone(&entry.room) });
        let calls_to_all = readers::with_calls_to_all(&entry.calls_to_all, &fresh);
        let senders = reading_follows(batch, id, &fresh, &entry.senders);
        batch.set_room(id, Some(RoomEntry { room, calls_to_all, senders, ..entry }));
    }
    Ok(Some(answers))
}

/// How many senders stand in the head of a room; with more, all of them get records of their own.
const MOST_SENDERS: usize = 64;

/// Who sends has read up to there, and who is named is called. Answers with those whose number stands in the head.
fn reading_follows(
    batch: &mut Batch<'_>,
    room: RoomId,
    fresh: &[&Arc<Message>],
    known: &Arc<Vec<UserId>>,
) -> Arc<Vec<UserId>> {
    let mut senders = Arc::clone(known);
    for message in fresh {
        note_calls(batch, std::slice::from_ref(*message));
        let Some(reader) = batch.catalog().readers().get(room, message.sender).cloned() else { continue };
        batch.set_sender(room, message.sender, reader.having_read(message.seq));
        if !senders.contains(&message.sender) {
            Arc::make_mut(&mut senders).push(message.sender);
        }
    }
    if senders.len() <= MOST_SENDERS {
        return senders;
    }
    for user in senders.iter() {
        let reader = batch.catalog().readers().get(room, *user).cloned();
        batch.set_reader(room, *user, reader);
    }
    Arc::default()
}

/// Those whom messages name are called. Who is called along with everybody is called once, by that.
pub(crate) fn note_calls(batch: &mut Batch<'_>, messages: &[Arc<Message>]) {
    for message in messages.iter().filter(|message| !message.mentions_all) {
        for user in message.mentions.iter().filter(|user| **user != message.sender) {
            if let Some(reader) = batch.catalog().readers().get(message.room, *user).cloned() {
                batch.set_reader(message.room, *user, Some(reader.called(message.seq)));
            }
        }
    }
}

/// See [`crate::store::Store::mark_read`].
pub(crate) fn mark_read(batch: &mut Batch<'_>, room: RoomId, user: UserId, seq: u64) -> Option<MarkedRead> {
    let (entry, reader) = (batch.catalog().room(room)?, batch.catalog().readers().get(room, user)?);
    let read = reader.having_read(seq.min(entry.room.last_seq()));
    let moved = read.read > reader.read;
    if moved {
        batch.set_reader(room, user, Some(read));
    }
    let reading = batch.catalog().reading(room, user)?;
    Some(MarkedRead { reading, moved })
}

/// The message that a client id stands for. What its key points at counts only if it says so itself.
fn stored_under(
    batch: &Batch<'_>,
    room: RoomId,
    sender: UserId,
    client_id: &str,
    numbered: u64,
) -> Result<Option<Message>> {
    let key = layout::client_id_key(room, sender, client_id);
    let Some(ClientIdRecord { seq, .. }) = batch.txn().get(layout::CLIENT_IDS, key)? else { return Ok(None) };
    let Ok(seq) = u64::try_from(seq) else { return Ok(None) };
    let found = batch.txn().get::<StoredMessage>(layout::MESSAGES, layout::message_key(room, seq))?;
    let message = found.map(layout::message_of).transpose()?;
    Ok(message.filter(|one| seq <= numbered && one.sender == sender && one.client_id.as_deref() == Some(client_id)))
}

pub(crate) fn store_messages(batch: &mut Batch<'_>, fresh: &[&Arc<Message>]) -> Result<()> {
    let records: Vec<_> = fresh.iter().map(|message| layout::message_record(message)).collect();
    batch.write(|txn| {
        txn.insert(layout::MESSAGES, &records)?;
        for message in fresh {
            if let Some(client_id) = &message.client_id {
                let key = layout::client_id_key(message.room, message.sender, client_id);
                let record = ClientIdRecord { key: key.clone(), seq: message.seq as i64 };
                txn.put(layout::CLIENT_IDS, key, &record)?;
            }
        }
        Ok(())
    })
}

/// See [`crate::store::Store::change_call`].
pub(crate) fn change_call(batch: &mut Batch<'_>, call: &Call) -> Result<bool> {
    let open = call.status != CallStatus::Ended;
    let catalog = batch.catalog();
    // One that has ended, or was never there, is nobody else's: no other process writes here.
    let known = catalog.open_call(call.id).map_or(call.revision, |known| known.revision);
    let follows = known == call.revision || known + 1 == call.revision;
    let clashes = |other: &Call| {
        other.id != call.id
            && (call.engaged().any(|user| other.engaged().any(|busy| busy == user))
                || call.group().is_some_and(|room| other.group() == Some(room)))
    };
    if !follows || (open && catalog.open_calls().any(|other| clashes(other))) {
        return Ok(false);
    }
    put_calls(batch, std::slice::from_ref(call))?;
    Ok(true)
}

/// Stores calls as they are.
pub(crate) fn put_calls(batch: &mut Batch<'_>, calls: &[Call]) -> Result<()> {
    for call in calls {
        batch.set_call(call, call.status != CallStatus::Ended)?;
        let mut users = Vec::new();
        for user in std::iter::once(&call.created_by).chain(&call.participants).chain(&call.invited) {
            let has_it = batch.catalog().calls_of(*user).binary_search(&call.id).is_ok();
            if !has_it && !users.contains(user) {
                users.push(*user);
            }
        }
        if !users.is_empty() {
            batch.log_call(call.id, &users);
        }
    }
    Ok(())
}
