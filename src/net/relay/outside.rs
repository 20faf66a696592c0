//! The way from an allocation to peers that do not use this relay: a socket of its own, opened when one is named.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::AbortHandle;

use crate::live::Place;

/// The largest packet that is taken from a peer, in bytes; those of calls are smaller than any network's.
const MOST_PACKET: usize = 2048;
/// How long after a failure to read the next attempt is made.
const AGAIN: Duration = Duration::from_millis(20);

/// The socket of an allocation; closed on drop.
#[derive(Debug)]
pub(super) struct Outside {
    socket: Arc<UdpSocket>,
    reading: AbortHandle,
    _place: Place<()>,
}

impl Outside {
    /// Opens it at the allocation's own address, and hands over what comes to it: from whom, and the packet behind four
    /// bytes of room. Nothing is read any more once that says so.
    ///
    /// # Errors
    /// Where the port is another program's, or there are no descriptors.
    pub(crate) fn open(
        relayed: SocketAddr,
        host: IpAddr,
        place: Place<()>,
        receive: impl Fn(SocketAddr, &mut [u8]) -> Reading + Send + 'static,
    ) -> io::Result<Self> {
        let ip = match relayed.ip() {
            ip if ip.is_ipv4() == host.is_ipv4() => host,
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = std::net::UdpSocket::bind(SocketAddr::new(ip, relayed.port()))?;
        socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(socket)?);
        let reading = tokio::spawn(read(Arc::clone(&socket), receive)).abort_handle();
        Ok(Self { socket, reading, _place: place })
    }

    /// Sends to a peer. A packet for which there is no room just now is lost.
    pub(crate) fn send(&self, packet: &[u8], peer: SocketAddr) -> bool {
        self.socket.try_send_to(packet, peer).is_ok()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Whether more is to be read.
pub(super) enum Reading {
    GoesOn,
    IsOver,
}

async fn read(socket: Arc<UdpSocket>, receive: impl Fn(SocketAddr, &mut [u8]) -> Reading) {
    let mut packet = vec![0; 4 + MOST_PACKET];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut packet[4..]).await else {
            // A peer that is not there is told of here; the others are.
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if length < MOST_PACKET && matches!(receive(peer, &mut packet[..4 + length]), Reading::IsOver) {
            return;
        }
    }
}
