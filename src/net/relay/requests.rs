//! What clients ask the relay: who they are is proved first, then it is carried out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use md5::{Digest, Md5};
use ring::hmac;

use super::Relay;
use super::allocation::{Allocation, Holder, LIFE, NotBound};
use super::answer::Answer;
use super::line::Line;
use super::message::{Message, attribute, kind};
use super::outside::{Outside, Reading};
use super::peers;
use super::table::NotAllocated;
use crate::auth::RelayName;
use crate::chat::Allowed;

/// What the passwords are for. Part of what requests are signed with.
const REALM: &str = "tincan";
/// The number of UDP among protocols.
const UDP: u8 = 17;
/// In [`Message::even_port`]: the port behind it is wanted too.
const NEXT_PORT: u8 = 0x80;
/// Numbers of channels, those of RFC 5766 too.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7fff;
/// Sockets to the outside, of all allocations.
const MOST_OUTSIDE: usize = 2048;

/// Why a request is refused: a code and what it means.
type Refusal = (u16, &'static str);

const BAD_REQUEST: Refusal = (400, "Bad Request");
const UNAUTHORIZED: Refusal = (401, "Unauthorized");
const FORBIDDEN: Refusal = (403, "Forbidden");
const MISMATCH: Refusal = (437, "Allocation Mismatch");
const STALE: Refusal = (438, "Stale Nonce");
const OTHER_FAMILY: Refusal = (440, "Address Family not Supported");
const WRONG_CREDENTIALS: Refusal = (441, "Wrong Credentials");
const NOT_UDP: Refusal = (442, "Unsupported Transport Protocol");
const PEER_OF_OTHER_FAMILY: Refusal = (443, "Peer Address Family Mismatch");
const QUOTA: Refusal = (486, "Allocation Quota Reached");
const TROUBLE: Refusal = (500, "Server Error");
const FULL: Refusal = (508, "Insufficient Capacity");

/// What requests of this user are signed with.
fn signing_key(name: &str, password: &str) -> hmac::Key {
    let hash = Md5::digest(format!("{name}:{REALM}:{password}").as_bytes());
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &hash)
}

impl Relay {
    /// Answers a request.
    pub(super) fn request(self: &Arc<Self>, line: &Line, message: &Message<'_>, bytes: &[u8]) {
        let whole = message.unknown.is_empty();
        match message.kind {
            kind::BINDING if whole && self.strangers.may_have_answer(line.client().ip()) => {
                let answer = Answer::success(message).with_address(attribute::XOR_MAPPED_ADDRESS, line.client());
                line.send(&answer.finish(message));
            }
            kind::ALLOCATE | kind::REFRESH | kind::CREATE_PERMISSION | kind::CHANNEL_BIND => {
                if let Err(refusal) = self.guarded(line, message, bytes) {
                    self.refuse_stranger(line, message, refusal);
                }
            }
            _ => {}
        }
    }

    /// Refuses a request of somebody who has proved nothing, unless the address had too many answers already.
    fn refuse_stranger(&self, line: &Line, message: &Message<'_>, (code, reason): Refusal) {
        if !self.strangers.may_have_answer(line.client().ip()) {
            return;
        }
        let mut answer = Answer::failure(message, code, reason);
        if (code, reason) == UNAUTHORIZED || (code, reason) == STALE {
            let nonce = self.nonces.make(line.client());
            answer = answer.with(attribute::REALM, REALM.as_bytes()).with(attribute::NONCE, nonce.as_bytes());
        }
        line.send(&answer.finish(message));
    }

