//! A TCP connection as the server keeps it: with a kill switch, a time for the head of each request, and a count of
//! what goes through
//! where it is a session's own.
//!
//! The library waits without end for a reader whose window is closed: its writer is stuck, nothing ends it, and its
//! user stays online.
//! An error from the connection itself is what it understands.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What counts that which goes through the connections of a session.
pub trait Meter: Send + Sync {
    /// Counts bytes that came; whether more may come.
    fn came(&self, bytes: usize) -> bool;

    /// Counts bytes that left.
    fn sent(&self, bytes: usize);

    /// One of the connections is closed.
    fn closed(&self, line: &KillSwitch);
}

/// How long a client may take to send the head of a request, from its first byte on; for the first one from the
/// connection on.
const HEAD: Duration = Duration::from_secs(15);

/// Of which times are told apart, in milliseconds; the first is never 0.
static START: LazyLock<Instant> = LazyLock::new(|| Instant::now() - Duration::from_millis(1));

fn now() -> u64 {
    START.elapsed().as_millis() as u64
}

/// Cuts a [`Switched`] from elsewhere.
#[derive(Default)]
pub struct KillSwitch {
    done: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// When the head of the request that is being sent began; 0 where none is.
    head_since: AtomicU64,
    /// Requests that are being answered.
    answering: AtomicBool,
    /// Where the connection is one session's own.
    session: RwLock<Option<Weak<dyn Meter>>>,
}

impl KillSwitch {
    /// From now on the connection is this session's own, and what goes through is counted for it; whether it is, for it
    /// may be
    /// another's that still lives.
    pub fn belongs_to(&self, session: &Arc<dyn Meter>) -> bool {
        let mut owner = self.session.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owner.as_ref().and_then(Weak::upgrade) {
            return std::ptr::addr_eq(Arc::as_ptr(&owner), Arc::as_ptr(session));
        }
        *owner = Some(Arc::downgrade(session));
        true
    }

    /// A request has come whole as far as its head.
    pub fn request_begins(&self) {
        self.answering.store(true, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
    }

    /// The request was answered.
    pub fn request_ends(&self) {
        self.answering.store(false, Ordering::Relaxed);
    }

    /// Whether the client takes too long to send the head of a request.
    pub fn head_is_late(&self) -> bool {
        let since = self.head_since.load(Ordering::Relaxed);
        since != 0 && now().saturating_sub(since) >= HEAD.as_millis() as u64
    }

    fn session(&self) -> Option<Arc<dyn Meter>> {
        self.session.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade)
    }

    fn came(&self, bytes: usize) -> io::Result<()> {
        if let Some(session) = self.session() {
            if !session.came(bytes) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        } else if !self.answering.load(Ordering::Relaxed) && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(now(), Ordering::Relaxed);
        }
        Ok(())
    }

    fn left(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = written
            && let Some(session) = self.session()
        {
            session.sent(*bytes);
        }
    }

    /// From now on reading and writing fail, also where somebody waits for them already.
    pub fn cut(&self) {
        self.done.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    fn check(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.done.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// A connection that can be cut.
pub struct Switched<S> {
    stream: S,
    cut: Arc<KillSwitch>,
    companion: Option<Box<dyn Any + Send>>,
    _end: End,
}

/// Tells the session of a connection that it is closed, or is not behind a switch any more.
struct End(Arc<KillSwitch>);

impl<S> Switched<S> {
    /// Wraps a connection; the switch goes to whoever may cut it.
    pub fn new(stream: S) -> (Self, Arc<KillSwitch>) {
        let cut = Arc::new(KillSwitch::default());
        cut.head_since.store(now(), Ordering::Relaxed);
        (Self { stream, cut: Arc::clone(&cut), companion: None, _end: End(Arc::clone(&cut)) }, cut)
    }

    /// Keeps something as long as the connection is open.
    pub fn with(mut self, companion: Box<dyn Any + Send>) -> Self {
        self.companion = Some(companion);
        self
    }

    /// The connection without its switch, and what is kept with it.
    pub fn into_parts(self) -> (S, Option<Box<dyn Any + Send>>) {
        (self.stream, self.companion)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Switched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.cut.check(&self.cut.reader, context)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        if came > 0 {
            self.cut.came(came)?;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Switched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.cut.check(&self.cut.writer, context)?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.cut.left(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.cut.check(&self.cut.writer, context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.cut.check(&self.cut.writer, context)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.cut.left(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(session) = self.0.session() {
            session.closed(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_writer_that_waits_for_a_stalled_reader_is_freed_by_the_cut() {
        let (near, _far) = tokio::io::duplex(16);
        let (mut line, cut) = Switched::new(near);
        let stuck = tokio::spawn(async move { line.write_all(&[0; 1000]).await });
        tokio::task::yield_now().await;
        assert!(!stuck.is_finished());
        cut.cut();
        let ended = tokio::time::timeout(Duration::from_secs(5), stuck).await.unwrap().unwrap();
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn an_uncut_line_carries_bytes_both_ways() {
        let (near, mut far) = tokio::io::duplex(16);
        let (mut line, _cut) = Switched::new(near);
        line.write_all(b"ping").await.unwrap();
        let mut got = [0; 4];
        far.read_exact(&mut got).await.unwrap();
        far.write_all(&got).await.unwrap();
        line.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"ping");
    }
}
