//! The way back to a client: datagrams from the relay's socket, or a stream of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// How much may wait for a stream, in bytes. What comes beyond is lost, as on any path that is too narrow.
const MOST_WAITING: usize = 256 * 1024;

/// The way back to a client.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// From this socket to this address.
    Datagrams(Arc<UdpSocket>, SocketAddr),
    /// Over this stream.
    Stream(Arc<Outgoing>),
}

/// Tells the ways to clients apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LineId {
    Datagrams(SocketAddr),
    Stream(u64),
}

impl Line {
    /// What tells it apart.
    pub(crate) fn id(&self) -> LineId {
        match self {
            Self::Datagrams(_, client) => LineId::Datagrams(*client),
            Self::Stream(stream) => LineId::Stream(stream.number),
        }
    }

    /// The client's address. An IPv4 address in IPv6 form is the IPv4 address.
    pub(crate) fn client(&self) -> SocketAddr {
        let client = match self {
            Self::Datagrams(_, client) => *client,
            Self::Stream(stream) => stream.client,
        };
        SocketAddr::new(client.ip().to_canonical(), client.port())
    }

    /// The client can be sent nothing more.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Datagrams(..) => false,
            Self::Stream(stream) => stream.closed.load(Ordering::Acquire),
        }
    }

    /// Sends a message, or a packet of a channel. One for which there is no room just now is lost.
    pub(crate) fn send(&self, packet: &[u8]) {
        match self {
            Self::Datagrams(socket, client) => {
                // What is lost here would be lost on the way as well.
                let _ = socket.try_send_to(packet, *client);
            }
            Self::Stream(stream) => stream.queue(packet),
        }
    }
}

/// What waits to be written to a stream.
#[derive(Debug)]
pub(super) struct Outgoing {
    number: u64,
    client: SocketAddr,
    waiting: Mutex<Vec<u8>>,
    more: Notify,
    closed: AtomicBool,
}

impl Outgoing {
    /// Of a stream with this number of its own, to this client.
    pub(crate) fn new(number: u64, client: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            number,
            client,
            waiting: Mutex::default(),
            more: Notify::new(),
            closed: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream is closed.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn queue(&self, packet: &[u8]) {
        let mut waiting = self.lock();
        if waiting.len() + packet.len() > MOST_WAITING {
            return;
        }
        waiting.extend_from_slice(packet);
        // On a stream each begins at a multiple of four.
        let padded = waiting.len().next_multiple_of(4);
        waiting.resize(padded, 0);
        drop(waiting);
        self.more.notify_one();
    }

    /// Writes what is queued, for ever.
    ///
    /// # Errors
    /// Where the stream takes no more.
    pub(crate) async fn write_to(&self, mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut writing = Vec::new();
        loop {
            self.more.notified().await;
            std::mem::swap(&mut *self.lock(), &mut writing);
            stream.write_all(&writing).await?;
            stream.flush().await?;
            writing.clear();
            // A burst should not hold on to its memory.
            writing.shrink_to(16 * 1024);
        }
    }
}