    /// Checks all that can be checked at once; who has no allocation yet is looked up beside.
    fn guarded(self: &Arc<Self>, line: &Line, message: &Message<'_>, bytes: &[u8]) -> Result<(), Refusal> {
        if !message.is_signed() {
            return Err(UNAUTHORIZED);
        }
        let (Some(name), Some(nonce), Some(_)) = (message.username, message.nonce, message.realm) else {
            return Err(BAD_REQUEST);
        };
        if !self.nonces.is_good(nonce, line.client()) {
            return Err(STALE);
        }
        let name = std::str::from_utf8(name).map_err(|_| UNAUTHORIZED)?;
        let ended = RelayName::parse(name).is_none_or(|name| name.has_ended());
        if ended || message.realm != Some(REALM.as_bytes()) {
            return Err(UNAUTHORIZED);
        }
        let Some(allocation) = self.table.of(line.id()) else {
            self.look_up(line, name, bytes);
            return Ok(());
        };
        if *allocation.holder.name != *name {
            return Err(WRONG_CREDENTIALS);
        }
        if !message.is_signed_by(&allocation.holder.key) {
            return Err(UNAUTHORIZED);
        }
        let answer = self.known(&allocation, message).unwrap_or_else(|(code, reason)| {
            let answer = Answer::failure(message, code, reason);
            if message.unknown.is_empty() { answer } else { with_unknown(answer, &message.unknown) }
        });
        line.send(&answer.signed(&allocation.holder.key).finish(message));
        Ok(())
    }

    /// Asks the store who this is, and goes on from there. How many are asked for at a time is bounded: who is not
    /// answered asks again by itself.
    fn look_up(self: &Arc<Self>, line: &Line, name: &str, bytes: &[u8]) {
        let Ok(turn) = Arc::clone(&self.lookups).try_acquire_owned() else { return };
        if !self.strangers.may_have_answer(line.client().ip()) {
            return;
        }
        let (relay, line, name, bytes) = (Arc::clone(self), line.clone(), name.to_owned(), bytes.to_vec());
        tokio::spawn(async move {
            let _turn = turn;
            let Some(message) = Message::parse(&bytes) else { return };
            let allowed = match relay.relaying.allowed(&name).await {
                Ok(Some(allowed)) => allowed,
                Ok(None) => return relay.refuse_stranger(&line, &message, UNAUTHORIZED),
                Err(error) => {
                    error.log("who asks the relay could not be looked up");
                    return relay.refuse_stranger(&line, &message, TROUBLE);
                }
            };
            let key = signing_key(&name, &allowed.password);
            if !message.is_signed_by(&key) {
                return relay.refuse_stranger(&line, &message, UNAUTHORIZED);
            }
            let answer = relay.allocate(&line, &name, &allowed, &key, &message);
            let answer = answer.unwrap_or_else(|(code, reason)| {
                let answer = Answer::failure(&message, code, reason);
                if message.unknown.is_empty() { answer } else { with_unknown(answer, &message.unknown) }
            });
            line.send(&answer.signed(&key).finish(&message));
        });
    }

    fn allocate(
        &self,
        line: &Line,
        name: &str,
        allowed: &Allowed,
        key: &hmac::Key,
        message: &Message<'_>,
    ) -> Result<Answer, Refusal> {
        if message.kind != kind::ALLOCATE {
            return Err(MISMATCH);
        }
        known_attributes(message)?;
        match message.transport {
            None => return Err(BAD_REQUEST),
            Some(UDP) => {}
            Some(_) => return Err(NOT_UDP),
        }
        if message.reservation || message.even_port.is_some_and(|even| even & NEXT_PORT != 0) {
            return Err(FULL);
        }
        let wants_six = match message.family {
            None => None,
            Some(1) => Some(false),
            Some(2) => Some(true),
            Some(_) => return Err(OTHER_FAMILY),
        };
        let client = line.client();
        let ip = self.addresses.for_client(client.ip(), wants_six).ok_or(OTHER_FAMILY)?;
        let holder = Holder {
            user: allowed.user,
            version: allowed.version,
            name: name.into(),
            key: key.clone(),
            line: line.clone(),
            transaction: message.transaction,
            reaches_private: self.addresses.reaches_private(client.ip()),
        };
        match self.table.add(holder, ip, message.even_port.is_some()) {
            Ok(allocation) => {
                // Whoever went while it was looked up leaves nothing behind.
                if line.is_closed() {
                    self.table.remove(line.id());
                }
                Ok(allocated(&allocation, message))
            }
            Err(NotAllocated::Has(there)) if there.holder.transaction == message.transaction => {
                Ok(allocated(&there, message))
            }
            Err(NotAllocated::Has(_)) => Err(MISMATCH),
            Err(NotAllocated::Quota) => Err(QUOTA),
            Err(NotAllocated::Full) => Err(FULL),
        }
    }

