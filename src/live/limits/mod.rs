//! How often somebody may do something: the protocol's table Limits.

mod failures;
mod handshakes;
mod places;
mod rate;

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::Quota;
use governor::clock::{Clock, MonotonicClock};

pub use handshakes::Handshake;
pub use places::{Full, Place, Places};

use crate::error::Error;
use crate::model::UserId;
use failures::Failures;
use handshakes::Handshakes;
use rate::{Rate, SocketRate};

/// How many deliveries one user may cause a second on end; see [`Limits::fan_out`].
const FAN_OUT_A_SECOND: u32 = 20_000;

/// How many deliveries one user may cause at once.
const FAN_OUT_BURST: u32 = 100_000;

/// The limits that are kept by address, account or user. All of them always let through where the setting is off.
///
/// An address of IPv6 counts as its /64 network, which is what one host is given; an IPv4 address is the same in IPv6's
/// clothes.
/// What is kept of strangers goes again with the time that it matters.
#[derive(Debug)]
pub struct Limits<C: Clock = MonotonicClock>(Option<Kept<C>>);

#[derive(Debug)]
struct Kept<C: Clock> {
    clock: C,
    signups: Rate<IpAddr, C>,
    failures_by_address: Failures<IpAddr, C>,
    failures_by_account: Failures<(IpAddr, u64), C>,
    codes: Failures<IpAddr, C>,
    /// Makes keys of accounts: a name that somebody made up is kept neither in clear nor in its length.
    accounts: RandomState,
    rest: Rate<UserId, C>,
    rooms: Rate<UserId, C>,
    members: Rate<UserId, C>,
    calls: Rate<UserId, C>,
    fan_out: Rate<UserId, C>,
    handshakes: Handshakes,
}

/// A log-in under way. Dropped it has failed; see [`Attempt::not_failed`].
#[derive(Debug)]
pub struct Attempt<'a, C: Clock + Clone = MonotonicClock>(Option<(&'a Kept<C>, (IpAddr, u64))>);

impl<C: Clock + Clone> Attempt<'_, C> {
    /// Whether the address has failed too often meanwhile.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn check(&self) -> Result<(), Error> {
        let wait = self.0.as_ref().and_then(|(kept, key)| kept.failures_by_address.wait(&key.0));
        counted("login", wait.map_or(Ok(()), |wait| Err(Error::RateLimited(wait))))
    }

    /// It has succeeded, or what went wrong was not the password: it does not count.
    pub fn not_failed(mut self) {
        if let Some((kept, key)) = self.0.take() {
            kept.failures_by_account.give_back(&key);
        }
    }
}

impl<C: Clock + Clone> Drop for Attempt<'_, C> {
    fn drop(&mut self) {
        if let Some((kept, key)) = self.0.take() {
            kept.failures_by_address.count(key.0);
        }
    }
}

/// The limits of one socket, by class of event.
#[derive(Debug)]
pub struct SocketLimits<C: Clock = MonotonicClock>(Option<Classes<C>>);

#[derive(Debug)]
struct Classes<C: Clock> {
    message: SocketRate<C>,
    signal: SocketRate<C>,
    other: SocketRate<C>,
}

/// Classes of events that are metered apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// `send-message`
    Message,
    /// Offers, answers, candidates.
    Signal,
    /// Everything else.
    Other,
}

impl Limits {
    /// `on` as the setting says.
    pub fn new(on: bool) -> Self {
        if on { Self::by_clock(&MonotonicClock) } else { Self(None) }
    }
}

impl<C: Clock + Clone> Limits<C> {
    fn by_clock(clock: &C) -> Self {
        Self(Some(Kept {
            clock: clock.clone(),
            signups: Rate::new(a_minute(10), clock),
            failures_by_address: Failures::new(a_minute(50), clock),
            failures_by_account: Failures::new(a_minute(10), clock),
            codes: Failures::new(a_minute(20), clock),
            accounts: RandomState::new(),
            rest: Rate::new(a_second(50, 300), clock),
            rooms: Rate::new(a_minute(30), clock),
            members: Rate::new(a_minute(60), clock),
            calls: Rate::new(a_minute(20), clock),
            fan_out: Rate::new(a_second(FAN_OUT_A_SECOND, FAN_OUT_BURST), clock),
            handshakes: Handshakes::default(),
        }))
    }

