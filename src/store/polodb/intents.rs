//! What each writing intent decides inside the writer: first everything that may refuse it, then its changes.

use std::collections::HashMap;
use std::sync::Arc;

use super::batch::Batch;
use super::change::{Doomed, RoomEntry};
use super::layout::{self, ClientIdRecord, StoredMessage};
use crate::model::{
    Call, CallStatus, Message, NameKey, NewMessage, PasswordHash, Room, RoomId, RoomPatch, User, UserId,
};
use crate::store::{Appended, Result, StoreError, Taken};

/// The door: what is found by name must not hold what a key cannot.
fn without_control(what: &str, text: &str) -> Result<()> {
    if text.chars().any(char::is_control) {
        return Err(StoreError::Bug(format!("{what} with a control character: {text:?}")));
    }
    Ok(())
}

pub fn insert_user(batch: &mut Batch<'_>, user: User) -> Result<()> {
    without_control("a username", &user.username)?;
    without_control("an address", &user.email)?;
    let catalog = batch.catalog();
    if catalog.user(user.id).is_some() {
        return Err(StoreError::Bug(format!("user {} exists", user.id)));
    }
    if catalog.users_named(&NameKey::of(&user.username)).next().is_some() {
        return Err(StoreError::Conflict(Taken::Username));
    }
    if catalog.user_by_email(&user.email).is_some() {
        return Err(StoreError::Conflict(Taken::Email));
    }
    batch.set_user(user.id, Some(user));
    Ok(())
}

pub fn set_password(
    batch: &mut Batch<'_>,
    id: UserId,
    current: Option<&PasswordHash>,
    password: PasswordHash,
) -> Result<Option<User>> {
    let user = match batch.catalog().user(id) {
        Some(user) if current.is_none_or(|current| *current == user.password) => User::clone(user),
        _ => return Ok(None),
    };
    let user = User { password, token_version: user.token_version.wrapping_add(1), ..user };
    batch.set_user(id, Some(user.clone()));
    Ok(Some(user))
}

pub fn remove_user(batch: &mut Batch<'_>, id: UserId) -> Result<bool> {
    if batch.catalog().user(id).is_none() {
        return Ok(false);
    }
    let rooms: Vec<_> = batch.catalog().rooms_of(id).collect();
    for room in rooms {
        change_participants(batch, room, |list| list.retain(|one| *one != id));
    }
    batch.set_user(id, None);
    Ok(true)
}

pub fn insert_room(batch: &mut Batch<'_>, room: Room) -> Result<()> {
    without_control("a room's name", &room.name)?;
    without_control("a description", &room.description)?;
    if room.last_message.is_some() || !room.participants.is_empty() {
        return Err(StoreError::Bug(format!("room {} is not new", room.id)));
    }
    if batch.catalog().room(room.id).is_some() || batch.catalog().doomed().contains_key(&room.id) {
        return Err(StoreError::Bug(format!("room {} exists", room.id)));
    }
    if !batch.catalog().rooms_named(&NameKey::of_room(&room.name)).is_empty() {
        return Err(StoreError::Conflict(Taken::RoomName));
    }
    let entry = RoomEntry { room: Arc::new(room), lost: Default::default() };
    batch.set_room(entry.room.id, Some(entry));
    Ok(())
}

pub fn update_room(batch: &mut Batch<'_>, id: RoomId, patch: RoomPatch) -> Result<Option<Arc<Room>>> {
    let Some(entry) = batch.catalog().room(id).cloned() else { return Ok(None) };
    let mut room = Room::clone(&entry.room);
    if let Some(name) = patch.name {
        if batch.catalog().rooms_named(&name.key()).iter().any(|other| *other != id) {
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

pub fn delete_room(batch: &mut Batch<'_>, id: RoomId) -> Result<bool> {
    let Some(entry) = batch.catalog().room(id) else { return Ok(false) };
    let doomed = Doomed { next: entry.lost.up(1), last: entry.numbered(), lost: entry.lost.clone() };
    batch.set_room(id, None);
    if doomed.next <= doomed.last {
        batch.set_doomed(id, Some(doomed))?;
    }
    Ok(true)
}

pub fn add_participant(batch: &mut Batch<'_>, id: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    match batch.catalog().room(id) {
        Some(entry) if !entry.room.has_participant(user) => Ok(change_participants(batch, id, |list| list.push(user))),
        entry => Ok(entry.map(|entry| entry.room.clone())),
    }
}

pub fn remove_participant(batch: &mut Batch<'_>, id: RoomId, user: UserId) -> Result<Option<Arc<Room>>> {
    match batch.catalog().room(id) {
        Some(entry) if entry.room.has_participant(user) => {
            Ok(change_participants(batch, id, |list| list.retain(|one| *one != user)))
        }
        entry => Ok(entry.map(|entry| entry.room.clone())),
    }
}

fn change_participants(batch: &mut Batch<'_>, id: RoomId, change: impl FnOnce(&mut Vec<UserId>)) -> Option<Arc<Room>> {
    let entry = batch.catalog().room(id)?.clone();
    let mut list = entry.room.participants.to_vec();
    change(&mut list);
    let room = Arc::new(Room { participants: Arc::new(list), ..Room::clone(&entry.room) });
    batch.set_room(id, Some(RoomEntry { room: room.clone(), ..entry }));
    Some(room)
}

pub fn append_messages(batch: &mut Batch<'_>, id: RoomId, new: Vec<NewMessage>) -> Result<Option<Vec<Appended>>> {
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
        answers.push(Appended { message: Arc::new(numbered_message(new, id, numbered)), fresh: true });
    }
    let fresh: Vec<_> = answers.iter().filter(|one| one.fresh).map(|one| &one.message).collect();
    if let Some(last) = fresh.last() {
        store_messages(batch, &fresh)?;
        let newest = Some(Arc::clone(last));
        let room = Room { last_message: newest, last_seq: numbered, numbered, ..Room::clone(&entry.room) };
        batch.set_room(id, Some(RoomEntry { room: Arc::new(room), lost: entry.lost }));
    }
    Ok(Some(answers))
}

fn numbered_message(new: NewMessage, room: RoomId, seq: u64) -> Message {
    Message {
        id: new.id,
        room,
        sender: new.sender,
        sender_name: new.sender_name,
        content: new.content.into_string(),
        timestamp: new.timestamp,
        seq,
        client_id: new.client_id.map(|id| id.into_string()),
    }
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

pub fn store_messages(batch: &mut Batch<'_>, fresh: &[&Arc<Message>]) -> Result<()> {
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

pub fn save_calls(batch: &mut Batch<'_>, calls: &[Call]) -> Result<()> {
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
