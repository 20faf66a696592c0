//! What a pipe and its session know of each other, the connection aside: what the session is told, and what it has seen
//! of its client.

use std::sync::atomic::Ordering;
use std::task::Context;

use super::Pipe;

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
