//! A connection that is taken back from http after an upgrade, in two halves: one that its session reads, and one into
//! which anybody may write, without waiting.

use std::any::Any;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::kill_switch::Switched;
use super::line::Line;
use super::secure::Secure;
use super::tuning::hold_little;

/// A connection that is a session's own from now on.
pub struct Halves {
    /// What its client sends.
    pub reading: Reading,
    /// The way to its client.
    pub writing: Writing,
    /// What its client has sent behind the request already.
    pub early: Vec<u8>,
    /// To be kept as long as the connection is open.
    pub pass: Option<Box<dyn Any + Send>>,
}

/// The half that is read.
pub struct Reading {
    tcp: OwnedReadHalf,
    secure: Option<Arc<Secure>>,
}

/// The half that is written to, from anywhere. What is written has left, or is refused at once.
pub struct Writing {
    tcp: OwnedWriteHalf,
    secure: Option<Arc<Secure>>,
}

/// Takes a connection back after the answer to this request, which agrees to an upgrade. `None` where it is closed
/// before, or is none of those that this server accepted.
pub async fn take_back(request: Request) -> Option<Halves> {
    let upgraded = hyper::upgrade::on(request).await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Switched<Line>>>().ok()?;
    let (line, pass) = parts.io.into_inner().into_parts();
    // A copy, for these bytes lie in the whole buffer that the request was read into.
    Some(Halves::of(line, parts.read_buf.to_vec(), pass))
}

impl Halves {
    fn of(line: Line, early: Vec<u8>, pass: Option<Box<dyn Any + Send>>) -> Self {
        let (tcp, secure) = match line {
            Line::Plain(tcp) => (tcp, None),
            Line::Tls(stream) => {
                let (tcp, session) = stream.into_inner();
                (tcp, Some(Arc::new(Secure::new(session))))
            }
        };
        hold_little(&tcp);
        let (read, write) = tcp.into_split();
        let writing = Writing { tcp: write, secure: secure.clone() };
        Self { reading: Reading { tcp: read, secure }, writing, early, pass }
    }

    /// Of a plain connection.
    #[cfg(test)]
    pub fn plain(tcp: TcpStream) -> Self {
        Self::of(Line::Plain(tcp), Vec::new(), None)
    }
}

impl Reading {
    /// Reads what has come; nothing where the other end has finished.
    pub fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { tcp, secure } = self;
        let Some(secure) = secure else { return Pin::new(tcp).poll_read(context, buffer) };
        match secure.try_read(buffer.initialize_unfilled(), &mut Polled { tcp, context }) {
            Ok(read) => {
                buffer.advance(read);
                Poll::Ready(Ok(()))
            }
            // The task is woken where more comes.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl Writing {
    /// Writes as much of this as is taken now; how much that was.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where that is nothing; else the connection's.
    pub fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match (&self.secure, parts) {
            (None, [one]) => self.tcp.try_write(one),
            (None, parts) => self.tcp.try_write_vectored(parts),
            (Some(secure), parts) => secure.try_write(parts, &mut Now(self.tcp.as_ref())),
        }
    }

    /// Writes what is held back of what counts as written: within TLS that may be a record.
    ///
    /// # Errors
    /// As [`Writing::try_write`].
    pub fn flush(&self) -> io::Result<()> {
        self.secure.as_ref().map_or(Ok(()), |secure| secure.flush(&mut Now(self.tcp.as_ref())))
    }

    /// Waits until more may be written, or the connection is at its end.
    pub async fn writable(&self) {
        // An error shows again at the next attempt to write.
        let _ = self.tcp.writable().await;
    }

    /// Nothing is written any more: the other end is told so behind what was.
    pub fn finish(&self) {
        if let Some(secure) = &self.secure {
            secure.finish(&mut Now(self.tcp.as_ref()));
        }
        self.shut(Shutdown::Write);
    }

    /// Ends the connection in both directions at once, for whoever reads it too.
    pub fn cut(&self) {
        self.shut(Shutdown::Both);
    }

    fn shut(&self, how: Shutdown) {
        // It is closed already where this fails.
        let _ = SockRef::from(AsRef::<TcpStream>::as_ref(&self.tcp)).shutdown(how);
    }
}

/// A connection whose kernel is asked to take bytes now.
struct Now<'a>(&'a TcpStream);

impl Write for Now<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that is asked for what has come by now, and has its task woken where that is nothing.
struct Polled<'a, 'b> {
    tcp: &'a mut OwnedReadHalf,
    context: &'a mut Context<'b>,
}

impl Read for Polled<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(out);
        match Pin::new(&mut *self.tcp).poll_read(self.context, &mut buffer) {
            Poll::Ready(done) => done.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Polled<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Now((*self.tcp).as_ref()).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
