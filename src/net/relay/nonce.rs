//! Numbers that a request must repeat to prove that it is fresh, and that its sender receives what is sent to it. They
//! carry their own proof, so nothing is kept of those who never come back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::SystemRandom;

/// For how long one is good.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// How many bytes of proof: short, for the answer with it goes to whoever claims an address.
const PROOF: usize = 8;

/// Makes them, and knows its own.
pub(super) struct Nonces {
    key: Key,
    start: Instant,
}

impl Nonces {
    /// With a key that nobody else has.
    ///
    /// # Panics
    /// Where the system has no random bytes.
    pub(crate) fn new() -> Self {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).expect("the operating system gives random bytes");
        Self { key, start: Instant::now() }
    }

    /// One for this address, now.
    pub(crate) fn make(&self, for_whom: SocketAddr) -> String {
        self.at(for_whom, self.start.elapsed().as_secs() as u32)
    }

    fn at(&self, for_whom: SocketAddr, second: u32) -> String {
        let mut bytes = second.to_be_bytes().to_vec();
        let proof = sign(&self.key, format!("{second} {for_whom}").as_bytes());
        bytes.extend_from_slice(&proof.as_ref()[..PROOF]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Whether this one was made for this address, and not too long ago.
    pub(crate) fn is_good(&self, nonce: &[u8], for_whom: SocketAddr) -> bool {
        let Ok(bytes) = BASE64URL_NOPAD.decode(nonce) else { return false };
        let Some(second) = bytes.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes)) else { return false };
        let age = (self.start.elapsed().as_secs() as u32).checked_sub(second);
        age.is_some_and(|age| Duration::from_secs(age.into()) < LIFE)
            && constant_time_eq(self.at(for_whom, second).as_bytes(), nonce)
    }
}

/// In a time that says nothing of where they differ.
fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_its_address_from_its_maker_for_a_while() {
        let (nonces, other) = (Nonces::new(), Nonces::new());
        let (ann, bob) = (SocketAddr::from(([192, 0, 2, 1], 1)), SocketAddr::from(([192, 0, 2, 1], 2)));
        let nonce = nonces.make(ann);
        assert!(nonces.is_good(nonce.as_bytes(), ann));
        assert!(!nonces.is_good(nonce.as_bytes(), bob) && !other.is_good(nonce.as_bytes(), ann));
        let ahead = nonces.at(ann, 4_000_000);
        assert!(!nonces.is_good(ahead.as_bytes(), ann) && !nonces.is_good(b"", ann) && !nonces.is_good(b"!", ann));
    }
}
