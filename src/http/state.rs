//! What handlers are given: each names the services that it needs.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRef;

use crate::chat::{
    Accounts, Administration, Calls, Connections, Directory, Invites, Membership, Messages, Relaying, RoomList, Rooms,
};
use crate::config::Config;
use crate::live::Limits;
use crate::net::Tls;
use crate::net::relay::Relay;
use crate::store::Store;

/// Everything that some handler needs.
#[derive(Clone, FromRef)]
pub struct Services {
    /// The settings.
    pub config: Arc<Config>,
    /// The store, for `/health`.
    pub store: Arc<dyn Store>,
    /// The limits of rate.
    pub limits: Arc<Limits>,
    /// Accounts and who somebody is.
    pub accounts: Arc<Accounts>,
    /// Invitations.
    pub invites: Arc<Invites>,
    /// What administrators do.
    pub administration: Arc<Administration>,
    /// Who is connected.
    pub connections: Arc<Connections>,
    /// Everybody with an account.
    pub directory: Arc<Directory>,
    /// The making and changing of rooms.
    pub rooms: Arc<Rooms>,
    /// The rooms that there are.
    pub room_list: Arc<RoomList>,
    /// Who is in which room.
    pub membership: Arc<Membership>,
    /// Messages of rooms.
    pub messages: Arc<Messages>,
    /// Calls.
    pub calls: Arc<Calls>,
    /// What callers are told of relays.
    pub relaying: Arc<Relaying>,
    /// The relay of the executable, where there is one.
    pub relay: Option<Arc<Relay>>,
    /// What https is served with.
    pub tls: Option<Arc<Tls>>,
    /// When the server started.
    pub started: Instant,
}
