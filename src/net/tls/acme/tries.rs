//! How often the authority has refused, and by which proof it is tried next. Of several servers each knows what came of
//! the tries of the others, for the authority counts them together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::order::Proof;

/// How long after the first, the second and every further time that it refused both proofs. Authorities count that, and
/// shut out who is refused five times in an hour.
const REFUSED: [Duration; 2] = [Duration::from_secs(900), Duration::from_secs(3600)];

/// What came of the tries until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tries {
    refusals: usize,
    /// The one that is tried next.
    pub proof: Proof,
}

impl Tries {
    /// There is a certificate.
    pub(crate) fn succeeded(&mut self) {
        self.refusals = 0;
    }

    /// It was refused; how long nobody tries now. Not everybody is reached on both ports, so the other proof comes at
    /// once.
    pub(crate) fn refused(&mut self) -> Duration {
        self.proof = self.proof.other();
        self.refusals += 1;
        if self.refusals.is_multiple_of(2) {
            REFUSED[(self.refusals / 2 - 1).min(REFUSED.len() - 1)]
        } else {
            Duration::ZERO
        }
    }

    /// For whoever tries next.
    pub(crate) fn note(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Goes on where another one left off; a note that does not read says nothing.
    pub(crate) fn take_over(&mut self, note: &str) {
        if let Ok(tries) = serde_json::from_str(note) {
            *self = tries;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_proofs_are_tried_and_then_nobody_tries_for_longer_and_longer() {
        let mut tries = Tries::default();
        let waits: Vec<u64> = (0..6).map(|_| tries.refused().as_secs()).collect();
        assert_eq!(waits, [0, 900, 0, 3600, 0, 3600]);
        tries.refused();
        let mut other = Tries::default();
        other.take_over(&tries.note());
        assert_eq!((other, other.proof), (tries, Proof::Http));
        other.take_over("");
        other.succeeded();
        assert_eq!((other.refused(), other.proof), (Duration::ZERO, Proof::Alpn));
    }
}
