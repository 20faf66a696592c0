//! What a connection is for: its first byte tells, and after TLS the first one that was encrypted.
//!
//! One port serves everything, so this is where another protocol gets its connections: a variant here, and a line where
//! `opening` asks. The ranges are those of RFC 7983.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What may come over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A handshake record of TLS, 0x16.
    Tls,
    /// A message of STUN or TURN, whose first two bits are 0 and whose type is a small number.
    Stun,
    /// Everything else; http begins with a letter, and answers for itself to what is none.
    Http,
}

impl Protocol {
    fn beginning_with(first: u8) -> Self {
        match first {
            0x16 => Self::Tls,
            0..=3 => Self::Stun,
            _ => Self::Http,
        }
    }
}

/// A connection whose first byte can be looked at without being taken.
pub(crate) trait Peek {
    /// The first byte; `None` where the other end has closed.
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>>;
}

impl Peek for TcpStream {
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
        let mut byte = [0];
        let read = ready!(self.poll_peek(context, &mut ReadBuf::new(&mut byte)))?;
        Poll::Ready(Ok((read > 0).then_some(byte[0])))
    }
}

impl Peek for TlsStream<TcpStream> {
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
        let bytes = ready!(Pin::new(self).poll_fill_buf(context))?;
        Poll::Ready(Ok(bytes.first().copied()))
    }
}

/// Waits for the first byte and says what it begins; `None` where the other end closes instead.
///
/// # Errors
/// The connection's.
pub(crate) async fn tell(connection: &mut impl Peek) -> io::Result<Option<Protocol>> {
    let first = poll_fn(|context| connection.poll_first(context)).await?;
    Ok(first.map(Protocol::beginning_with))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn each_protocol_is_told_by_its_first_byte() {
        for (bytes, protocol) in [
            (&b"GET / HTTP/1.1"[..], Protocol::Http),
            (b"\r\nGET", Protocol::Http),
            (&[0x16, 3, 1], Protocol::Tls),
            // Binding and Allocate of STUN.
            (&[0, 1, 0, 0], Protocol::Stun),
            (&[0, 3, 0, 0], Protocol::Stun),
        ] {
            assert_eq!(Protocol::beginning_with(bytes[0]), protocol, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn the_first_byte_is_looked_at_and_stays() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut near, _) = listener.accept().await.unwrap();
        far.write_all(b"GET").await.unwrap();
        assert_eq!(tell(&mut near).await.unwrap(), Some(Protocol::Http));
        let mut came = [0; 3];
        near.read_exact(&mut came).await.unwrap();
        assert_eq!(&came, b"GET");
        drop(far);
        assert_eq!(tell(&mut near).await.unwrap(), None);
    }
}
