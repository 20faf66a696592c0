//! Reads messages of STUN and TURN (RFC 8489, RFC 8656). What is malformed is no message; what is read is borrowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use ring::hmac;

/// In every message, at the same place.
pub(super) const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Of the head of a message.
pub(super) const HEAD: usize = 20;
/// What the check sum at the end of a message is mixed with.
pub(super) const FINGERPRINT_MASK: u32 = 0x5354_554e;

/// Types of messages, class and method together.
pub(super) mod kind {
    pub(crate) const BINDING: u16 = 0x0001;
    pub(crate) const ALLOCATE: u16 = 0x0003;
    pub(crate) const REFRESH: u16 = 0x0004;
    pub(crate) const SEND: u16 = 0x0016;
    pub(crate) const DATA: u16 = 0x0017;
    pub(crate) const CREATE_PERMISSION: u16 = 0x0008;
    pub(crate) const CHANNEL_BIND: u16 = 0x0009;
    /// Added to a request's type.
    pub(crate) const SUCCESS: u16 = 0x0100;
    /// Added to a request's type.
    pub(crate) const FAILURE: u16 = 0x0110;
}

/// Types of attributes.
pub(super) mod attribute {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const CHANNEL_NUMBER: u16 = 0x000c;
    pub(crate) const LIFETIME: u16 = 0x000d;
    pub(crate) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(crate) const DATA: u16 = 0x0013;
    pub(crate) const REALM: u16 = 0x0014;
    pub(crate) const NONCE: u16 = 0x0015;
    pub(crate) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(crate) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(crate) const EVEN_PORT: u16 = 0x0018;
    pub(crate) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const RESERVATION_TOKEN: u16 = 0x0022;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
}

/// Identifies a request and its answer.
pub(super) type Transaction = [u8; 12];

/// A message, with what this server reads of it.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    pub kind: u16,
    pub transaction: Transaction,
    pub username: Option<&'a [u8]>,
    pub realm: Option<&'a [u8]>,
    pub nonce: Option<&'a [u8]>,
    /// Where the proof of the password begins, and the proof.
    integrity: Option<(usize, &'a [u8])>,
    pub fingerprint: bool,
    pub lifetime: Option<u32>,
    pub transport: Option<u8>,
    pub family: Option<u8>,
    pub even_port: Option<u8>,
    pub reservation: bool,
    pub channel: Option<u16>,
    pub peer: Option<SocketAddr>,
    /// Peers beside the first; a permission may be asked for several.
    pub more_peers: Vec<SocketAddr>,
    /// Where the data is that is to be relayed; there is an attribute's head before it.
    pub data: Option<Range<usize>>,
    /// Types of attributes that must be understood, and are not.
    pub unknown: Vec<u16>,
}

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

impl<'a> Message<'a> {
    /// Reads one that fills `bytes`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let kind = two(bytes, 0)?;
        let length = usize::from(two(bytes, 2)?);
        let sound = kind & 0xc000 == 0 && length % 4 == 0 && bytes.len() == HEAD + length && bytes[4..8] == COOKIE;
        if !sound {
            return None;
        }
        let mut message = Self { bytes, kind, transaction: bytes[8..HEAD].try_into().ok()?, ..Self::default() };
        let mut at = HEAD;
        while at < bytes.len() {
            let (attribute, length) = (two(bytes, at)?, usize::from(two(bytes, at + 2)?));
            let value = bytes.get(at + 4..at + 4 + length)?;
            // Behind the proof of the password nothing counts but the check sum.
            if message.integrity.is_none() || attribute == attribute::FINGERPRINT {
                message.take(attribute, value, at)?;
            }
            at += 4 + length.next_multiple_of(4);
        }
        Some(message)
    }

    fn take(&mut self, kind: u16, value: &'a [u8], at: usize) -> Option<()> {
        let four = || <[u8; 4]>::try_from(value).ok();
        match kind {
            attribute::USERNAME => self.username = Some(value),
            attribute::REALM => self.realm = Some(value),
            attribute::NONCE => self.nonce = Some(value),
            attribute::MESSAGE_INTEGRITY => {
                if value.len() != 20 {
                    return None;
                }
                self.integrity = Some((at, value));
            }
            attribute::FINGERPRINT => {
                let sum = crc32fast::hash(&self.bytes[..at]) ^ FINGERPRINT_MASK;
                if four()? != sum.to_be_bytes() || at + 8 != self.bytes.len() {
                    return None;
                }
                self.fingerprint = true;
            }
            attribute::LIFETIME => self.lifetime = Some(u32::from_be_bytes(four()?)),
            attribute::REQUESTED_TRANSPORT => self.transport = Some(four()?[0]),
            attribute::REQUESTED_ADDRESS_FAMILY => self.family = Some(four()?[0]),
            attribute::CHANNEL_NUMBER => self.channel = Some(u16::from_be_bytes([four()?[0], four()?[1]])),
            attribute::EVEN_PORT => self.even_port = Some(*value.first()?),
            attribute::RESERVATION_TOKEN => self.reservation = true,
            attribute::DATA => self.data = Some(at + 4..at + 4 + value.len()),
            attribute::XOR_PEER_ADDRESS => {
                let peer = read_address(value, &self.transaction)?;
                match self.peer {
                    None => self.peer = Some(peer),
                    Some(_) => self.more_peers.push(peer),
                }
            }
            // The upper half need not be understood.
            0x8000.. => {}
            _ => self.unknown.push(kind),
        }
        Some(())
    }

    /// It carries a proof of a password.
    pub(crate) const fn is_signed(&self) -> bool {
        self.integrity.is_some()
    }

    /// The proof is right.
    pub(crate) fn is_signed_by(&self, key: &hmac::Key) -> bool {
        let Some((at, proof)) = self.integrity else { return false };
        let mut bytes = self.bytes[..at].to_vec();
        set_length(&mut bytes, at + 24 - HEAD);
        hmac::verify(key, &bytes, proof).is_ok()
    }
}