    /// Counts a sign-up by address.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn signup(&self, address: IpAddr) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |kept| counted("signup", kept.signups.count(&network(address))))
    }

    /// Whether an address may try a code of an invitation or a reset: where it has tried too many that are none it may
    /// not try a good one either.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn code(&self, address: IpAddr) -> Result<(), Error> {
        let wait = self.0.as_ref().and_then(|kept| kept.codes.wait(&network(address)));
        counted("code", wait.map_or(Ok(()), |wait| Err(Error::RateLimited(wait))))
    }

    /// Counts a code that was not found.
    pub fn code_not_found(&self, address: IpAddr) {
        if let Some(kept) = &self.0 {
            kept.codes.count(network(address));
        }
    }

    /// Lets a log-in be tried, where neither the address with this account nor the address has failed too often. By
    /// address and account
    /// it counts as failed from now on, until it has succeeded. By address only what has failed counts, or many people
    /// behind one
    /// address could not log in at once; so [`Attempt::check`] is to be asked again when it is its turn.
    /// `account` is the name or address that was given, as a key without regard to case.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn login(&self, address: IpAddr, account: &str) -> Result<Attempt<'_, C>, Error> {
        let Some(kept) = &self.0 else { return Ok(Attempt(None)) };
        let network = network(address);
        let key = (network, kept.accounts.hash_one(account));
        let by_address = kept.failures_by_address.wait(&network);
        let taken = match (by_address, kept.failures_by_account.wait(&key)) {
            (None, None) => kept.failures_by_account.take(&key),
            (one, other) => Err(one.max(other).unwrap_or_default()),
        };
        counted("login", taken.map_err(Error::RateLimited))?;
        Ok(Attempt(Some((kept, key))))
    }

    /// Counts a REST request of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn rest(&self, user: UserId) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |kept| counted("rest", kept.rest.count(&user)))
    }

    /// Counts a new room of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn room_created(&self, user: UserId) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |kept| counted("room_created", kept.rooms.count(&user)))
    }

    /// Counts users whom a user adds to rooms, all or none.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn members_added(&self, user: UserId, count: usize) -> Result<(), Error> {
        let Some(kept) = &self.0 else { return Ok(()) };
        let Some(count) = NonZeroU32::new(u32::try_from(count).unwrap_or(u32::MAX)) else { return Ok(()) };
        counted("members_added", kept.members.count_many(&user, count))
    }

    /// Counts an `initiate-call` of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn call_initiated(&self, user: UserId) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |kept| counted("call_initiated", kept.calls.count(&user)))
    }

    /// Counts what a user is about to cause: `deliveries` copies of an event, one for each socket that it is told to.
    /// To be asked
    /// before anything is changed or told; where it is refused nothing of it is counted. A single one of more than
    /// 100,000 counts as so
    /// many, and so passes where the user has caused nothing lately.
    ///
    /// # Errors
    /// [`Error::RateLimited`], with the time until there is room for as many.
    pub fn fan_out(&self, user: UserId, deliveries: usize) -> Result<(), Error> {
        let Some(kept) = &self.0 else { return Ok(()) };
        let Some(deliveries) = NonZeroU32::new(u32::try_from(deliveries).unwrap_or(u32::MAX)) else { return Ok(()) };
        counted("fan_out", kept.fan_out.count_many(&user, deliveries))
    }

    /// Takes a place for a connection that has not authenticated.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn handshake(&self, address: IpAddr) -> Result<Handshake, Error> {
        self.0.as_ref().map_or(Ok(Handshake::FREE), |kept| kept.handshakes.take(network(address)))
    }

    /// The limits of a new socket.
    pub fn socket(&self) -> SocketLimits<C> {
        SocketLimits(self.0.as_ref().map(|kept| Classes {
            message: SocketRate::new(a_second(30, 200), kept.clock.clone()),
            signal: SocketRate::new(a_second(100, 500), kept.clock.clone()),
            other: SocketRate::new(a_second(20, 100), kept.clock.clone()),
        }))
    }
}

impl<C: Clock> SocketLimits<C> {
    /// Counts an event.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn check(&self, class: EventClass) -> Result<(), Error> {
        let Some(classes) = &self.0 else { return Ok(()) };
        match class {
            EventClass::Message => counted("message", classes.message.count()),
            EventClass::Signal => counted("signal", classes.signal.count()),
            EventClass::Other => counted("other_event", classes.other.count()),
        }
    }
}

/// Counts for the operator how often a limit has refused somebody.
fn counted<T>(limit: &'static str, outcome: Result<T, Error>) -> Result<T, Error> {
    if outcome.is_err() {
        metrics::counter!("tincan_limited_total", "limit" => limit).increment(1);
    }
    outcome
}

/// So many a minute, all at once if need be.
fn a_minute(most: u32) -> Quota {
    Quota::per_minute(positive(most))
}

/// So many a second on end, and at once a burst.
fn a_second(most: u32, burst: u32) -> Quota {
    Quota::per_second(positive(most)).allow_burst(positive(burst))
}

fn positive(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("limits are written above, and none is zero")
}

/// Whom an address stands for: itself, or in IPv6 its /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests;
