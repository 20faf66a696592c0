//! How what servers tell each other lies in the database. What a newer server says and this one does not know is passed
//! over.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Bson, Document, doc};

use crate::bus::fact::Fact;
use crate::bus::notice::{Notice, Revocation};
use crate::live::Frame;
use crate::model::{Actor, Message, MessageId, RoomId, ServerId, SocketId, Timestamp, UserId, UserRef};
use crate::store::records::CallRecord;
use crate::wire::{Audience, Event};

/// One thing that a server tells others.
#[derive(Debug)]
pub(super) enum Item {
    /// The fact of this number; a server's facts are numbered one after the other.
    Fact(u64, Fact),
    /// An event for sockets.
    Event(Audience, Frame),
    /// Something that is not for clients.
    Notice(Notice),
    /// The server has published all that it did before the mark of this number.
    Mark(u64),
    /// Tell me all your sockets.
    Ask,
    /// All sockets of the server and the rooms that they are in, as they are before the fact of this number.
    Snapshot(u64, Vec<(Actor, Vec<RoomId>)>),
}

pub(super) fn fact(number: u64, fact: &Fact) -> Document {
    let mut item = match fact {
        Fact::Connected(who) => doc! { "k": "connected", "who": actor(who) },
        Fact::Disconnected(socket) => doc! { "k": "disconnected", "socket": socket.to_string() },
        Fact::Entered(socket, room) => doc! { "k": "entered", "socket": socket.to_string(), "room": room_id(*room) },
        Fact::Left(socket, room) => doc! { "k": "left", "socket": socket.to_string(), "room": room_id(*room) },
        Fact::LeftWithAll(who, room) => doc! { "k": "leftWithAll", "who": actor(who), "room": room_id(*room) },
        Fact::RoomDeleted(room) => doc! { "k": "roomDeleted", "room": room_id(*room) },
        Fact::RoomEmptied(room) => doc! { "k": "roomEmptied", "room": room_id(*room) },
    };
    item.insert("n", number as i64);
    item
}

pub(super) fn event(to: Audience, event: &Event) -> Option<Document> {
    let payload = serde_json::to_string(event).ok()?;
    let mut item = doc! { "k": "event", "name": event.name(), "payload": payload };
    let except = match to {
        Audience::Everyone => {
            item.insert("everyone", true);
            None
        }
        Audience::Room { room, except } => {
            item.insert("room", room_id(room));
            except
        }
        Audience::User { user, except } => {
            item.insert("user", ObjectId::from_bytes(user.bytes()));
            except
        }
        Audience::Socket(socket) => {
            item.insert("socket", socket.to_string());
            None
        }
    };
    if let Some(except) = except {
        item.insert("except", except.to_string());
    }
    Some(item)
}

pub(super) fn notice(notice: &Notice) -> Option<Document> {
    match notice {
        Notice::Stored(room, messages) => {
            let messages: Vec<Document> = messages.iter().map(|one| message(one)).collect();
            Some(doc! { "k": "stored", "room": room_id(*room), "messages": messages })
        }
        Notice::Opened(room) => Some(doc! { "k": "opened", "room": room_id(*room) }),
        Notice::Told(room, seq) => Some(doc! { "k": "told", "room": room_id(*room), "seq": *seq as i64 }),
        Notice::ParticipantsChanged(room) => Some(doc! { "k": "participantsChanged", "room": room_id(*room) }),
        Notice::Unread(room) => Some(doc! { "k": "unread", "room": room_id(*room) }),
        Notice::ParticipantCame(room) => Some(doc! { "k": "participantCame", "room": room_id(*room) }),
        Notice::Revoked(user, version, why) => Some(doc! {
            "k": "revoked",
            "user": ObjectId::from_bytes(user.bytes()),
            "version": i64::from(*version),
            "disabled": *why == Revocation::Disabled,
        }),
        Notice::CallChanged(call, at) => {
            let call = bson::to_document(&CallRecord::from(&**call)).ok()?;
            Some(doc! { "k": "callChanged", "call": call, "at": at.millis() })
        }
        Notice::Missed | Notice::ServerGone(_) => None,
    }
}

pub(super) fn mark(number: u64) -> Document {
    doc! { "k": "mark", "n": number as i64 }
}

pub(super) fn ask() -> Document {
    doc! { "k": "ask" }
}

pub(super) fn snapshot(number: u64, sockets: impl Iterator<Item = (Actor, Vec<RoomId>)>) -> Document {
    let sockets: Vec<Document> = sockets
        .map(|(who, rooms)| {
            let rooms: Vec<Bson> = rooms.into_iter().map(|room| room_id(room).into()).collect();
            doc! { "who": actor(&who), "rooms": rooms }
        })
        .collect();
    doc! { "k": "snapshot", "n": number as i64, "sockets": sockets }
}

