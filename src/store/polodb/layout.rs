//! How the embedded store lies in its collections: everything is found by a computed `_id`, and no index is needed.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::{Binary, Bson};
use data_encoding::HEXLOWER;
use ring::digest;
use serde::{Deserialize, Serialize};

use super::change::{Doomed, RoomEntry};
use super::lost::Lost;
use super::readers::{Reader, Readers};
use super::txn::Collection;
use crate::model::{CallId, Message, RoomId, UserId};
use crate::store::records::{MessageRecord, Stored};
use crate::store::{Result, StoreError};

/// What this program reads. A store of a higher version is refused.
pub(crate) const VERSION: i32 = 3;
/// What a new store is of, so that an older program reads it too.
pub(crate) const FIRST_VERSION: i32 = 1;
/// What a store is of once [`GAPS`] holds something: without that, an older program would miss messages that need not
/// be there.
pub(crate) const WITH_GAPS_APART: i32 = 2;
/// What a store is of once it holds a room that is not open, an invitation, or an account of which more is known than
/// of those of before: an older program would show that room to everybody, lose what it does not know, and let somebody
/// in whose account is disabled.
pub(crate) const WITH_ROLES: i32 = 3;

/// A list of more ranges than this does not stand in a room's [`Head`], which is written with every message.
const FEW_GAPS: usize = 16;

/// Accounts, by id.
pub(crate) const USERS: Collection = Collection("users");
/// Rooms, by id.
pub(crate) const ROOMS: Collection = Collection("rooms");
/// How far each room is numbered ([`Head`]), by the room's id.
pub(crate) const HEADS: Collection = Collection("heads");
/// Long lists of the numbers of a room that have no message ([`GapsRecord`]), by the room's id.
pub(crate) const GAPS: Collection = Collection("gaps");
/// How far the participants of rooms have read ([`ReaderRecord`]), by [`reader_key`].
pub(crate) const READERS: Collection = Collection("readers");
/// The messages of a room that call everybody ([`CallsRecord`]), by the room's id.
pub(crate) const CALLS_TO_ALL: Collection = Collection("calls_to_all");
/// Messages, by [`message_key`].
pub(crate) const MESSAGES: Collection = Collection("messages");
/// Which message a client id stands for ([`ClientIdRecord`]), by [`client_id_key`].
pub(crate) const CLIENT_IDS: Collection = Collection("client_ids");
/// Calls that have ended, by id.
pub(crate) const CALLS: Collection = Collection("calls");
/// Calls that have not, by id.
pub(crate) const OPEN_CALLS: Collection = Collection("open_calls");
/// Who has which call in the history ([`CallLogRecord`]), by a running number.
pub(crate) const CALL_LOG: Collection = Collection("call_log");
/// Deleted rooms of which messages are left ([`DoomedRecord`]), by the room's id.
pub(crate) const DOOMED: Collection = Collection("doomed");
/// Invitations, by id.
pub(crate) const INVITES: Collection = Collection("invites");
/// One document, [`StoreRecord`].
pub(crate) const STORE: Collection = Collection("store");

/// The `_id` of the one document in [`STORE`].
pub(crate) const STORE_ID: &str = "store";

/// What the store knows of itself; written with every commit, so that what is missing at the next start shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreRecord {
    /// [`STORE_ID`].
    #[serde(rename = "_id")]
    pub key: String,
    /// The version of the layout, as [`VERSION`].
    pub version: i32,
    /// How many commits there have been.
    pub commits: i64,
    /// How many documents [`USERS`] holds: as all collections that are read through at the start, it is counted then.
    pub users: i64,
    /// How many [`ROOMS`] holds.
    pub rooms: i64,
    /// How many [`CALL_LOG`] holds.
    pub call_log: i64,
    /// How many [`OPEN_CALLS`] holds.
    pub open_calls: i64,
    /// How many [`DOOMED`] holds.
    pub doomed: i64,
    /// How many [`INVITES`] holds.
    #[serde(default)]
    pub invites: i64,
    /// All participants have a record in [`READERS`], or stand in a [`Head`].
    #[serde(default)]
    pub has_readers: bool,
}

/// How far a participant of a room has read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReaderRecord {
    /// See [`reader_key`].
    #[serde(rename = "_id")]
    pub key: String,
    /// The room's id.
    pub room: ObjectId,
    /// The user's id.
    pub user: ObjectId,
    /// The number up to which it is read.
    pub read: i64,
    /// The numbers of messages behind it that name the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<i64>,
}

impl ReaderRecord {
    /// The record of a reader.
    pub(crate) fn of(room: RoomId, user: UserId, reader: &Reader) -> Self {
        Self {
            key: reader_key(room, user),
            room: room.object_id(),
            user: user.object_id(),
            read: reader.read as i64,
            calls: reader.calls.iter().map(|seq| *seq as i64).collect(),
        }
    }

