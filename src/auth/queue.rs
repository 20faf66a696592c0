//! Who waits for a free hand: a bounded queue in which addresses take turns, and within an address its accounts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::Error;

/// How many of one account at one address may wait: as many as may be under way by the limit of failed log-ins. One is
/// what people need; more is a program that does not wait for answers.
const MOST_OF_ACCOUNT: usize = 10;

/// Nobody waits longer for a free hand.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// For whom a password is hashed or verified.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Where the request comes from; of IPv6 the network.
    pub address: IpAddr,
    /// Which account it is about, whether there is one or not.
    pub account: &'a str,
}

impl Asker<'_> {
    /// The operator, at the command line.
    pub const OPERATOR: Self = Self { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), account: "" };
}

/// Hands, and who waits for them.
#[derive(Debug)]
pub(crate) struct Queue {
    /// How many may wait.
    most: usize,
    longest_wait: Duration,
    /// Makes keys of accounts, so that what waits is small whatever was sent.
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    waiting: Vec<Waiter>,
    /// Counts turns. Whose last turn is longest ago is next; who comes new waits as if it had just had one.
    turns: u64,
    /// The last turn of those who wait.
    addresses: HashMap<IpAddr, u64>,
    accounts: HashMap<(IpAddr, u64), u64>,
}

#[derive(Debug)]
struct Waiter {
    address: IpAddr,
    account: u64,
    call: oneshot::Sender<Result<Hand, Error>>,
}

/// The right to work; given on when dropped.
#[derive(Debug)]
pub(crate) struct Hand(Arc<Queue>);

impl Drop for Hand {
    fn drop(&mut self) {
        let next = self.0.state().next();
        if let Some(waiter) = next {
            // Not under the lock: where the waiter has just gone the hand comes back, and is dropped again.
            let _ = waiter.call.send(Ok(Self(Arc::clone(&self.0))));
        }
    }
}

impl Queue {
    /// So many hands, and so many who may wait for them.
    pub(crate) fn new(hands: usize, most: usize) -> Arc<Self> {
        Self::with_wait(hands, most, LONGEST_WAIT)
    }

    /// As [`Queue::new`], with another longest wait.
    pub(crate) fn with_wait(hands: usize, most: usize, longest_wait: Duration) -> Arc<Self> {
        let state =
            State { free: hands, waiting: Vec::new(), turns: 0, addresses: HashMap::new(), accounts: HashMap::new() };
        Arc::new(Self { most, longest_wait, hasher: RandomState::new(), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free hand, at most 10 s. An address may have the whole queue while nobody else wants it; where it is
    /// full, the address that has most in it gives up a place to one that has fewer.
    ///
    /// # Errors
    /// [`Error::RateLimited`] where too many of the account wait, which is the account's own doing;
    /// [`Error::Overloaded`] where the queue is full, its place was given up, or the time has passed.
    pub(crate) async fn hand(self: &Arc<Self>, asker: Asker<'_>) -> Result<Hand, Error> {
        let waits = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Hand(Arc::clone(self)));
            }
            let (call, called) = oneshot::channel();
            let account = self.hasher.hash_one(asker.account);
            state.enter(Waiter { address: asker.address, account, call }, self.most).map(|()| called)
        };
        let called =
            waits.inspect_err(|error| refused(if *error == Error::Overloaded { "full" } else { "account" }))?;
        match tokio::time::timeout(self.longest_wait, called).await {
            Ok(Ok(hand)) => hand,
            Ok(Err(_)) => Err(Error::Internal),
            Err(_) => {
                refused("time");
                Err(Error::Overloaded)
            }
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }
}

/// Counts for the operator who did not get a hand, and why.
fn refused(reason: &'static str) {
    metrics::counter!("tincan_password_queue_refused_total", "reason" => reason).increment(1);
}

impl State {
    fn enter(&mut self, waiter: Waiter, most: usize) -> Result<(), Error> {
        self.waiting.retain(|waiter| !waiter.call.is_closed());
        let same = |other: &&Waiter| other.address == waiter.address && other.account == waiter.account;
        if self.waiting.iter().filter(same).count() >= MOST_OF_ACCOUNT {
            return Err(Error::RateLimited(Duration::from_secs(1)));
        }
        if self.waiting.len() >= most {
            self.make_room_for(waiter.address)?;
        }
        let (address, account) = (waiter.address, waiter.account);
        self.turns += 1;
        self.addresses.entry(address).or_insert(self.turns);
        self.accounts.entry((address, account)).or_insert(self.turns);
        self.waiting.push(waiter);
        Ok(())
    }

    /// Takes the place of the last who came from the address that has most of them.
    fn make_room_for(&mut self, address: IpAddr) -> Result<(), Error> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for waiter in &self.waiting {
            *counts.entry(waiter.address).or_default() += 1;
        }
        let own = counts.get(&address).copied().unwrap_or_default();
        let (greedy, count) = counts.into_iter().max_by_key(|(_, count)| *count).ok_or(Error::Overloaded)?;
        let last = self.waiting.iter().rposition(|waiter| waiter.address == greedy);
        match last {
            Some(last) if count > own + 1 => {
                refused("share");
                // It may have gone meanwhile.
                let _ = self.waiting.remove(last).call.send(Err(Error::Overloaded));
                Ok(())
            }
            _ => Err(Error::Overloaded),
        }
    }

    /// Whose turn it is; where nobody waits the hand is free.
    fn next(&mut self) -> Option<Waiter> {
        self.waiting.retain(|waiter| !waiter.call.is_closed());
        let turn = |(at, waiter): &(usize, &Waiter)| {
            let key = (waiter.address, waiter.account);
            (self.addresses.get(&key.0).copied(), self.accounts.get(&key).copied(), *at)
        };
        let next = self.waiting.iter().enumerate().min_by_key(turn).map(|(at, _)| at);
        let Some(next) = next else {
            self.free += 1;
            self.addresses.clear();
            self.accounts.clear();
            return None;
        };
        let waiter = self.waiting.remove(next);
        self.turns += 1;
        self.addresses.insert(waiter.address, self.turns);
        self.accounts.insert((waiter.address, waiter.account), self.turns);
        self.forget();
        Some(waiter)
    }

    /// Forgets the turns of those who do not wait, now and then.
    fn forget(&mut self) {
        if self.accounts.len() > 2 * self.waiting.len() + 64 {
            let waiting = &self.waiting;
            self.addresses.retain(|address, _| waiting.iter().any(|waiter| waiter.address == *address));
            self.accounts.retain(|key, _| waiting.iter().any(|waiter| (waiter.address, waiter.account) == *key));
        }
    }
}
