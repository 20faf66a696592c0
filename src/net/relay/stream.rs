//! The relay over a stream: TCP, or TLS from wherever it was accepted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::Relay;
use super::line::{Line, LineId, Outgoing};
use super::message::HEAD;

/// How long a stream may go without an allocation.
const IDLE: Duration = Duration::from_secs(15);
/// The largest packet that is taken, in bytes.
const MOST_PACKET: usize = 8 * 1024;

impl Relay {
    /// Serves a client over a stream until either closes it. `remote` is the client's address.
    pub async fn serve_stream(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite, remote: SocketAddr) {
        let (reader, writer) = tokio::io::split(stream);
        tokio::pin!(reader, writer);
        let outgoing = Outgoing::new(self.streams.fetch_add(1, Ordering::Relaxed), remote);
        let line = Line::Stream(Arc::clone(&outgoing));
        let open = Open { relay: self, line: line.id(), outgoing: &outgoing };
        let ended = tokio::select! {
            ended = self.read(reader, &line) => ended,
            ended = outgoing.write_to(writer) => ended,
            () = self.has_nothing(line.id()) => Ok(()),
        };
        drop(open);
        if let Err(error) = ended {
            tracing::trace!(%error, address = %remote, "a stream of the relay ended");
        }
    }

    /// Reads packets, each of which says how long it is.
    async fn read(self: &Arc<Self>, mut stream: impl AsyncRead + Unpin, line: &Line) -> io::Result<()> {
        let mut buffer = vec![0; MOST_PACKET];
        let mut filled = 0;
        loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            if read == 0 {
                return Ok(());
            }
            filled += read;
            let mut at = 0;
            while let Some(length) = packet_length(&buffer[at..filled])? {
                if at + length > filled {
                    break;
                }
                self.packet(line, &mut buffer[at..at + length]);
                at += length;
            }
            buffer.copy_within(at..filled, 0);
            filled -= at;
        }
    }

    /// Resolves when the client has had no allocation for a while.
    async fn has_nothing(&self, line: LineId) {
        loop {
            tokio::time::sleep(IDLE).await;
            if self.table.of(line).is_none() {
                return;
            }
        }
    }
}

/// How long the packet is that begins here, with what fills it up; `None` where it cannot be told yet.
fn packet_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(&[first, _, long, short]) = bytes.first_chunk::<4>() else { return Ok(None) };
    let told = usize::from(u16::from_be_bytes([long, short]));
    let length = match first {
        0x00..=0x3f => HEAD + told,
        0x40..=0x7f => (4 + told).next_multiple_of(4),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not the relay's protocol")),
    };
    if length > MOST_PACKET {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet is too large"));
    }
    Ok(Some(length))
}

/// With the stream the client's allocation goes.
struct Open<'a> {
    relay: &'a Relay,
    line: LineId,
    outgoing: &'a Outgoing,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.outgoing.close();
        self.relay.table.remove(self.line);
    }
}
