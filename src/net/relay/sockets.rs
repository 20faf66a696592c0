//! The sockets of the relay's own port: one for datagrams, and a listener for streams.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::{TcpListener, UdpSocket};

use crate::net::binding;

/// How often a port is looked for that is free for both, where the system chooses.
const TRIES: usize = 16;
/// What may wait in the system for the socket, in bytes, each way; it may allow less.
const SYSTEM_BUFFER: usize = 2 * 1024 * 1024;

/// The sockets of the relay's own port.
pub(super) struct Sockets {
    pub datagrams: Arc<UdpSocket>,
    pub streams: TcpListener,
    port: u16,
}

impl Sockets {
    /// Both at one port; 0 lets the system choose.
    pub(crate) fn bind(host: IpAddr, port: u16) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::bind_both(host, port) {
                Err(error) if port == 0 && error.kind() == io::ErrorKind::AddrInUse && tries < TRIES => {}
                bound => return bound,
            }
        }
    }

    fn bind_both(host: IpAddr, port: u16) -> io::Result<Self> {
        let streams = binding::listen(SocketAddr::new(host, port))?;
        let port = streams.local_addr()?.port();
        let datagrams = binding::datagrams(SocketAddr::new(host, port))?;
        let socket = SockRef::from(&datagrams);
        // More than the default, so that a burst of many calls is not lost; with less it works too.
        let _ = socket.set_recv_buffer_size(SYSTEM_BUFFER);
        let _ = socket.set_send_buffer_size(SYSTEM_BUFFER);
        Ok(Self { datagrams: Arc::new(datagrams), streams, port })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}
