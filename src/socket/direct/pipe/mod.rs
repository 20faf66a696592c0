//! The way to the client of one session: frames that are encoded already leave in their order, at once where the kernel
//! takes them, and never wait beyond a bound.
//!
//! Frames are shared with the pipes of others. What the kernel does not take waits here, and is counted; a task that
//! writes the rest exists only while something waits.

mod told;
mod waiting;

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use tokio::time::timeout;

use self::waiting::Out;
use super::account::Account;
use crate::net::Writing;
use crate::socket::cork::{self, Later, Waiting};
use crate::socket::ledger::Over;

pub(crate) use self::told::Told;

/// How long a client may take nothing of what waits.
const TAKES_SOME_WITHIN: Duration = Duration::from_secs(15);

/// More than this is written within a turn.
const MOST_IN_TURN: usize = 64 * 1024;

/// How many frames are written at once.
const PARTS: usize = 64;

/// The way to one client.
pub struct Pipe {
    writing: Writing,
    later: Arc<Later>,
    number: usize,
    out: Mutex<Out>,
    /// What the session is told, one bit each; see [`Told`].
    told: AtomicU8,
    session: AtomicWaker,
    alive: AtomicBool,
    serving: AtomicBool,
    admitted: AtomicBool,
    inside: AtomicBool,
}

/// What became of an attempt to write what waits.
#[derive(PartialEq, Eq)]
enum Written {
    /// All of it is written, or the connection is at its end.
    Done,
    /// The kernel takes nothing more now.
    Blocked,
}

impl Pipe {
    /// Into a connection.
    pub fn new(writing: Writing, later: &Arc<Later>) -> Arc<Self> {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        Arc::new(Self {
            writing,
            later: Arc::clone(later),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            out: Mutex::default(),
            told: AtomicU8::new(0),
            session: AtomicWaker::new(),
            alive: AtomicBool::new(true),
            serving: AtomicBool::new(false),
            admitted: AtomicBool::new(false),
            inside: AtomicBool::new(false),
        })
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what waits is counted here.
    pub fn count_in(&self, account: Account) {
        if let Some(mut before) = self.out().account.replace(account) {
            before.left(0);
        }
    }

    /// Sends a frame; one too many has the connection cut.
    pub fn send(self: &Arc<Self>, frame: &Bytes) {
        let (over, account) = self.push(frame, Account::add);
        self.make_room(over, account);
    }

    /// As [`Pipe::send`], of the answer to an event, which may be large.
    pub fn answer(self: &Arc<Self>, frame: &Bytes) {
        let (over, account) = self.push(frame, Account::add_answer);
        self.make_room(over, account);
    }

    fn push(self: &Arc<Self>, frame: &Bytes, count: impl Fn(&mut Account, u64) -> Over) -> (Over, Option<Account>) {
        let mut out = self.out();
        if out.finishing || out.cut {
            return (Over::Nothing, None);
        }
        let corked = cork::is_corked();
        let mut frame = frame.clone();
        if !corked && out.queue.is_empty() && !out.draining {
            self.write_first(&mut frame, &mut out);
        }
        if frame.is_empty() {
            // Within TLS a record of it may be held back.
            self.flush(&mut out);
            return (Over::Nothing, None);
        }
        out.bytes += frame.len();
        out.queue.push_back(frame);
        if !out.draining {
            if corked && out.bytes <= MOST_IN_TURN {
                if !std::mem::replace(&mut out.entered, true) {
                    cork::enter(Arc::clone(self) as Arc<dyn Waiting>);
                }
                return (Over::Nothing, None);
            }
            self.flush(&mut out);
        }
        out.counted(count)
    }

    /// Writes the one frame that there is, and cuts off what is taken of it.
    fn write_first(&self, frame: &mut Bytes, out: &mut Out) {
        match self.writing.try_write(&[IoSlice::new(frame)]) {
            Ok(written) => frame.advance(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => {
                frame.clear();
                self.fail(out);
            }
        }
    }

    /// Writes what waits, and has the rest written when the kernel takes it.
    fn flush(self: &Arc<Self>, out: &mut Out) {
        if self.write_out(out) == Written::Blocked && !std::mem::replace(&mut out.draining, true) {
            self.later.runtime().spawn(Arc::clone(self).drain());
        }
    }

    fn write_out(&self, out: &mut Out) -> Written {
        while !out.cut {
            let written = if out.queue.is_empty() {
                self.writing.flush().map(|()| 0)
            } else {
                let mut parts = [IoSlice::new(&[]); PARTS];
                let count = parts.iter_mut().zip(&out.queue).map(|(part, frame)| *part = IoSlice::new(frame)).count();
                self.writing.try_write(&parts[..count])
            };
            match written {
                Ok(0) if out.queue.is_empty() => {
                    out.settle();
                    if out.finishing {
                        out.cut = true;
                        self.writing.finish();
                    }
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    out.settle();
                    return Written::Blocked;
                }
                Ok(bytes @ 1..) => out.advance(bytes),
                Ok(_) | Err(_) => self.fail(out),
            }
        }
        Written::Done
    }

    /// The connection takes nothing any more.
    fn fail(&self, out: &mut Out) {
        out.end();
        self.tell(Told::Cut);
    }

    /// Writes what waits as the kernel takes it, and cuts a connection that takes nothing for too long.
    async fn drain(self: Arc<Self>) {
        loop {
            let takes = timeout(TAKES_SOME_WITHIN, self.writing.writable()).await;
            let mut out = self.out();
            if takes.is_err() && !out.cut {
                let account = out.account.clone();
                drop(out);
                return self.make_room(Over::Socket, account);
            }
            if self.write_out(&mut out) == Written::Done {
                out.draining = false;
                return;
            }
        }
    }

    fn make_room(self: &Arc<Self>, over: Over, account: Option<Account>) {
        if over == Over::Nothing {
            return;
        }
        if let Some(account) = account {
            account.make_room(over);
        }
        if over == Over::Socket {
            self.cut();
        }
    }

    /// Nothing is sent any more behind this frame; when all is written the other end is told so. The session is told.
    pub fn finish(self: &Arc<Self>, last: &[Bytes]) {
        {
            let mut out = self.out();
            if !std::mem::replace(&mut out.finishing, true) && !out.cut {
                out.bytes += last.iter().map(Bytes::len).sum::<usize>();
                out.queue.extend(last.iter().cloned());
                if !out.draining {
                    self.flush(&mut out);
                }
            }
        }
        self.tell(Told::Finished);
    }

    /// Ends the connection at once.
    pub fn cut(&self) {
        self.out().end();
        self.writing.cut();
        self.tell(Told::Cut);
    }
}

impl Waiting for Pipe {
    fn write(self: Arc<Self>) {
        let mut out = self.out();
        out.entered = false;
        if out.draining || out.queue.is_empty() {
            return;
        }
        self.flush(&mut out);
        let (over, account) = out.counted(Account::add);
        drop(out);
        self.make_room(over, account);
    }

    fn later(&self) -> &Later {
        &self.later
    }

    fn number(&self) -> usize {
        self.number
    }
}

#[cfg(test)]
mod tests;
