//! Long polling of the benchmark's own, which costs as little as its WebSockets: two connections of HTTP for a session,
//! one by which it asks for packets, and one by which it sends some.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Between the packets of an answer.
const BETWEEN: u8 = 0x1e;

/// A session.
pub(crate) struct Polling {
    /// Its id.
    pub session: String,
    address: SocketAddr,
    asking: Http,
    /// The request that asks for packets.
    request: Vec<u8>,
    /// Whether it is on its way.
    asked: bool,
    sending: Http,
}

impl Polling {
    /// Opens one.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let (mut asking, sending) = (Http::connect(address).await?, Http::connect(address).await?);
        let opened = asking.exchange(&get(address, "")).await?;
        let session = opened.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let session = session.ok_or_else(|| io::Error::other(opened.clone()))?.to_owned();
        let request = get(address, &format!("&sid={session}"));
        Ok(Self { session, address, asking, request, asked: false, sending })
    }

    /// The request that sends these packets.
    pub(crate) fn request(&self, packets: &[u8]) -> Vec<u8> {
        let (session, address, length) = (&self.session, self.address, packets.len());
        let head = format!(
            "POST /socket.io/?EIO=4&transport=polling&sid={session} HTTP/1.1\r\nHost: {address}\r\n\
             Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), packets].concat()
    }

    /// Sends what [`Polling::request`] made; it has been taken when this returns.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.sending.exchange(request).await.map(drop)
    }

    /// Asks for packets, where it does not already.
    pub(crate) fn ask(&mut self) -> io::Result<()> {
        if !self.asked {
            self.asked = true;
            let sent = self.asking.stream.try_write(&self.request)?;
            assert_eq!(sent, self.request.len(), "there is room for a request where none is on its way");
        }
        Ok(())
    }

    /// Asks for packets, and hands over each that comes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, take: &mut impl FnMut(&[u8])) -> Poll<io::Result<()>> {
        self.ask()?;
        let came = ready!(self.asking.poll_answer(cx, |body| body.split(|byte| *byte == BETWEEN).for_each(&mut *take)));
        self.asked = false;
        Poll::Ready(came)
    }
}

fn get(address: SocketAddr, session: &str) -> Vec<u8> {
    format!("GET /socket.io/?EIO=4&transport=polling{session} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes()
}

/// A connection by which one request is made after the other.
struct Http {
    stream: TcpStream,
    /// The beginning of an answer.
    rest: Vec<u8>,
}

impl Http {
    async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, rest: Vec::new() })
    }

    /// Makes a request; the body of the answer.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<String> {
        self.stream.write_all(request).await?;
        let mut text = String::new();
        poll_fn(|cx| self.poll_answer(cx, |body| text = String::from_utf8_lossy(body).into_owned())).await?;
        Ok(text)
    }

    /// Waits until an answer is whole, and hands its body over.
    fn poll_answer(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<io::Result<()>> {
        loop {
            if let Some((head, length)) = lengths(&self.rest)
                && self.rest.len() >= head + length
            {
                if !self.rest.starts_with(b"HTTP/1.1 200") {
                    return Poll::Ready(Err(io::Error::other(String::from_utf8_lossy(&self.rest).into_owned())));
                }
                take(&self.rest[head..head + length]);
                // Who waits holds no buffer.
                self.rest = Vec::new();
                return Poll::Ready(Ok(()));
            }
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(&mut self.rest) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
                Ok(_) => {}
            }
        }
    }
}

/// The lengths of an answer's head, and of the body that it announces, where the head is whole.
fn lengths(answer: &[u8]) -> Option<(usize, usize)> {
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = str::from_utf8(&answer[..head]).expect("a head is text").to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    Some((head, length.and_then(|length| length.parse().ok()).expect("each answer says how long it is")))
}
