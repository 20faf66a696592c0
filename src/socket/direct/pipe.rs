//! The way to the client of one session: frames that are encoded already leave in their order, at once where the kernel
//! takes them, and never wait beyond a bound.
//!
//! Frames are shared with the pipes of others. What the kernel does not take waits here, and is counted; a task that
//! writes the rest exists only while something waits.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use tokio::time::timeout;

use super::account::Account;
use crate::net::Writing;
use crate::socket::bounds::MOST_WAITING;
use crate::socket::cork::{self, Later, Waiting};
use crate::socket::ledger::Over;

/// How many bytes may wait for one who has not authenticated.
const MOST_OF_STRANGER: usize = 256 * 1024;

/// How long a client may take nothing of what waits.
const TAKES_SOME_WITHIN: Duration = Duration::from_secs(15);

/// More than this is written within a turn.
const MOST_IN_TURN: usize = 64 * 1024;

/// How many frames are written at once.
const PARTS: usize = 64;

/// A queue keeps room for this many frames when it is empty.
const KEPT: usize = 8;

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

/// What waits, and how it is written.
#[derive(Default)]
struct Out {
    queue: VecDeque<Bytes>,
    bytes: usize,
    account: Option<Account>,
    /// It is entered to be written when it is time.
    entered: bool,
    /// A task waits for the kernel.
    draining: bool,
    /// Nothing is taken any more; what waits is written, and then the end.
    finishing: bool,
    /// Nothing is written any more.
    cut: bool,
}

/// What became of an attempt to write what waits.
#[derive(PartialEq, Eq)]
enum Written {
    /// All of it is written, or the connection is at its end.
    Done,
    /// The kernel takes nothing more now.
    Blocked,
}

/// What a session is told from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its client was told to go by a packet of Socket.IO.
    Dismissed = 1,
    /// Nothing more is sent; the client is to close.
    Finished = 2,
    /// The connection is cut.
    Cut = 4,
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

    /// Has the session do something.
    pub fn tell(&self, what: Told) {
        self.told.fetch_or(what as u8, Ordering::AcqRel);
        self.session.wake();
    }

    /// Whether the session was told this.
    pub fn is_told(&self, what: Told) -> bool {
        self.told.load(Ordering::Acquire) & what as u8 != 0
    }

    /// Takes back what the session was told once; whether it was.
    pub fn take_told(&self, what: Told) -> bool {
        self.is_told(what) && self.told.fetch_and(!(what as u8), Ordering::AcqRel) & what as u8 != 0
    }

    /// Has the session's task woken where it is told something.
    pub fn listen(&self, context: &Context<'_>) {
        self.session.register(context.waker());
    }

    /// The client gave a sign of life.
    pub fn lives(&self) {
        self.alive.store(true, Ordering::Relaxed);
    }

    /// Whether what the client sent is being worked on, which may hide that more has come.
    pub fn serve(&self, serving: bool) {
        self.serving.store(serving, Ordering::Relaxed);
    }

    /// Whether there was a sign of life since this was asked before.
    pub fn take_life(&self) -> bool {
        self.alive.swap(false, Ordering::Relaxed) || self.serving.load(Ordering::Relaxed)
    }

    /// The client has authenticated.
    pub fn admit(&self) {
        self.admitted.store(true, Ordering::Relaxed);
    }

    /// Whether the client has authenticated.
    pub fn is_admitted(&self) -> bool {
        self.admitted.load(Ordering::Relaxed)
    }

    /// Says whether the client is in a namespace now.
    pub fn set_inside(&self, inside: bool) {
        self.inside.store(inside, Ordering::Relaxed);
    }

    /// Whether the client is in a namespace.
    pub fn is_inside(&self) -> bool {
        self.inside.load(Ordering::Relaxed)
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

impl Out {
    /// This much of what waits is written.
    fn advance(&mut self, mut bytes: usize) {
        self.bytes -= bytes;
        while bytes > 0
            && let Some(first) = self.queue.front_mut()
        {
            let taken = first.len().min(bytes);
            first.advance(taken);
            bytes -= taken;
            if first.is_empty() {
                self.queue.pop_front();
            }
        }
    }

    /// Counts what waits now; and, where that is more than may, in whose account.
    fn counted(&mut self, count: impl Fn(&mut Account, u64) -> Over) -> (Over, Option<Account>) {
        let over = match &mut self.account {
            Some(account) => account.settle(self.bytes as u64, count),
            None if self.bytes > MOST_OF_STRANGER => Over::Socket,
            None => Over::Nothing,
        };
        let over = if self.queue.len() > MOST_WAITING { Over::Socket } else { over };
        (over, if over == Over::Nothing { None } else { self.account.clone() })
    }

    /// Counts off what has left.
    fn settle(&mut self) {
        if let Some(account) = &mut self.account {
            account.left(self.bytes as u64);
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
    }

    /// Nothing is written any more, and nothing waits.
    fn end(&mut self) {
        self.cut = true;
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.settle();
    }
}

#[cfg(test)]
#[path = "pipe_tests.rs"]
mod tests;
