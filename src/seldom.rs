//! Lines in the log that would come once a connection when many of them meet the same trouble: said once in a while,
//! with a count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long after a line the next one of its kind is held back.
const HELD_BACK: Duration = Duration::from_secs(10);

/// One kind of line.
#[derive(Debug)]
pub(crate) struct Seldom(Mutex<State>);

#[derive(Debug)]
struct State {
    said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// A kind of line that was not said yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State { said: None, unsaid: 0 }))
    }

    /// Says it, with how many it stands for, itself included, unless it was said within the last 10 s.
    pub(crate) fn say(&self, line: impl FnOnce(u64)) {
        if let Some(count) = self.count(Instant::now()) {
            line(count);
        }
    }

    fn count(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid += 1;
        if state.said.is_some_and(|said| now.duration_since(said) < HELD_BACK) {
            return None;
        }
        state.said = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_at_once_are_one_line_and_the_next_one_counts_the_rest() {
        let (seldom, start) = (Seldom::new(), Instant::now());
        assert_eq!(seldom.count(start), Some(1));
        assert!((0..999).all(|_| seldom.count(start).is_none()));
        assert_eq!(seldom.count(start + HELD_BACK), Some(1000));
    }
}
