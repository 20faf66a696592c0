//! What is within TLS on a connection that two read and write: one session of TLS, of which each takes his turn, and
//! none waits for the kernel.

use std::io::{self, IoSlice, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_rustls::rustls::ServerConnection;

/// How many bytes that the kernel does not take may be held back encrypted: those of one record.
const HELD_BACK: usize = 16 * 1024;

/// A session of TLS after its handshake. The connection under it is given to each call; it must not wait, and say
/// [`io::ErrorKind::WouldBlock`] instead.
pub(crate) struct Secure(Mutex<ServerConnection>);

impl Secure {
    /// Takes a session over.
    pub(crate) fn new(mut session: ServerConnection) -> Self {
        session.set_buffer_limit(Some(HELD_BACK));
        Self(Mutex::new(session))
    }

    fn lock(&self) -> MutexGuard<'_, ServerConnection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Encrypts as much of this as may be held back, and writes what the kernel takes; how much was encrypted. What
    /// was not written goes first the next time.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where the kernel takes nothing more; else the connection's.
    pub(crate) fn try_write(&self, parts: &[IoSlice<'_>], tcp: &mut impl Write) -> io::Result<usize> {
        let mut session = self.lock();
        push(&mut session, tcp)?;
        let taken = session.writer().write_vectored(parts)?;
        match push(&mut session, tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what is held back.
    ///
    /// # Errors
    /// As [`Secure::try_write`].
    pub(crate) fn flush(&self, tcp: &mut impl Write) -> io::Result<()> {
        push(&mut self.lock(), tcp)
    }

    /// Says that nothing comes any more.
    pub(crate) fn finish(&self, tcp: &mut impl Write) {
        let mut session = self.lock();
        session.send_close_notify();
        // Who does not take it any more learns of the end by the connection's.
        let _ = push(&mut session, tcp);
    }

    /// Decrypts into `out` what has come; 0 where the other end has finished.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where nothing has come; else the connection's, or what was wrong with what came.
    pub(crate) fn try_read(&self, out: &mut [u8], tcp: &mut (impl Read + Write)) -> io::Result<usize> {
        let mut session = self.lock();
        loop {
            match session.reader().read(out) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // One that ends without a word has ended.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            if session.read_tls(tcp)? == 0 {
                return Ok(0);
            }
            let processed = session.process_new_packets();
            // An alert, or an answer that TLS itself owes. What the kernel does not take goes with what is sent next.
            let _ = push(&mut session, tcp);
            processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }
}

fn push(session: &mut ServerConnection, tcp: &mut impl Write) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(tcp)?;
    }
    Ok(())
}
