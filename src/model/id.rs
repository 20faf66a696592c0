//! Identifiers: MongoDB ObjectIds for what is stored, opaque ids of our own for connections.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Serialize, Serializer};

use super::Timestamp;

/// Fresh ObjectId bytes: 4 bytes of seconds, 5 random for the process, a 3-byte counter.
fn object_id() -> [u8; 12] {
    static PROCESS: OnceLock<[u8; 5]> = OnceLock::new();
    static COUNTER: OnceLock<AtomicU32> = OnceLock::new();
    let process = PROCESS.get_or_init(random);
    let counter = COUNTER.get_or_init(|| AtomicU32::new(u32::from_be_bytes(random()))).fetch_add(1, Ordering::Relaxed);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs() as u32);
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..9].copy_from_slice(process);
    bytes[9..].copy_from_slice(&counter.to_be_bytes()[1..]);
    bytes
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// The bytes behind exactly `2 * N` lower-case hex digits.
fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let right_length = text.len() == 2 * N;
    (right_length && HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
}

/// Writes bytes as hex digits, of which `digits` has room for just as many: lists of people hold thousands of ids.
fn serialize_hex<S: Serializer>(bytes: &[u8], digits: &mut [u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(HEXLOWER.encode_mut_str(bytes, digits))
}

macro_rules! object_id_type {
    ($(#[$doc:meta])* $name:ident) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $(#[$doc])*
        pub struct $name([u8; 12]);

        impl $name {
            /// A new id, later in order than those made before by this process (to the second, and within it by count).
            #[expect(clippy::new_without_default, reason = "a default id would be a surprise")]
            pub fn new() -> Self {
                Self(object_id())
            }

            /// Exactly 24 lower-case hex digits; anything else is the id of nothing.
            pub fn parse(text: &str) -> Option<Self> {
                parse_hex(text).map(Self)
            }

            /// The id in a text; where the text is no id, the id of nothing, by which nothing is ever found.
            pub fn or_nothing(text: &str) -> Self {
                Self::parse(text).unwrap_or(Self([0; 12]))
            }

            /// When it was made, to the second.
            pub const fn made_at(self) -> Timestamp {
                let [a, b, c, d, ..] = self.0;
                Timestamp::from_millis(u32::from_be_bytes([a, b, c, d]) as i64 * 1000)
            }

            /// From the bytes of a stored ObjectId.
            pub const fn from_bytes(bytes: [u8; 12]) -> Self {
                Self(bytes)
            }

            /// The bytes of the ObjectId.
            pub const fn bytes(self) -> [u8; 12] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                HEXLOWER.encode_display(&self.0).fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize_hex(&self.0, &mut [0; 24], serializer)
            }
        }
    };
}

object_id_type!(
    /// Names a user.
    UserId
);
object_id_type!(
    /// Names a room.
    RoomId
);
object_id_type!(
    /// Names a message.
    MessageId
);
object_id_type!(
    /// Names a call.
    CallId
);

object_id_type!(
    /// Names an invitation.
    InviteId
);
object_id_type!(
    /// Names a running server.
    ServerId
);

/// Names a connection to other people: 32 hex digits, minted here and never the transport's own id,
/// by which a session could be taken over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u128);

impl SocketId {
    /// A new one, not to be guessed.
    #[expect(clippy::new_without_default, reason = "a default id would be a surprise")]
    pub fn new() -> Self {
        Self(u128::from_be_bytes(random()))
    }

    /// Exactly 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0.to_be_bytes()).fmt(out)
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl Serialize for SocketId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_hex(&self.0.to_be_bytes(), &mut [0; 32], serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_and_only_lower_case_is_one() {
        let id = UserId::new();
        assert_eq!(UserId::parse(&id.to_string()), Some(id));
        assert_eq!(UserId::parse(&id.to_string().to_uppercase().replace('0', "A")), None);
        assert_eq!(UserId::parse("65f"), None);
        let socket = SocketId::new();
        assert_eq!(SocketId::parse(&socket.to_string()), Some(socket));
    }

    #[test]
    fn later_ids_are_greater_and_none_repeats() {
        let ids: Vec<RoomId> = (0..1000).map(|_| RoomId::new()).collect();
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}
