//! How often somebody may do something: the protocol's table Limits.

use std::net::IpAddr;

use crate::error::Error;
use crate::model::UserId;

/// The limits that are kept by address, account or user. All of them always let through where the setting is off.
#[derive(Debug)]
pub struct Limits {}

/// The limits of one socket, by class of event.
#[derive(Debug)]
pub struct SocketLimits {}

/// Classes of events that are metered apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// `send-message`
    Message,
    /// Offers, answers, candidates.
    Signal,
    /// Everything else.
    Other,
}

/// A place among the connections of an address that have not authenticated; given back on drop.
#[derive(Debug)]
pub struct Handshake {}

impl Limits {
    /// `on` as the setting says.
    pub fn new(on: bool) -> Self {
        let _ = on;
        todo!()
    }

    /// Counts a sign-up by address.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn signup(&self, address: IpAddr) -> Result<(), Error> {
        let _ = address;
        todo!()
    }

    /// Whether a log-in may be tried: neither the address with this account nor the address has failed too often. Counts nothing.
    /// `account` is the name or address that was given, as a key without regard to case.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn login(&self, address: IpAddr, account: &str) -> Result<(), Error> {
        let _ = (address, account);
        todo!()
    }

    /// Counts a failed log-in.
    pub fn login_failed(&self, address: IpAddr, account: &str) {
        let _ = (address, account);
        todo!()
    }

    /// Counts a REST request of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn rest(&self, user: UserId) -> Result<(), Error> {
        let _ = user;
        todo!()
    }

    /// Counts a new room of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn room_created(&self, user: UserId) -> Result<(), Error> {
        let _ = user;
        todo!()
    }

    /// Counts an `initiate-call` of a user.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn call_initiated(&self, user: UserId) -> Result<(), Error> {
        let _ = user;
        todo!()
    }

    /// Takes a place for a connection that has not authenticated.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn handshake(&self, address: IpAddr) -> Result<Handshake, Error> {
        let _ = address;
        todo!()
    }

    /// The limits of a new socket.
    pub fn socket(&self) -> SocketLimits {
        todo!()
    }
}

impl SocketLimits {
    /// Counts an event.
    ///
    /// # Errors
    /// [`Error::RateLimited`].
    pub fn check(&self, class: EventClass) -> Result<(), Error> {
        let _ = class;
        todo!()
    }
}
