//! Points in time: as the wire and the store have them, in whole milliseconds, UTC; and by the clock that nobody can
//! set.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::macros::format_description;

/// Milliseconds since 1970, UTC. Serialised as ISO 8601: `2026-11-22T08:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The clock's time.
    pub fn now() -> Self {
        let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(age.as_millis() as i64)
    }

    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }

    /// This plus `duration`.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_millis().min(i64::MAX as u128) as i64))
    }
}

/// How far ahead a deadline may be: what is further away counts as this.
const FURTHEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The present by both clocks. The time of day is what is stored and told, and somebody may set it; how long something
/// lasts is measured by the monotonic clock, which goes on evenly but means nothing to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time of day.
    pub time: Timestamp,
    /// The same moment on the monotonic clock.
    pub moment: Instant,
}

impl Now {
    /// What both clocks show.
    pub fn read() -> Self {
        Self { time: Timestamp::now(), moment: Instant::now() }
    }

    /// The moment in which `duration` is over; at most ten years ahead.
    pub fn after(self, duration: Duration) -> Instant {
        self.moment + duration.min(FURTHEST)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|moment| moment.format(&form).ok());
        // Outside the years that ISO 8601 writes with four digits: say it in milliseconds rather than fail a whole
        // answer.
        match text {
            Some(text) => out.write_str(&text),
            None => write!(out, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_three_digits_of_milliseconds() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(1_795_334_400_007).to_string(), "2026-11-22T08:00:00.007Z");
    }
}
