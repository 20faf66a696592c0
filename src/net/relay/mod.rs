//! The relay: STUN and TURN (RFC 8489, RFC 8656) for calls of this server's users that find no way of their own.
//!
//! An allocation is an address at this machine that stands for a client. Where both ends of a call have one, what they
//! send each other is handed over within the process: nothing enters the network behind the machine, and no port but
//! the relay's needs to be open. Only for peers beyond it does an allocation have a socket, and only to addresses that
//! `peers.rs` allows.

mod addresses;
mod allocation;
mod answer;
mod forwarding;
mod line;
mod listening;
mod message;
mod nonce;
mod outside;
mod peers;
mod probe;
mod requests;
mod share;
mod sockets;
mod strangers;
mod stream;
mod table;
mod way;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::Semaphore;

use self::addresses::Addresses;
use self::nonce::Nonces;
use self::sockets::Sockets;
use self::strangers::Strangers;
use self::table::Table;
use crate::chat::Relaying;
use crate::config::{Config, Turn};
use crate::error::Error;
use crate::live::Places;

pub use self::probe::{ProbeError, relay_to_itself, seen_address};
pub use self::way::By;

/// Whether these bytes are a message of STUN or TURN: for the fuzzers, which see only what is public.
#[doc(hidden)]
pub fn is_message(bytes: &[u8]) -> bool {
    message::Message::parse(bytes).is_some()
}

/// How many users are looked up in the store at a time.
const LOOKUPS: usize = 64;

/// The relay of this server.
pub struct Relay {
    relaying: Arc<Relaying>,
    host: IpAddr,
    addresses: Addresses,
    nonces: Nonces,
    strangers: Strangers,
    table: Table,
    lookups: Arc<Semaphore>,
    outside: Places<()>,
    streams: AtomicU64,
    packets: AtomicU64,
    bytes: AtomicU64,
    sockets: Option<Sockets>,
}

impl Relay {
    /// By the settings; `None` where they want none. Where its port is another program's, it is without one, and says
    /// so: streams that come to the server's own port are served all the same.
    pub fn open(config: &Config, relaying: &Arc<Relaying>) -> Option<Arc<Self>> {
        let told = match config.turn {
            Turn::Off => return None,
            Turn::Auto => None,
            Turn::At(ip) => Some(ip),
        };
        let sockets = match Sockets::bind(config.host, config.turn_port) {
            Ok(sockets) => Some(sockets),
            Err(error) => {
                let port = config.turn_port;
                tracing::warn!(
                    "the relay cannot listen on port {port} ({error}), and calls go without it where they cannot \
                     come through the server's own port; choose another with --turn-port, or --turn off"
                );
                None
            }
        };
        Some(Arc::new(Self {
            relaying: Arc::clone(relaying),
            host: config.host,
            addresses: Addresses::find(told),
            nonces: Nonces::new(),
            strangers: Strangers::new(),
            table: Table::default(),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            outside: Places::default(),
            streams: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            sockets,
        }))
    }

    /// The port on which it listens, UDP and TCP; `None` where it has none.
    pub fn port(&self) -> Option<u16> {
        self.sockets.as_ref().map(Sockets::port)
    }

    /// Ends allocations whose time is up. To be called about once a second.
    pub fn expire(&self) {
        let left = self.table.expire(Instant::now());
        metrics::gauge!("tincan_relay_allocations").set(left as f64);
        metrics::counter!("tincan_relay_packets_total").increment(self.packets.swap(0, Ordering::Relaxed));
        metrics::counter!("tincan_relay_bytes_total").increment(self.bytes.swap(0, Ordering::Relaxed));
    }

    /// Ends allocations of users whose tokens were revoked, or who are gone, wherever that was done.
    ///
    /// # Errors
    /// [`Error::Storage`]; it may be tried again.
    pub async fn recheck(&self) -> Result<(), Error> {
        let holders = self.table.holders();
        if holders.is_empty() {
            return Ok(());
        }
        let ended = self.relaying.ended(&holders).await?;
        if !ended.is_empty() {
            self.table.remove_if(|one| ended.contains(&(one.holder.user, one.holder.version)));
        }
        Ok(())
    }

    /// Looks again for the addresses of this machine.
    pub fn find_addresses(&self) {
        self.addresses.find_again();
    }
}
