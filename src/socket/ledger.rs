//! The bytes that wait: for each socket, for all sockets of one user, and for all together; and how many sockets a user
//! has.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Error;
use crate::model::UserId;

/// How many sockets a user may have at once.
pub(crate) const MOST_SOCKETS: usize = 100;

/// How many bytes may wait to be sent to one socket. A single packet is always taken, so that a large answer gets
/// through.
const MOST_OF_SOCKET: u64 = 4 * 1024 * 1024;

/// How many bytes may wait to be sent to all sockets of one user.
const MOST_OF_USER: u64 = 16 * 1024 * 1024;

/// How many bytes may wait to be sent to all sockets.
const MOST: u64 = 96 * 1024 * 1024;

/// While more bytes than this wait for a socket, its next event is not run.
const HOLD_EVENTS: u64 = 1024 * 1024;

/// How long a socket may take to take what waits for it before its next event is run.
pub(crate) const TAKES_WITHIN: Duration = Duration::from_secs(30);

/// How many bytes of events of one user may wait to be run, over all sockets.
const MOST_EVENTS_OF_USER: u64 = 16 * 1024 * 1024;

/// How many bytes of events may wait to be run in all.
const MOST_EVENTS: u64 = 64 * 1024 * 1024;

/// Bytes that wait: those to be sent, and those of events to be run.
#[derive(Debug, Default)]
struct Counts {
    sending: AtomicU64,
    events: AtomicU64,
}

/// All that waits.
#[derive(Debug, Default)]
pub struct Ledger {
    all: Counts,
    owners: Mutex<HashMap<UserId, (Arc<Counts>, usize)>>,
}

/// A user's place for one socket; given back on drop.
#[derive(Debug)]
pub struct Seat {
    ledger: Arc<Ledger>,
    user: UserId,
    owner: Arc<Counts>,
}

/// What must be done after bytes were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: it fits.
    Nothing,
    /// Too much waits for this socket.
    Socket,
    /// Too much waits for the sockets of its user.
    User,
    /// Too much waits for all sockets.
    All,
}

impl Ledger {
    /// Takes a place for one more socket of a user.
    ///
    /// # Errors
    /// [`Error::LimitReached`] where the user has 100.
    pub fn seat(self: &Arc<Self>, user: UserId) -> Result<Seat, Error> {
        let mut owners = self.owners();
        let (counts, sockets) = owners.entry(user).or_default();
        if *sockets >= MOST_SOCKETS {
            metrics::counter!("tincan_limited_total", "limit" => "sockets_of_user").increment(1);
            return Err(Error::LimitReached);
        }
        *sockets += 1;
        Ok(Seat { ledger: Arc::clone(self), user, owner: Arc::clone(counts) })
    }

    /// The bytes that wait to be sent to all sockets.
    pub fn sending(&self) -> u64 {
        self.all.sending.load(Ordering::Relaxed)
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<UserId, (Arc<Counts>, usize)>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Makes room for the bytes of an event that is to be run; whether there is any. To be given back by
    /// [`Seat::event_begins`].
    pub fn event_waits(&self, bytes: u64) -> bool {
        let own = self.owner.events.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let all = self.ledger.all.events.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if own <= MOST_EVENTS_OF_USER && all <= MOST_EVENTS {
            return true;
        }
        self.event_begins(bytes);
        false
    }

    /// Gives back the bytes of an event that does not wait any more.
    pub fn event_begins(&self, bytes: u64) {
        self.owner.events.fetch_sub(bytes, Ordering::Relaxed);
        self.ledger.all.events.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut owners = self.ledger.owners();
        if let Some((_, sockets)) = owners.get_mut(&self.user) {
            *sockets -= 1;
            if *sockets == 0 {
                owners.remove(&self.user);
            }
        }
    }
}

/// The bytes that wait to be sent to one socket.
#[derive(Debug)]
pub struct Tally {
    ledger: Arc<Ledger>,
    owner: Arc<Counts>,
    waiting: AtomicU64,
    /// The size of the large answer that waits, which counts not against the socket.
    answer: AtomicU64,
    closed: AtomicBool,
    fell: Notify,
}

impl Tally {
    /// Nothing waits yet.
    pub fn new(seat: &Seat) -> Self {
        Self {
            ledger: Arc::clone(&seat.ledger),
            owner: Arc::clone(&seat.owner),
            waiting: AtomicU64::new(0),
            answer: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            fell: Notify::new(),
        }
    }

    /// Counts a packet that is about to be queued.
    pub fn add(&self, bytes: u64) -> Over {
        // The socket's own comes last, for what is taken from it is taken from the others too.
        let all = self.ledger.all.sending.fetch_add(bytes, Ordering::Relaxed);
        let user = self.owner.sending.fetch_add(bytes, Ordering::Relaxed);
        let own = self.waiting.fetch_add(bytes, Ordering::AcqRel);
        if self.closed.load(Ordering::Acquire) {
            self.sent(u64::MAX);
            return Over::Nothing;
        }
        let over = |waited: u64, most: u64| waited > 0 && waited + bytes > most;
        if over(own, MOST_OF_SOCKET + self.answer.load(Ordering::Relaxed)) {
            Over::Socket
        } else if over(user, MOST_OF_USER) {
            Over::User
        } else if over(all, MOST) {
            Over::All
        } else {
            Over::Nothing
        }
    }

    /// As [`Tally::add`], of the answer to an event: that it is large does not count against the socket, for the next
    /// event waits for it.
    pub fn add_answer(&self, bytes: u64) -> Over {
        self.answer.fetch_max(bytes, Ordering::Relaxed);
        self.add(bytes)
    }

    /// Counts bytes that have left. They may be more than were added, for the transport has packets of its own.
    pub fn sent(&self, bytes: u64) {
        let mut before = self.waiting.load(Ordering::Acquire);
        if before == 0 {
            return;
        }
        while let Err(now) = self.waiting.compare_exchange_weak(
            before,
            before.saturating_sub(bytes),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            before = now;
        }
        let left = bytes.min(before);
        self.owner.sending.fetch_sub(left, Ordering::Relaxed);
        self.ledger.all.sending.fetch_sub(left, Ordering::Relaxed);
        if before > HOLD_EVENTS && before - left <= HOLD_EVENTS {
            self.answer.store(0, Ordering::Relaxed);
            self.fell.notify_waiters();
        }
    }

    /// The socket is gone: nothing waits for it any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.sent(u64::MAX);
        self.fell.notify_waiters();
    }

    /// Whether at most nine tenths are taken of a bound that was passed when a packet was added.
    pub fn has_room(&self, over: Over) -> bool {
        match over {
            Over::Nothing => true,
            Over::Socket => false,
            Over::User => self.owner.sending.load(Ordering::Relaxed) <= MOST_OF_USER / 10 * 9,
            Over::All => self.ledger.sending() <= MOST / 10 * 9,
        }
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether so much waits that the next event has to wait too.
    pub fn is_heavy(&self) -> bool {
        self.waiting() > HOLD_EVENTS
    }

    /// Waits until the socket has taken so much that its next event may be run, or nobody waits for it any more.
    pub async fn light(&self, given_up: impl Fn() -> bool) {
        loop {
            let fell = self.fell.notified();
            if !self.is_heavy() || given_up() {
                return;
            }
            fell.await;
        }
    }

    /// Has those who wait look again whether they go on.
    pub fn look_again(&self) {
        self.fell.notify_waiters();
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
