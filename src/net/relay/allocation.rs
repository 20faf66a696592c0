//! An allocation: an address at the relay that stands for a client, and who may send to it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use ring::hmac;

use super::answer::Answer;
use super::line::Line;
use super::message::{Transaction, attribute, kind};
use super::outside::Outside;
use super::share::Share;
use crate::live::Place;
use crate::model::UserId;

/// How long an allocation lives that is not refreshed. Shorter than usual, so that those of a client that vanished make
/// room.
pub(super) const LIFE: Duration = Duration::from_secs(300);
/// How long a permission lives.
const PERMISSION: Duration = Duration::from_secs(300);
/// How long a channel lives.
const CHANNEL: Duration = Duration::from_secs(600);
/// How many permissions, and how many channels, an allocation may have.
const MOST: usize = 128;

/// Whose it is.
#[derive(Debug)]
pub(super) struct Holder {
    pub user: UserId,
    /// The version of the user's tokens that the credential goes with.
    pub version: u32,
    /// The name in the credential.
    pub name: Box<str>,
    /// What requests are signed with.
    pub key: hmac::Key,
    /// The way to the client.
    pub line: Line,
    /// The request that made it.
    pub transaction: Transaction,
    /// It may send into private networks.
    pub reaches_private: bool,
}

/// An address at the relay that stands for a client.
#[derive(Debug)]
pub(super) struct Allocation {
    pub holder: Holder,
    pub relayed: SocketAddr,
    state: Mutex<State>,
    share: Arc<Share>,
    /// The way to peers that do not use this relay; there where one of them was named.
    pub outside: OnceLock<Outside>,
    _place: Place<UserId>,
}

#[derive(Debug)]
struct State {
    ends: Instant,
    permissions: HashMap<IpAddr, Permission>,
    channels: HashMap<u16, Channel>,
    numbers: HashMap<SocketAddr, u16>,
}

#[derive(Debug)]
struct Permission {
    ends: Instant,
    /// Packets may leave the relay for this address; else they only reach others who use it.
    outside: bool,
}

#[derive(Debug)]
struct Channel {
    peer: SocketAddr,
    /// As of a permission.
    outside: bool,
    ends: Instant,
}

/// There are too many already, or a channel is another one's.
pub(super) enum NotBound {
    Full,
    Taken,
}

impl Allocation {
    /// Lives from now on.
    pub(crate) fn new(holder: Holder, relayed: SocketAddr, share: Arc<Share>, place: Place<UserId>) -> Self {
        let state = State {
            ends: Instant::now() + LIFE,
            permissions: HashMap::new(),
            channels: HashMap::new(),
            numbers: HashMap::new(),
        };
        Self { holder, relayed, state: Mutex::new(state), share, outside: OnceLock::new(), _place: place }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lives on from now.
    pub(crate) fn refresh(&self) {
        self.lock().ends = Instant::now() + LIFE;
    }

    /// It is over; what else is over in it is forgotten.
    pub(crate) fn has_ended(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.permissions.retain(|_, permission| permission.ends > now);
        state.channels.retain(|_, channel| channel.ends > now);
        let State { channels, numbers, .. } = &mut *state;
        numbers.retain(|_, number| channels.contains_key(number));
        state.ends <= now
    }

    /// Lets a peer send to the client; with `outside` the client may send to it beyond this relay.
    pub(crate) fn permit(&self, peer: IpAddr, outside: bool) -> Result<(), NotBound> {
        self.lock().permit(peer, outside)
    }

    /// Binds a channel to a peer, which is permitted by it.
    pub(crate) fn bind(&self, number: u16, peer: SocketAddr, outside: bool) -> Result<(), NotBound> {
        let mut state = self.lock();
        let now = Instant::now();
        let other_peer = state.channels.get(&number).is_some_and(|channel| channel.peer != peer);
        let other_number = state.numbers.get(&peer).is_some_and(|bound| *bound != number);
        if other_peer || other_number {
            return Err(NotBound::Taken);
        }
        if state.channels.len() >= MOST && !state.channels.contains_key(&number) {
            return Err(NotBound::Full);
        }
        state.permit(peer.ip(), outside)?;
        state.channels.insert(number, Channel { peer, outside, ends: now + CHANNEL });
        state.numbers.insert(peer, number);
        Ok(())
    }

    /// The peer of a channel, and whether it may be reached beyond this relay.
    pub(crate) fn peer_of(&self, number: u16, now: Instant) -> Option<(SocketAddr, bool)> {
        let state = self.lock();
        let channel = state.channels.get(&number).filter(|channel| channel.ends > now)?;
        Some((channel.peer, channel.outside))
    }

    /// Whether the client may send to a peer, and if so whether beyond this relay.
    pub(crate) fn permission(&self, peer: IpAddr, now: Instant) -> Option<bool> {
        self.lock().permissions.get(&peer).filter(|one| one.ends > now).map(|one| one.outside)
    }

    /// Takes of what its user may have relayed.
    pub(crate) fn may_relay(&self, bytes: usize, now: Instant) -> bool {
        self.share.take(bytes, now)
    }

    /// Sends the client what came from a peer, where it is permitted. The first four bytes of `packet` are room for the
    /// head of a channel's packet. Whether it was sent.
    pub(crate) fn receive(&self, peer: SocketAddr, packet: &mut [u8], now: Instant) -> bool {
        let number = {
            let state = self.lock();
            if state.permissions.get(&peer.ip()).is_none_or(|permission| permission.ends <= now) {
                return false;
            }
            let number = state.numbers.get(&peer).copied();
            number.filter(|number| state.channels.get(number).is_some_and(|channel| channel.ends > now))
        };
        match number {
            Some(number) => {
                let length = (packet.len() - 4) as u16;
                packet[..2].copy_from_slice(&number.to_be_bytes());
                packet[2..4].copy_from_slice(&length.to_be_bytes());
                self.holder.line.send(packet);
            }
            None => {
                let message = Answer::new(kind::DATA, &next_transaction());
                let message = message.with_address(attribute::XOR_PEER_ADDRESS, peer);
                self.holder.line.send(&message.with(attribute::DATA, &packet[4..]).into_bytes());
            }
        }
        true
    }
}

impl State {
    fn permit(&mut self, peer: IpAddr, outside: bool) -> Result<(), NotBound> {
        if self.permissions.len() >= MOST && !self.permissions.contains_key(&peer) {
            return Err(NotBound::Full);
        }
        self.permissions.insert(peer, Permission { ends: Instant::now() + PERMISSION, outside });
        Ok(())
    }
}

/// Of a message that nobody answers: it need only differ from others.
fn next_transaction() -> Transaction {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut transaction = [0; 12];
    transaction[4..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    transaction
}
