//! Credentials for relays, in the form of coturn's REST API: a name that says when it ends and whose it is, and a
//! password made from it with a secret that only server and relay know.

use data_encoding::BASE64;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, Key, sign};

use crate::config::Secret;
use crate::model::{Timestamp, UserId};

/// What the secret of the own relay is made from, so that it is none that anything else is signed with.
const LABEL: &[u8] = b"tincan: credentials of the relay";

/// The name in a credential: `<end in seconds since 1970>:<user>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayName {
    /// From then on it is worth nothing, in seconds since 1970.
    pub ends: i64,
    /// Whose it is.
    pub user: UserId,
}

impl RelayName {
    /// Reads one; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (ends, user) = text.split_once(':')?;
        let digits = !ends.is_empty() && ends.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { ends: ends.parse().ok().filter(|_| digits)?, user: UserId::parse(user)? })
    }

    /// Whether it is good no more.
    pub fn has_ended(&self) -> bool {
        self.ends <= Timestamp::now().millis().div_euclid(1000)
    }
}

impl std::fmt::Display for RelayName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.ends, self.user)
    }
}

/// The password that goes with a name, made with a secret that is shared with a relay elsewhere.
pub fn shared_credential(secret: &Secret, name: &str) -> String {
    credential(secret.expose().as_bytes(), name)
}

fn credential(secret: &[u8], name: &str) -> String {
    BASE64.encode(sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), name.as_bytes()).as_ref())
}

/// Makes the passwords for the relay of the executable. Servers that sign tokens with one secret agree on them, and a
/// restart changes none.
pub struct RelayKeys(Key);

impl RelayKeys {
    /// From the secret that signs tokens. A token's signature is over text that begins otherwise than the label, so
    /// neither says anything of the other.
    pub fn new(jwt_secret: &Secret) -> Self {
        let root = sign(&Key::new(HMAC_SHA256, jwt_secret.expose().as_bytes()), LABEL);
        Self(Key::new(HMAC_SHA256, root.as_ref()))
    }

    /// The password that goes with a name, of a user whose tokens have this version: whatever ends them ends it too.
    pub fn password(&self, name: &str, version: u32) -> String {
        credential(sign(&self.0, &version.to_be_bytes()).as_ref(), name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_credential_is_as_coturn_makes_it() {
        // printf '1700000000:ann' | openssl dgst -sha1 -hmac north -binary | base64
        let secret = Secret::new("north".to_owned());
        assert_eq!(shared_credential(&secret, "1700000000:ann"), "jeamH6dA5l2I9g3jmieza7CzEDo=");
    }

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
        let name = RelayName { ends: 1_700_000_000, user: UserId::new() };
        assert_eq!(RelayName::parse(&name.to_string()), Some(name));
        assert!(name.has_ended());
        let id = UserId::new();
        for bad in ["", ":", "1", &format!(":{id}"), &format!("+1:{id}"), &format!("-1:{id}"), &format!("1:{id}x")] {
            assert!(RelayName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_password_of_the_own_relay_ends_with_the_tokens_and_depends_on_the_secret() {
        let (one, other) = (RelayKeys::new(&Secret::new("one".into())), RelayKeys::new(&Secret::new("other".into())));
        assert_eq!(one.password("n", 1), RelayKeys::new(&Secret::new("one".into())).password("n", 1));
        assert_ne!(one.password("n", 1), one.password("n", 2));
        assert_ne!(one.password("n", 1), other.password("n", 1));
    }
}
