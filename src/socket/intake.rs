//! What a client sends beyond what it is let do: packets that are refused, and those that never become an event.
//!
//! All bytes that come are counted, and those of events that were taken are taken off again. Who goes on sending the
//! rest is cut: a
//! flood that is refused costs others too, and the library answers some packets by itself, without any limit (a
//! namespace that is unknown).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// How many such bytes a session may send before it has authenticated.
const STRANGER: u64 = 256 * 1024;

/// How many such bytes an authenticated session may send at once.
const MEMBER: u64 = 4 * 1024 * 1024;

/// How many more each second.
const MEMBER_A_SECOND: u64 = 64 * 1024;

/// What a refused packet counts at least, in bytes.
const REFUSED: u64 = 1024;

/// The count of one session.
#[derive(Debug)]
pub(crate) struct Intake {
    since: Instant,
    member: AtomicBool,
    came: AtomicU64,
    taken: AtomicU64,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            member: AtomicBool::new(false),
            came: AtomicU64::new(0),
            taken: AtomicU64::new(0),
        }
    }
}

impl Intake {
    /// It has authenticated.
    pub(crate) fn authenticated(&self) {
        self.member.store(true, Ordering::Relaxed);
    }

    /// Counts bytes that came; whether the session may go on.
    pub(crate) fn came(&self, bytes: usize) -> bool {
        let came = self.came.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let wasted = came.saturating_sub(self.taken.load(Ordering::Relaxed));
        // Asked for the time only where it matters.
        let most = if !self.member.load(Ordering::Relaxed) {
            STRANGER
        } else if wasted <= MEMBER {
            MEMBER
        } else {
            MEMBER + MEMBER_A_SECOND * self.since.elapsed().as_secs()
        };
        wasted <= most
    }

    /// An event of this size was taken.
    pub(crate) fn took(&self, bytes: usize) {
        // With what is around it on the line, as far as that is the same for all.
        self.taken.fetch_add(bytes as u64 + 8, Ordering::Relaxed);
    }

    /// A packet was refused; whether the session may go on.
    pub(crate) fn refused(&self) -> bool {
        self.came(REFUSED as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_counts_nothing_and_what_is_refused_adds_up() {
        let intake = Intake::default();
        intake.authenticated();
        for _ in 0..1000 {
            assert!(intake.came(65_536));
            intake.took(65_536);
        }
        let refused = std::iter::from_fn(|| intake.refused().then_some(())).take(100_000).count();
        assert!((4096..4300).contains(&refused), "{refused}");
        assert!(!intake.came(1));
    }

    #[test]
    fn a_stranger_may_send_little() {
        let intake = Intake::default();
        assert!(intake.came(STRANGER as usize));
        assert!(!intake.came(1));
    }
}