/// Reads an item; `None` where it is none that this server knows.
pub(super) fn read(item: &Document) -> Option<Item> {
    let fact = |fact| Some(Item::Fact(number(item)?, fact));
    match item.get_str("k").ok()? {
        "connected" => fact(Fact::Connected(read_actor(item.get_document("who").ok()?)?)),
        "disconnected" => fact(Fact::Disconnected(read_socket(item, "socket")?)),
        "entered" => fact(Fact::Entered(read_socket(item, "socket")?, read_room(item)?)),
        "left" => fact(Fact::Left(read_socket(item, "socket")?, read_room(item)?)),
        "leftWithAll" => fact(Fact::LeftWithAll(read_actor(item.get_document("who").ok()?)?, read_room(item)?)),
        "roomDeleted" => fact(Fact::RoomDeleted(read_room(item)?)),
        "roomEmptied" => fact(Fact::RoomEmptied(read_room(item)?)),
        "event" => read_event(item),
        "stored" => {
            let room = read_room(item)?;
            let messages = item.get_array("messages").ok()?.iter();
            let messages = messages.map(|one| Some(Arc::new(read_message(room, one.as_document()?)?)));
            Some(Item::Notice(Notice::Stored(room, messages.collect::<Option<_>>()?)))
        }
        "opened" => Some(Item::Notice(Notice::Opened(read_room(item)?))),
        "told" => Some(Item::Notice(Notice::Told(read_room(item)?, item.get_i64("seq").ok()?.try_into().ok()?))),
        "participantsChanged" => Some(Item::Notice(Notice::ParticipantsChanged(read_room(item)?))),
        "unread" => Some(Item::Notice(Notice::Unread(read_room(item)?))),
        "participantCame" => Some(Item::Notice(Notice::ParticipantCame(read_room(item)?))),
        "revoked" => {
            let version = item.get_i64("version").ok()?.try_into().ok()?;
            let disabled = item.get_bool("disabled").unwrap_or(false);
            let why = if disabled { Revocation::Disabled } else { Revocation::Ended };
            Some(Item::Notice(Notice::Revoked(read_user(item, "user")?, version, why)))
        }
        "callChanged" => {
            let record: CallRecord = bson::from_document(item.get_document("call").ok()?.clone()).ok()?;
            let at = Timestamp::from_millis(item.get_i64("at").ok()?);
            Some(Item::Notice(Notice::CallChanged(Box::new(record.try_into().ok()?), at)))
        }
        "mark" => Some(Item::Mark(number(item)?)),
        "ask" => Some(Item::Ask),
        "snapshot" => {
            let sockets = item.get_array("sockets").ok()?.iter().map(|one| read_rooms_of(one.as_document()?));
            Some(Item::Snapshot(number(item)?, sockets.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn read_event(item: &Document) -> Option<Item> {
    let except = read_socket(item, "except");
    let to = if item.contains_key("everyone") {
        Audience::Everyone
    } else if let Some(room) = read_room(item) {
        Audience::Room { room, except }
    } else if let Some(user) = read_user(item, "user") {
        Audience::User { user, except }
    } else {
        Audience::Socket(read_socket(item, "socket")?)
    };
    let text = |field| item.get_str(field).ok().map(str::to_owned);
    Some(Item::Event(to, Frame::encoded(text("name")?, text("payload")?).ok()?))
}

fn read_rooms_of(item: &Document) -> Option<(Actor, Vec<RoomId>)> {
    let rooms = item.get_array("rooms").ok()?.iter();
    let rooms = rooms.map(|room| Some(RoomId::from_bytes(room.as_object_id()?.bytes()))).collect::<Option<_>>()?;
    Some((read_actor(item.get_document("who").ok()?)?, rooms))
}

fn number(item: &Document) -> Option<u64> {
    item.get_i64("n").ok()?.try_into().ok()
}

fn room_id(room: RoomId) -> ObjectId {
    ObjectId::from_bytes(room.bytes())
}

pub(super) fn server_id(server: ServerId) -> ObjectId {
    ObjectId::from_bytes(server.bytes())
}

fn read_room(item: &Document) -> Option<RoomId> {
    Some(RoomId::from_bytes(item.get_object_id("room").ok()?.bytes()))
}

fn read_user(item: &Document, field: &str) -> Option<UserId> {
    Some(UserId::from_bytes(item.get_object_id(field).ok()?.bytes()))
}

fn read_socket(item: &Document, field: &str) -> Option<SocketId> {
    SocketId::parse(item.get_str(field).ok()?)
}

fn actor(who: &Actor) -> Document {
    let user = ObjectId::from_bytes(who.user.id.bytes());
    doc! { "socket": who.socket.to_string(), "user": user, "name": &who.user.username }
}

fn read_actor(who: &Document) -> Option<Actor> {
    let user = UserRef { id: read_user(who, "user")?, username: who.get_str("name").ok()?.to_owned() };
    Some(Actor { socket: read_socket(who, "socket")?, user })
}

fn message(message: &Message) -> Document {
    let mut document = doc! {
        "id": ObjectId::from_bytes(message.id.bytes()),
        "sender": ObjectId::from_bytes(message.sender.bytes()),
        "name": &message.sender_name,
        "content": &message.content,
        "at": message.timestamp.millis(),
        "seq": message.seq as i64,
    };
    if let Some(client_id) = &message.client_id {
        document.insert("clientId", client_id);
    }
    if !message.mentions.is_empty() {
        let users: Vec<ObjectId> = message.mentions.iter().map(|user| ObjectId::from_bytes(user.bytes())).collect();
        document.insert("mentions", users);
    }
    if message.mentions_all {
        document.insert("mentionsAll", true);
    }
    document
}

fn read_message(room: RoomId, document: &Document) -> Option<Message> {
    let mentions = document.get_array("mentions").into_iter().flatten().filter_map(Bson::as_object_id);
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    Some(Message {
        id: MessageId::from_bytes(document.get_object_id("id").ok()?.bytes()),
        room,
        sender: read_user(document, "sender")?,
        sender_name: text("name")?,
        content: text("content")?,
        timestamp: Timestamp::from_millis(document.get_i64("at").ok()?),
        seq: document.get_i64("seq").ok()?.try_into().ok()?,
        client_id: text("clientId"),
        mentions: mentions.map(|user| UserId::from_bytes(user.bytes())).collect(),
        mentions_all: document.get_bool("mentionsAll").unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::LeaveReason;

    fn somebody() -> Actor {
        Actor { socket: SocketId::new(), user: UserRef { id: UserId::new(), username: "ann".to_owned() } }
    }

    #[test]
    fn facts_read_back_as_they_were_written() {
        let (who, room) = (somebody(), RoomId::new());
        let facts = [
            Fact::Connected(who.clone()),
            Fact::Disconnected(who.socket),
            Fact::Entered(who.socket, room),
            Fact::Left(who.socket, room),
            Fact::LeftWithAll(who, room),
            Fact::RoomDeleted(room),
            Fact::RoomEmptied(room),
        ];
        for (count, written) in facts.into_iter().enumerate() {
            let Some(Item::Fact(number, read)) = read(&fact(count as u64, &written)) else { panic!("{written:?}") };
            assert_eq!((number, read), (count as u64, written));
        }
    }

    #[test]
    fn events_notices_and_snapshots_read_back_as_they_were_written() {
        let (who, room) = (somebody(), RoomId::new());
        let left = Event::UserLeft {
            room_id: room,
            user_id: who.user.id,
            username: "ann".to_owned(),
            socket_id: who.socket,
            reason: LeaveReason::Left,
        };
        for to in [
            Audience::Everyone,
            Audience::Room { room, except: Some(who.socket) },
            Audience::User { user: who.user.id, except: None },
            Audience::Socket(who.socket),
        ] {
            let Some(Item::Event(read_to, frame)) = read(&event(to, &left).unwrap()) else { panic!("{to:?}") };
            assert_eq!((read_to, frame.name()), (to, "user-left"));
            assert_eq!(frame.payload().get(), serde_json::to_string(&left).unwrap());
        }
        let stored = Message {
            id: MessageId::new(),
            room,
            sender: who.user.id,
            sender_name: "ann".to_owned(),
            content: "hello".to_owned(),
            timestamp: Timestamp::from_millis(1_800_000_000_123),
            seq: 7,
            client_id: Some("c".to_owned()),
            mentions: vec![who.user.id],
            mentions_all: true,
        };
        for written in [
            Notice::Stored(room, vec![Arc::new(stored)]),
            Notice::Opened(room),
            Notice::Told(room, 7),
            Notice::ParticipantsChanged(room),
            Notice::Unread(room),
            Notice::ParticipantCame(room),
            Notice::Revoked(who.user.id, 3, Revocation::Ended),
            Notice::Revoked(who.user.id, 4, Revocation::Disabled),
        ] {
            let Some(Item::Notice(read)) = read(&notice(&written).unwrap()) else { panic!("{written:?}") };
            assert_eq!(read, written);
        }
        let sockets = vec![(who, vec![room])];
        let Some(Item::Snapshot(9, read_back)) = read(&snapshot(9, sockets.clone().into_iter())) else { panic!() };
        assert_eq!(read_back, sockets);
        assert!(read(&doc! { "k": "of a newer version" }).is_none());
    }
}
