//! What lies in a shared database is sealed: who reads the database has neither the key of the certificate nor the
//! account. It is opened by the secret that signs tokens, which servers of one database share anyway.

use data_encoding::HEXLOWER;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::{SecureRandom, SystemRandom};

use crate::config::Secret;

/// What its key is made from, so that it is none that anything else is signed with.
const LABEL: &[u8] = b"tincan: certificates that servers share";

/// Seals and opens.
pub(crate) struct Sealing {
    key: LessSafeKey,
    names: Key,
}

impl Sealing {
    /// With a key that is made from the secret that signs tokens.
    pub(crate) fn of(secret: &Secret) -> Self {
        let made = sign(&Key::new(HMAC_SHA256, secret.expose().as_bytes()), LABEL);
        let key = UnboundKey::new(&AES_256_GCM, made.as_ref()).expect("it is as long as a key");
        Self { key: LessSafeKey::new(key), names: Key::new(HMAC_SHA256, made.as_ref()) }
    }

    /// What something of this description is called: servers with another secret, or for which something else is
    /// wanted, call theirs otherwise.
    pub(crate) fn name(&self, description: &str) -> String {
        HEXLOWER.encode(&sign(&self.names, description.as_bytes()).as_ref()[..12])
    }

    /// Seals what lies under a name.
    pub(crate) fn seal(&self, name: &str, content: &[u8]) -> Result<Vec<u8>, String> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| "the system gives no random numbers".to_owned())?;
        let mut sealed = content.to_vec();
        let aad = Aad::from(name.as_bytes());
        let done = self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed);
        done.map_err(|_| "it cannot be sealed".to_owned())?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens it; `None` where it was sealed with another key, for another name, or changed.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = sealed.to_vec();
        let opened = self.key.open_in_place(nonce, Aad::from(name.as_bytes()), &mut content).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_name_with_the_same_secret_alone() {
        let sealing = |secret: &str| Sealing::of(&Secret::new(secret.to_owned()));
        let (one, same, other) = (sealing("a"), sealing("a"), sealing("b"));
        let sealed = one.seal("certificate", b"the key").unwrap();
        assert!(!sealed.windows(7).any(|piece| piece == b"the key"));
        assert_eq!(same.open("certificate", &sealed).as_deref(), Some(&b"the key"[..]));
        assert_eq!(other.open("certificate", &sealed), None);
        assert_eq!(same.open("account", &sealed), None);
        assert_eq!(same.open("certificate", &sealed[..20]), None);
        assert_eq!(same.open("certificate", b"x"), None);
        assert_ne!(one.seal("certificate", b"the key").unwrap(), sealed, "each time otherwise");
        assert!(one.name("x") == same.name("x") && one.name("x") != other.name("x") && one.name("x") != one.name("y"));
    }
}
