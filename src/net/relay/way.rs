//! The way of a probe to a relay: datagrams, or a stream, plain or within TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::message::HEAD;
use crate::net::dial::encrypted;

/// How long a stream may take to open.
const PATIENCE: Duration = Duration::from_secs(8);

/// The largest message that is taken.
const MOST_MESSAGE: usize = 2048;

/// How a relay is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Over UDP.
    Udp,
    /// Over TCP.
    Tcp,
    /// Over TLS, where it has to show a certificate for this name.
    Tls(String),
}

/// A stream of either kind.
pub(super) trait Flow: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Flow for T {}

/// The way, open.
pub(super) enum Way {
    Datagrams(UdpSocket),
    Stream(Mutex<Incoming>, Mutex<WriteHalf<Box<dyn Flow>>>),
}

/// What has come over a stream and is not whole yet.
pub(super) struct Incoming {
    half: ReadHalf<Box<dyn Flow>>,
    bytes: Vec<u8>,
}

impl Way {
    /// Opens it.
    ///
    /// # Errors
    /// Where nothing can be sent there; over TLS also where browsers do not take the certificate.
    pub(crate) async fn open(server: SocketAddr, by: &By) -> io::Result<Self> {
        if *by == By::Udp {
            let any: IpAddr =
                if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind((any, 0)).await?;
            socket.connect(server).await?;
            return Ok(Self::Datagrams(socket));
        }
        let stream = timeout(PATIENCE, TcpStream::connect(server)).await??;
        let flow: Box<dyn Flow> = match by {
            By::Tls(name) => {
                let (stream, seen) = timeout(PATIENCE, encrypted(name, stream)).await??;
                if let Some(why) = seen.and_then(|seen| seen.refused) {
                    return Err(io::Error::other(format!("browsers do not take its certificate: {why}")));
                }
                Box::new(stream)
            }
            By::Tcp | By::Udp => Box::new(stream),
        };
        let (half, out) = split(flow);
        Ok(Self::Stream(Mutex::new(Incoming { half, bytes: Vec::new() }), Mutex::new(out)))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) async fn send(&self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Datagrams(socket) => socket.send(message).await.map(drop),
            Self::Stream(_, out) => {
                let mut out = out.lock().await;
                out.write_all(message).await?;
                out.flush().await
            }
        }
    }

    /// The next message. Given up in between, nothing of it is lost.
    ///
    /// # Errors
    /// Those of the connection.
    pub(crate) async fn receive(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Datagrams(socket) => {
                let mut bytes = vec![0; MOST_MESSAGE];
                let length = socket.recv(&mut bytes).await?;
                bytes.truncate(length);
                Ok(bytes)
            }
            Self::Stream(incoming, _) => incoming.lock().await.message().await,
        }
    }
}

impl Incoming {
    async fn message(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let whole =
                self.bytes.get(2..4).map(|length| HEAD + usize::from(u16::from_be_bytes([length[0], length[1]])));
            match whole {
                Some(whole) if whole > MOST_MESSAGE => return Err(io::ErrorKind::InvalidData.into()),
                Some(whole) if self.bytes.len() >= whole => return Ok(self.bytes.drain(..whole).collect()),
                _ => {}
            }
            if self.half.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