    /// Carries out a request of somebody who has an allocation and has proved it.
    fn known(&self, allocation: &Arc<Allocation>, message: &Message<'_>) -> Result<Answer, Refusal> {
        known_attributes(message)?;
        match message.kind {
            // The answer was lost, and the client asks again.
            kind::ALLOCATE if message.transaction == allocation.holder.transaction => {
                Ok(allocated(allocation, message))
            }
            kind::REFRESH => {
                let life = if message.lifetime == Some(0) {
                    self.table.remove(allocation.holder.line.id());
                    0
                } else {
                    allocation.refresh();
                    LIFE.as_secs() as u32
                };
                Ok(Answer::success(message).with(attribute::LIFETIME, &life.to_be_bytes()))
            }
            kind::CREATE_PERMISSION => {
                for peer in [message.peer.ok_or(BAD_REQUEST)?].iter().chain(&message.more_peers) {
                    let outside = self.is_outside(allocation, *peer)?;
                    allocation.permit(peer.ip(), outside).map_err(not_bound)?;
                }
                Ok(Answer::success(message))
            }
            kind::CHANNEL_BIND => {
                let number = message.channel.filter(|number| CHANNELS.contains(number));
                let (number, peer) = (number.ok_or(BAD_REQUEST)?, message.peer.ok_or(BAD_REQUEST)?);
                let outside = self.is_outside(allocation, peer)?;
                allocation.bind(number, peer, outside).map_err(not_bound)?;
                Ok(Answer::success(message))
            }
            _ => Err(MISMATCH),
        }
    }

    /// Whether what is sent to a peer leaves this relay. A peer that uses it as well is reached here, with no network
    /// between; nothing else at an address of this machine is.
    fn is_outside(&self, allocation: &Arc<Allocation>, peer: SocketAddr) -> Result<bool, Refusal> {
        if self.table.at(peer).is_some() {
            return Ok(false);
        }
        if !peers::is_allowed(peer.ip(), allocation.holder.reaches_private, &self.addresses.own()) {
            return Err(FORBIDDEN);
        }
        if peer.is_ipv4() != allocation.relayed.is_ipv4() {
            return Err(PEER_OF_OTHER_FAMILY);
        }
        if allocation.outside.get().is_none() {
            let place = self.outside.take((), usize::MAX, MOST_OUTSIDE).map_err(|_| FULL)?;
            let back = Arc::downgrade(allocation);
            let receive = move |peer: SocketAddr, packet: &mut [u8]| {
                let Some(allocation) = back.upgrade() else { return Reading::IsOver };
                let now = Instant::now();
                if allocation.may_relay(packet.len(), now) {
                    allocation.receive(peer, packet, now);
                }
                Reading::GoesOn
            };
            let opened = Outside::open(allocation.relayed, self.host, place, receive).map_err(|error| {
                tracing::debug!(%error, "a relay could not be opened to the outside");
                FULL
            })?;
            // Requests of one client come one after another; a second socket would be closed again.
            let _ = allocation.outside.set(opened);
        }
        Ok(true)
    }
}

fn known_attributes(message: &Message<'_>) -> Result<(), Refusal> {
    if message.unknown.is_empty() { Ok(()) } else { Err((420, "Unknown Attribute")) }
}

fn with_unknown(answer: Answer, unknown: &[u16]) -> Answer {
    let types: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    answer.with(attribute::UNKNOWN_ATTRIBUTES, &types)
}

fn not_bound(why: NotBound) -> Refusal {
    match why {
        NotBound::Full => FULL,
        NotBound::Taken => BAD_REQUEST,
    }
}

fn allocated(allocation: &Allocation, message: &Message<'_>) -> Answer {
    Answer::success(message)
        .with_address(attribute::XOR_RELAYED_ADDRESS, allocation.relayed)
        .with(attribute::LIFETIME, &(LIFE.as_secs() as u32).to_be_bytes())
        .with_address(attribute::XOR_MAPPED_ADDRESS, allocation.holder.line.client())
}
