//! How much a user may have relayed, over all allocations together.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// In bytes a second, 32 Mbit/s: several pictures of a large call.
const RATE: f64 = 4_000_000.0;
/// What may come at once, in bytes.
const BURST: f64 = 4_000_000.0;

/// What is left to a user.
#[derive(Debug)]
pub(super) struct Share(Mutex<(f64, Instant)>);

impl Share {
    /// All of it.
    pub(crate) fn new() -> Self {
        Self(Mutex::new((BURST, Instant::now())))
    }

    /// Takes this many bytes, where they are left.
    pub(crate) fn take(&self, bytes: usize, now: Instant) -> bool {
        let mut share = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, then) = *share;
        let left = (left + now.saturating_duration_since(then).as_secs_f64() * RATE).min(BURST);
        let enough = left >= bytes as f64;
        *share = (if enough { left - bytes as f64 } else { left }, now.max(then));
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_user_has_so_many_bytes_in_a_second() {
        let (share, start) = (Share::new(), Instant::now());
        assert!(share.take(BURST as usize, start));
        assert!(!share.take(1000, start));
        assert!(share.take(1000, start + Duration::from_millis(1)));
        assert!(!share.take(BURST as usize, start + Duration::from_millis(500)));
        assert!(share.take(BURST as usize, start + Duration::from_secs(5)));
    }
}