    /// The reader.
    pub(crate) fn reader(&self) -> Reader {
        let seq = |number: &i64| u64::try_from(*number).unwrap_or_default();
        Reader { read: seq(&self.read), calls: Arc::new(self.calls.iter().map(seq).collect()) }
    }
}

/// Where how far somebody has read in a room lies.
pub(crate) fn reader_key(room: RoomId, user: UserId) -> String {
    format!("{room}:{user}")
}

/// The messages of a room that call everybody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CallsRecord {
    /// The room's id.
    #[serde(rename = "_id")]
    pub room: ObjectId,
    /// Their numbers, rising.
    pub seqs: Vec<i64>,
}

/// How far a room is numbered. Written with every batch of messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    /// The room's id.
    #[serde(rename = "_id")]
    pub room: ObjectId,
    /// The highest number given, 0 where there is none.
    pub seq: i64,
    /// Numbers that have no message and need none: first and last of each range, rising. Empty where they stand in
    /// [`GAPS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<(i64, i64)>,
    /// How many such ranges stand in [`GAPS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<i64>,
    /// What clients are told as the highest number, where that is not the number of the newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<i64>,
    /// Those who have read further than [`READERS`] says, by having sent a message: id and number of each, twelve and
    /// eight bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub senders: Option<Binary>,
}

impl Head {
    /// The head of a room.
    pub(crate) fn of(id: RoomId, entry: &RoomEntry, readers: &Readers) -> Self {
        let senders = entry.senders.iter().filter_map(|user| Some((*user, readers.get(id, *user)?.read)));
        let senders: Vec<u8> =
            senders.flat_map(|(user, read)| [&user.bytes()[..], &read.to_be_bytes()].concat()).collect();
        let apart = lie_apart(&entry.lost);
        let newest = entry.room.last_message.as_ref().map_or(0, |message| message.seq);
        let last = entry.room.last_seq();
        Self {
            room: id.object_id(),
            seq: entry.numbered() as i64,
            lost: if apart { Vec::new() } else { stored_ranges(&entry.lost) },
            gaps: apart.then_some(entry.lost.ranges().len() as i64),
            last: (last != newest).then_some(last as i64),
            senders: (!senders.is_empty()).then(|| binary(senders)),
        }
    }

    /// Who has read so far by having sent a message. A piece at the end that is none is passed over.
    pub(crate) fn senders(&self) -> Vec<(UserId, u64)> {
        let (pieces, _) = self.senders.as_ref().map_or(&[][..], |packed| &packed.bytes).as_chunks::<20>();
        let sender = |piece: &[u8; 20]| {
            let (user, read) = piece.split_first_chunk::<12>()?;
            Some((UserId::from_bytes(*user), u64::from_be_bytes(read.try_into().ok()?)))
        };
        pieces.iter().filter_map(sender).collect()
    }
}

fn binary(bytes: Vec<u8>) -> Binary {
    Binary { subtype: bson::spec::BinarySubtype::Generic, bytes }
}

/// Whether a list of ranges stands in [`GAPS`].
pub(crate) fn lie_apart(lost: &Lost) -> bool {
    lost.ranges().len() > FEW_GAPS
}

fn stored_ranges(lost: &Lost) -> Vec<(i64, i64)> {
    lost.ranges().iter().map(|(first, last)| (*first as i64, *last as i64)).collect()
}

/// Ranges as they were stored.
pub(crate) fn read_ranges(stored: &[(i64, i64)]) -> Lost {
    let range =
        |(first, last): &(i64, i64)| (u64::try_from(*first).unwrap_or(1).max(1), u64::try_from(*last).unwrap_or(0));
    Lost::new(stored.iter().map(range).collect())
}

/// A long list of numbers that have no message and need none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GapsRecord {
    /// The room's id.
    #[serde(rename = "_id")]
    pub room: ObjectId,
    /// First and last number of each range, rising, each in eight bytes.
    pub ranges: Binary,
}

impl GapsRecord {
    /// The record of a room.
    pub(crate) fn of(id: RoomId, lost: &Lost) -> Self {
        let numbers = lost.ranges().iter().flat_map(|(first, last)| [*first, *last]);
        let bytes = numbers.flat_map(u64::to_be_bytes).collect();
        Self { room: id.object_id(), ranges: binary(bytes) }
    }

    /// The ranges; a piece at the end that is none is passed over, and missed by its number in the head.
    pub(crate) fn lost(&self) -> Lost {
        let (numbers, _) = self.ranges.bytes.as_chunks::<8>();
        let (pairs, _) = numbers.as_chunks::<2>();
        Lost::new(pairs.iter().map(|[first, last]| (u64::from_be_bytes(*first), u64::from_be_bytes(*last))).collect())
    }
}

