//! Writes messages of STUN and TURN.

use std::net::{IpAddr, SocketAddr};

use ring::hmac;

use super::message::{COOKIE, FINGERPRINT_MASK, HEAD, Message, Transaction, attribute, kind, set_length};

/// A message that is being written.
pub(super) struct Answer {
    bytes: Vec<u8>,
    transaction: Transaction,
}

impl Answer {
    /// Without attributes.
    pub(crate) fn new(kind: u16, transaction: &Transaction) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&COOKIE);
        bytes.extend_from_slice(transaction);
        Self { bytes, transaction: *transaction }
    }

    /// What a request is answered that was carried out.
    pub(crate) fn success(to: &Message<'_>) -> Self {
        Self::new(to.kind | kind::SUCCESS, &to.transaction)
    }

    /// What a request is answered that was refused.
    pub(crate) fn failure(to: &Message<'_>, code: u16, reason: &str) -> Self {
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(reason.as_bytes());
        Self::new(to.kind | kind::FAILURE, &to.transaction).with(attribute::ERROR_CODE, &value)
    }

    /// Adds an attribute.
    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        self.bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let length = self.bytes.len() - HEAD;
        set_length(&mut self.bytes, length);
        self
    }

    /// Adds an address.
    pub(crate) fn with_address(self, kind: u16, address: SocketAddr) -> Self {
        let mask: Vec<u8> = COOKIE.iter().chain(&self.transaction).copied().collect();
        let port = address.port() ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
        let (family, octets) = match address.ip().to_canonical() {
            IpAddr::V4(ip) => (1, ip.octets().to_vec()),
            IpAddr::V6(ip) => (2, ip.octets().to_vec()),
        };
        let mut value = vec![0, family];
        value.extend_from_slice(&port.to_be_bytes());
        value.extend(octets.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        self.with(kind, &value)
    }

    /// Proves that whoever writes it knows the password.
    pub(crate) fn signed(mut self, key: &hmac::Key) -> Self {
        let length = self.bytes.len() + 24 - HEAD;
        set_length(&mut self.bytes, length);
        let proof = hmac::sign(key, &self.bytes);
        self.with(attribute::MESSAGE_INTEGRITY, proof.as_ref())
    }

    /// Adds a check sum where the request had one, and is done.
    pub(crate) fn finish(mut self, to: &Message<'_>) -> Vec<u8> {
        if to.fingerprint {
            let length = self.bytes.len() + 8 - HEAD;
            set_length(&mut self.bytes, length);
            let sum = crc32fast::hash(&self.bytes) ^ FINGERPRINT_MASK;
            self = self.with(attribute::FINGERPRINT, &sum.to_be_bytes());
        }
        self.bytes
    }

    /// As it is.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
