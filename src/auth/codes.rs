//! Codes that open something to whoever has them: of invitations, and for a new password. Each has 128 random bits.

use data_encoding::BASE32_DNSSEC;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::model::{CodeHash, UserId};

/// How many bytes are random.
const RANDOM: usize = 16;

fn random() -> [u8; RANDOM] {
    let mut bytes = [0; RANDOM];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A new code of an invitation: 26 digits and small letters.
pub fn invite_code() -> String {
    BASE32_DNSSEC.encode(&random())
}

/// A code by which the password of one account may be set. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetCode {
    user: UserId,
    random: [u8; RANDOM],
}

impl ResetCode {
    /// A new one.
    pub fn new(user: UserId) -> Self {
        Self { user, random: random() }
    }

    /// Reads one, in any case; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 12 + RANDOM] = BASE32_DNSSEC.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (user, random) = bytes.split_first_chunk()?;
        Some(Self { user: UserId::from_bytes(*user), random: random.try_into().ok()? })
    }

    /// As it is given out: 45 digits and small letters.
    pub fn text(&self) -> String {
        BASE32_DNSSEC.encode(&[self.user.bytes().as_slice(), &self.random].concat())
    }

    /// Whose password it is about.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// By which the store knows it.
    pub fn hash(&self) -> CodeHash {
        let hash = digest(&SHA256, self.text().as_bytes());
        CodeHash(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }

    /// Whether it is the one that is known by this hash. How long it takes tells of hashes alone, from which no code
    /// follows.
    pub fn is(&self, hash: &CodeHash) -> bool {
        self.hash() == *hash
    }
}

impl std::fmt::Debug for ResetCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ResetCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_written_and_says_whose_it_is() {
        let (user, code) = (UserId::new(), invite_code());
        assert_eq!(code.len(), 26);
        assert_ne!(code, invite_code());
        let reset = ResetCode::new(user);
        let text = reset.text();
        assert_eq!(text.len(), 45);
        for spelled in [text.clone(), text.to_uppercase()] {
            let read = ResetCode::parse(&spelled).unwrap();
            assert!(read == reset && read.user() == user && read.is(&reset.hash()), "{spelled}");
        }
        assert!(!ResetCode::new(user).is(&reset.hash()));
        for bad in ["", "0", &text[1..], &format!("{text}0"), &code, &text.replace(&text[..1], "z")] {
            assert!(ResetCode::parse(bad).is_none(), "{bad}");
        }
    }
}