/// Which message a client id stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClientIdRecord {
    /// See [`client_id_key`].
    #[serde(rename = "_id")]
    pub key: String,
    /// The message's number in its room.
    pub seq: i64,
}

/// What is left of a deleted room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DoomedRecord {
    /// The room's id.
    #[serde(rename = "_id")]
    pub room: ObjectId,
    /// The first number that may be there still.
    pub next: i64,
    /// The last one.
    pub last: i64,
    /// Those between that have no message: first and last of each range, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<(i64, i64)>,
}

impl DoomedRecord {
    /// The record of a deleted room.
    pub(crate) fn of(room: RoomId, doomed: &Doomed) -> Self {
        let lost = stored_ranges(&doomed.lost);
        Self { room: room.object_id(), next: doomed.next as i64, last: doomed.last as i64, lost }
    }

    /// What is left of the room.
    pub(crate) fn doomed(&self) -> Doomed {
        let (next, last) = (self.next.max(1) as u64, self.last.max(0) as u64);
        Doomed { next, last, lost: read_ranges(&self.lost) }
    }
}

/// Some entries of the history, packed: loading it must not cost a document a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CallLogRecord {
    /// Its running number, from 0.
    #[serde(rename = "_id")]
    pub number: i64,
    /// See [`pack_log_entry`].
    pub entries: Binary,
}

/// A message as it lies in [`MESSAGES`].
pub(crate) type StoredMessage = MessageRecord<String>;

/// Where a message lies: the room, and the number in hex of one length.
pub(crate) fn message_key(room: RoomId, seq: u64) -> String {
    format!("{room}:{seq:016x}")
}

/// The record of a message, with its `_id`.
pub(crate) fn message_record(message: &Message) -> (Bson, StoredMessage) {
    let key = message_key(message.room, message.seq);
    (Bson::String(key.clone()), MessageRecord::keyed(key, Some(message.id.object_id()), message))
}

/// The message of a record.
///
/// # Errors
/// [`StoreError::Corrupt`] where it does not say which message it is.
pub(crate) fn message_of(record: StoredMessage) -> Result<Message> {
    let id = record.id.ok_or_else(|| StoreError::Corrupt(format!("message {} has no id", record.key)))?;
    record.into_message(id)
}

/// Where a client id of a sender in a room lies: a digest, for what a client chose is never a key.
pub(crate) fn client_id_key(room: RoomId, sender: UserId, client_id: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&room.bytes());
    context.update(&sender.bytes());
    context.update(client_id.as_bytes());
    HEXLOWER.encode(context.finish().as_ref())
}

/// Adds an entry to packed ones: the call, how many users (two bytes), the users.
pub(crate) fn pack_log_entry(entries: &mut Vec<u8>, call: CallId, users: &[UserId]) {
    for part in users.chunks(usize::from(u16::MAX)) {
        entries.extend(call.bytes());
        entries.extend((part.len() as u16).to_be_bytes());
        part.iter().for_each(|user| entries.extend(user.bytes()));
    }
}

/// Reads packed entries back.
///
/// # Errors
/// [`StoreError::Corrupt`] where they break off.
pub(crate) fn unpack_log_entries(mut entries: &[u8], mut each: impl FnMut(CallId, UserId)) -> Result<()> {
    fn id(from: &mut &[u8]) -> Option<[u8; 12]> {
        let (id, rest) = from.split_first_chunk()?;
        *from = rest;
        Some(*id)
    }
    let broken = || StoreError::Corrupt("a piece of the calls' history breaks off".to_owned());
    while !entries.is_empty() {
        let call = CallId::from_bytes(id(&mut entries).ok_or_else(broken)?);
        let (count, rest) = entries.split_first_chunk().ok_or_else(broken)?;
        entries = rest;
        for _ in 0..u16::from_be_bytes(*count) {
            each(call, UserId::from_bytes(id(&mut entries).ok_or_else(broken)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_messages_are_in_the_order_of_their_numbers() {
        let room = RoomId::new();
        let keys: Vec<_> = [1, 9, 10, 255, 256, u64::MAX].map(|seq| message_key(room, seq)).into();
        assert!(keys.is_sorted());
    }

    #[test]
    fn packed_entries_read_back_and_a_cut_is_noticed() {
        let (call, other) = (CallId::new(), CallId::new());
        let users = [UserId::new(), UserId::new()];
        let mut packed = Vec::new();
        pack_log_entry(&mut packed, call, &users);
        pack_log_entry(&mut packed, other, &users[..1]);
        let mut seen = Vec::new();
        unpack_log_entries(&packed, |call, user| seen.push((call, user))).unwrap();
        assert_eq!(seen, [(call, users[0]), (call, users[1]), (other, users[0])]);
        assert!(unpack_log_entries(&packed[..packed.len() - 1], |_, _| ()).is_err());
    }
}