/// Writes the length of what is behind the head.
pub(super) fn set_length(bytes: &mut [u8], length: usize) {
    bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
}

/// An address that is mixed with the cookie, so that nothing on the way mistakes it for one to be rewritten. An IPv4
/// address in IPv6 form is the IPv4 address.
pub(super) fn read_address(value: &[u8], transaction: &Transaction) -> Option<SocketAddr> {
    let port = two(value, 2)? ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
    let mask = COOKIE.iter().chain(transaction);
    let ip = match (value[1], value.len()) {
        (1, 8) => {
            let mut plain = [0; 4];
            plain.iter_mut().zip(value[4..].iter().zip(mask)).for_each(|(plain, (byte, mask))| *plain = byte ^ mask);
            IpAddr::V4(Ipv4Addr::from(plain))
        }
        (2, 20) => {
            let mut plain = [0; 16];
            plain.iter_mut().zip(value[4..].iter().zip(mask)).for_each(|(plain, (byte, mask))| *plain = byte ^ mask);
            IpAddr::V6(Ipv6Addr::from(plain)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::*;

    /// From the test vectors of RFC 5769: a request with all that a request has.
    const SAMPLE: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\
        \x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\
        \x00\x06\x00\x09evtj:h6vY\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\
        \xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

    #[test]
    fn the_sample_of_the_rfc_is_read_and_its_proofs_are_right() {
        let message = Message::parse(SAMPLE).unwrap();
        assert_eq!((message.kind, message.username), (kind::BINDING, Some(&b"evtj:h6vY"[..])));
        assert!(message.fingerprint && message.is_signed());
        // PRIORITY is of ICE, not of TURN.
        assert_eq!(message.unknown, [0x24]);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"VOkJxbRl1RmTxUk/WvJxBt");
        assert!(message.is_signed_by(&key));
        let wrong = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"another");
        assert!(!message.is_signed_by(&wrong));
    }

    #[test]
    fn what_is_cut_off_or_changed_is_no_message_and_harms_nobody() {
        for end in 0..SAMPLE.len() {
            assert!(Message::parse(&SAMPLE[..end]).is_none(), "{end}");
        }
        for at in 0..SAMPLE.len() {
            for bit in 0..8 {
                let mut changed = SAMPLE.to_vec();
                changed[at] ^= 1 << bit;
                // The check sum covers all but itself.
                assert!(Message::parse(&changed).is_none_or(|message| !message.fingerprint), "{at} {bit}");
            }
        }
    }

    #[test]
    fn an_address_is_read_as_it_is_written_in_both_families() {
        for text in ["192.0.2.1:32853", "[2001:db8::1]:32853"] {
            let address: SocketAddr = text.parse().unwrap();
            let written = Answer::new(kind::DATA, &[3; 12]).with_address(attribute::XOR_PEER_ADDRESS, address);
            assert_eq!(Message::parse(&written.into_bytes()).unwrap().peer, Some(address));
        }
        let mapped: SocketAddr = "[::ffff:127.0.0.1]:1".parse().unwrap();
        let mask: Vec<u8> = COOKIE.into_iter().chain([3; 12]).collect();
        let octets = "::ffff:127.0.0.1".parse::<Ipv6Addr>().unwrap().octets();
        let mut value = vec![0, 2, mapped.port().to_be_bytes()[0] ^ mask[0], mapped.port().to_be_bytes()[1] ^ mask[1]];
        value.extend(octets.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        let written = Answer::new(kind::DATA, &[3; 12]).with(attribute::XOR_PEER_ADDRESS, &value).into_bytes();
        let peer = Message::parse(&written).unwrap().peer.unwrap();
        assert_eq!(peer, "127.0.0.1:1".parse().unwrap(), "an IPv4 address in IPv6 form is the IPv4 address");
    }
}
