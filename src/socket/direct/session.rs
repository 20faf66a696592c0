//! A session of Engine.IO (v4) that began as a WebSocket: one task, which reads, has each message taken before the next
//! one, and reads on then. A client that sends faster than it is served is slowed down by that alone.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use engineioxide_core::{OpenPacket, Packet, ProtocolVersion, Sid};
use tokio::io::ReadBuf;
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::CloseCode;

use super::end::End;
use super::frames::{self, Decoder, Message};
use super::guest::Guest;
use super::pipe::{Pipe, Told};
use crate::net::Reading;
use crate::socket::bounds::Times;
use crate::socket::cork;

/// How many bytes are read at once.
const CHUNK: usize = 64 * 1024;

/// How long a client may take to close after it was told to.
const CLOSES_WITHIN: Duration = Duration::from_secs(3);

/// How much it may send until then, in bytes.
const MOST_AFTER_END: usize = 1024 * 1024;

thread_local! {
    /// What is read into: no session has a buffer of its own while nothing comes.
    static CHUNK_READ: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// A session. Its connection ends with it.
pub(crate) struct Session<G> {
    reading: Reading,
    pipe: Arc<Pipe>,
    decoder: Decoder,
    /// What came before the session was there.
    early: Vec<u8>,
    guest: G,
    /// How much came after its end, in bytes.
    left_over: usize,
    _kept: Option<Box<dyn Any + Send>>,
}

/// What has come.
#[derive(Default)]
struct Came {
    messages: Vec<Message>,
    /// What is wrong with what came behind these.
    broken: Option<CloseCode>,
}

/// The first packet of a session, which says how it is kept.
pub(crate) fn opening(times: &Times) -> Bytes {
    let packet: String = Packet::Open(OpenPacket {
        sid: Sid::new(),
        upgrades: std::iter::empty().collect(),
        ping_interval: times.ping_interval,
        ping_timeout: times.ping_timeout,
        max_payload: times.most_packet as u64,
    })
    .into();
    frames::text(&[packet.as_bytes()])
}

impl<G: Guest> Session<G> {
    /// Over a connection, with packets of at most so many bytes. The connection's other half is the pipe's.
    pub(crate) fn new(reading: Reading, early: Vec<u8>, pipe: Arc<Pipe>, most: usize, guest: G) -> Self {
        Self { reading, pipe, decoder: Decoder::new(most), early, guest, left_over: 0, _kept: None }
    }

    /// Keeps something as long as the connection is open.
    pub(crate) fn with(mut self, kept: impl Any + Send) -> Self {
        self._kept = Some(Box::new(kept));
        self
    }

    /// Goes on until it is over. Boxed, for a task that is given it by value would have room for it twice.
    pub(crate) async fn run(mut self: Box<Self>) {
        let end = loop {
            let came = poll_fn(|context| self.poll_came(context)).await;
            let done = match came {
                Ok(came) => self.take(came).await,
                Err(end) => Err(end),
            };
            if let Err(end) = done {
                break end;
            }
        };
        // Others are told at once, however long the client takes to close.
        self.guest.ended();
        match end {
            End::Gone => return,
            End::Finished => {}
            End::Closed(code) => self.pipe.finish(&[frames::close(code)]),
        }
        let closes = poll_fn(|context| self.poll_closed(context));
        // Who does not close in time is cut.
        let _ = timeout(CLOSES_WITHIN, closes).await;
    }

    /// Whether it is to end by what was said from elsewhere.
    fn is_ended(&self) -> Result<(), End> {
        if self.pipe.is_told(Told::Cut) {
            Err(End::Gone)
        } else if self.pipe.is_told(Told::Finished) {
            Err(End::Finished)
        } else {
            Ok(())
        }
    }

    /// Waits for messages, or for something that is said from elsewhere.
    fn poll_came(&mut self, context: &mut Context<'_>) -> Poll<Result<Came, End>> {
        self.pipe.listen(context);
        self.is_ended()?;
        if self.pipe.is_told(Told::Dismissed) {
            return Poll::Ready(Ok(Came::default()));
        }
        loop {
            let mut came = Came::default();
            let bytes = if self.early.is_empty() {
                ready!(self.poll_read(context, &mut came))?
            } else {
                let mut early = std::mem::take(&mut self.early);
                came.broken = self.decoder.take(&mut early, &mut came.messages).err();
                early.len()
            };
            if bytes == 0 || !self.guest.came(bytes) {
                return Poll::Ready(Err(End::Gone));
            }
            self.pipe.lives();
            if came.broken.is_some() || !came.messages.is_empty() {
                return Poll::Ready(Ok(came));
            }
        }
    }

    /// Reads once; how many bytes, and what they were.
    fn poll_read(&mut self, context: &mut Context<'_>, came: &mut Came) -> Poll<Result<usize, End>> {
        CHUNK_READ.with_borrow_mut(|chunk| {
            let mut buffer = ReadBuf::new(chunk);
            ready!(self.reading.poll_read(context, &mut buffer)).map_err(|_| End::Gone)?;
            let bytes = buffer.filled_mut();
            came.broken = self.decoder.take(bytes, &mut came.messages).err();
            Poll::Ready(Ok(bytes.len()))
        })
    }

    /// Has what came taken, one after another.
    async fn take(&mut self, came: Came) -> Result<(), End> {
        let packets = came.messages.len();
        let bytes = came.messages.iter().map(Message::size).sum();
        if !self.guest.waits(bytes) {
            return Err(End::Gone);
        }
        self.pipe.serve(true);
        // On the heap as long as it takes: a session that waits is small.
        let mut work = Box::pin(self.work(came.messages));
        let done = poll_fn(|context| cork::turn(packets, || work.as_mut().poll(context))).await;
        drop(work);
        self.guest.waits(0);
        self.pipe.lives();
        self.pipe.serve(false);
        done?;
        came.broken.map_or(Ok(()), |code| Err(End::Closed(code)))
    }

    async fn work(&mut self, messages: Vec<Message>) -> Result<(), End> {
        self.listen_once()?;
        for message in messages {
            // Others have their turn however much came at once.
            consume_budget().await;
            match message {
                Message::Text(text) => self.packet(text).await?,
                Message::Binary(bytes) => self.guest.binary(bytes).await?,
                Message::Ping(payload) => self.pipe.send(&frames::pong(&payload)),
                Message::Close => return Err(End::Closed(CloseCode::Normal)),
            }
            self.listen_once()?;
        }
        Ok(())
    }

    /// Does what was said from elsewhere meanwhile.
    fn listen_once(&mut self) -> Result<(), End> {
        if self.pipe.take_told(Told::Dismissed) {
            self.guest.dismissed();
        }
        self.is_ended()
    }

    async fn packet(&mut self, text: String) -> Result<(), End> {
        match Packet::parse(ProtocolVersion::V4, text) {
            Ok(Packet::Message(text)) => self.guest.text(text).await,
            // That it came is the sign of life.
            Ok(Packet::Pong | Packet::Ping) => Ok(()),
            Ok(Packet::Close) => Err(End::Closed(CloseCode::Normal)),
            Ok(_) | Err(_) => Err(End::BROKEN),
        }
    }

    /// Waits until the client has closed; what it sends meanwhile goes to nobody.
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.pipe.listen(context);
        while !self.pipe.is_told(Told::Cut) && self.left_over < MOST_AFTER_END {
            let read = CHUNK_READ.with_borrow_mut(|chunk| {
                let mut buffer = ReadBuf::new(chunk);
                ready!(self.reading.poll_read(context, &mut buffer)).ok();
                Poll::Ready(buffer.filled().len())
            });
            match ready!(read) {
                0 => break,
                bytes => self.left_over += bytes,
            }
        }
        Poll::Ready(())
    }
}

impl<G> Drop for Session<G> {
    fn drop(&mut self) {
        self.pipe.cut();
    }
}
