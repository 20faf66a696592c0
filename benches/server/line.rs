//! A WebSocket of the benchmark's own, so that the load costs little beside the server: all connections of a thread
//! read into one buffer, and each text frame is handed over where it lies there.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

/// What is read at once at most.
const AT_ONCE: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; AT_ONCE]);
}

/// What a WebSocket goes over.
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, into),
        }
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }
}

/// An open WebSocket.
pub(crate) struct Line {
    stream: Stream,
    /// The beginning of a frame whose end has not come.
    rest: Vec<u8>,
}

impl Line {
    /// Opens one for Engine.IO: for a session of its own, or for the one with this id that began by polling.
    pub(crate) async fn open(
        address: SocketAddr,
        tls: Option<&TlsConnector>,
        session: Option<&str>,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let name = ServerName::try_from("localhost").expect("a name");
                Stream::Tls(Box::new(tls.connect(name, stream).await?))
            }
        };
        let mut line = Self { stream, rest: Vec::new() };
        line.upgrade(address, session).await?;
        Ok(line)
    }

    async fn upgrade(&mut self, address: SocketAddr, session: Option<&str>) -> io::Result<()> {
        let session = session.map(|id| format!("&sid={id}")).unwrap_or_default();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket{session} HTTP/1.1\r\nHost: {address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let head = loop {
            if let Some(end) = self.rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            let read = match &mut self.stream {
                Stream::Plain(stream) => stream.read_buf(&mut self.rest).await?,
                Stream::Tls(stream) => stream.read_buf(&mut self.rest).await?,
            };
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        };
        let answer: Vec<u8> = self.rest.drain(..head).collect();
        if answer.starts_with(b"HTTP/1.1 101") {
            return Ok(());
        }
        Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned()))
    }

    /// Sends a text frame. Its mask is zero, which a server has to undo like any other.
    pub(crate) async fn send(&mut self, text: &[u8]) -> io::Result<()> {
        self.stream.write_all(&frame(text)).await
    }

    /// Sends what [`frame`] made.
    pub(crate) async fn send_framed(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames).await
    }

    /// Hands each text frame over that is whole, once something comes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, take: &mut impl FnMut(&[u8])) -> Poll<io::Result<()>> {
        BUFFER.with_borrow_mut(|buffer| {
            let mut into = ReadBuf::new(buffer);
            ready!(self.stream.poll_read(cx, &mut into))?;
            let came = into.filled();
            if came.is_empty() {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
            if self.rest.is_empty() {
                let taken = take_frames(came, take)?;
                self.rest.extend_from_slice(&came[taken..]);
            } else {
                self.rest.extend_from_slice(came);
                let taken = take_frames(&self.rest, take)?;
                self.rest.drain(..taken);
                if self.rest.is_empty() {
                    self.rest = Vec::new();
                }
            }
            Poll::Ready(Ok(()))
        })
    }
}

/// A text frame as a client sends it.
pub(crate) fn frame(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend_from_slice(text);
    frame
}

/// Hands over the text frames that are whole; how many bytes they were.
fn take_frames(bytes: &[u8], take: &mut impl FnMut(&[u8])) -> io::Result<usize> {
    const TEXT: u8 = 0x81;
    const CLOSE: u8 = 0x88;
    let mut at = 0;
    while let Some((head, length)) = length_at(&bytes[at..])
        && bytes.len() - at >= head + length
    {
        match bytes[at] {
            TEXT => take(&bytes[at + head..at + head + length]),
            CLOSE => return Err(ErrorKind::ConnectionAborted.into()),
            0x82 | 0x89 | 0x8a => {}
            other => return Err(io::Error::other(format!("a frame that begins with {other:#x}"))),
        }
        at += head + length;
    }
    Ok(at)
}

/// The lengths of a frame's head and of what follows it, where the head is whole.
fn length_at(bytes: &[u8]) -> Option<(usize, usize)> {
    match bytes.get(1)? {
        126 => Some((4, u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]).into())),
        127 => {
            let length = bytes.get(2..10)?.try_into().expect("eight bytes");
            Some((10, usize::try_from(u64::from_be_bytes(length)).ok()?))
        }
        short => Some((2, (*short).into())),
    }
}
