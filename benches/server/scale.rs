//! How much is measured: what figures are published from, or enough to see that the benchmark works.

use std::time::Duration;

/// How many, how long, how often.
pub(crate) struct Scale {
    /// Times that each server has its turn.
    pub rounds: usize,
    /// The same for durable messages.
    pub durable_rounds: usize,
    /// Sockets that do nothing.
    pub idle: usize,
    /// Sockets that do nothing and poll, or polled first.
    pub polled: usize,
    /// Who join one room at once.
    pub storm: usize,
    /// As many as join one room at once at most where it is measured how that grows.
    pub joins: usize,
    /// How long something is done as fast as it goes.
    pub span: Duration,
    /// How long something is done at a pace.
    pub paced: Duration,
    /// How long messages are stored.
    pub durable: Duration,
    /// How often the relays have their turn, of which one takes half a minute.
    pub relay_rounds: usize,
    /// Packets that each client of the relay sends.
    pub relayed: usize,
    /// Messages in the store of the start.
    pub stored: usize,
    /// Private rooms on the server.
    pub rooms: usize,
    /// Of which a user sees so many.
    pub seen: usize,
}

impl Scale {
    /// For figures; ten minutes at most in all, on two cores.
    pub(crate) const WHOLE: Self = Self {
        rounds: 3,
        durable_rounds: 3,
        idle: 10_000,
        polled: 1000,
        storm: 1000,
        joins: 2000,
        span: Duration::from_millis(1000),
        paced: Duration::from_millis(2000),
        durable: Duration::from_millis(3500),
        relay_rounds: 2,
        relayed: 1000,
        stored: 1_000_000,
        rooms: 20_000,
        seen: 200,
    };

    /// For a try; its figures say nothing.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        durable_rounds: 1,
        idle: 1000,
        polled: 200,
        storm: 200,
        joins: 500,
        span: Duration::from_millis(200),
        paced: Duration::from_millis(600),
        durable: Duration::from_millis(500),
        relay_rounds: 1,
        relayed: 100,
        stored: 20_000,
        rooms: 2000,
        seen: 20,
    };
}
