//! All sessions of our own: how they begin, and how all of them end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use tokio::sync::Notify;

use super::frames;
use super::guest::Guest;
use super::pipe::Pipe;
use super::session::{Session, opening};
use super::upgrade;
use super::wheel::Wheel;
use crate::net::{Halves, take_back};
use crate::socket::bounds::Times;
use crate::socket::cork::Later;

/// How often it is looked at the end whether there are still sessions.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The sessions.
pub struct Sessions {
    times: Times,
    wheel: Arc<Wheel>,
    later: Arc<Later>,
    open: AtomicUsize,
    closed: Notify,
}

/// Counts a session as long as it is open.
struct Open(Arc<Sessions>);

impl Drop for Open {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.closed.notify_waiters();
        }
    }
}

impl Sessions {
    /// None yet. On the runtime that this is called in.
    pub fn new(times: Times) -> Arc<Self> {
        let (wheel, later) = (Wheel::new(times), Later::new());
        Arc::new(Self { times, wheel, later, open: AtomicUsize::new(0), closed: Notify::new() })
    }

    /// Begins a session over the connection of this request; the guest that takes its messages is made when the
    /// connection is there. The answer agrees to the upgrade, or says why not.
    pub fn begin<G: Guest>(
        self: &Arc<Self>,
        request: Request,
        guest: impl FnOnce(&Arc<Pipe>) -> G + Send + 'static,
    ) -> Response {
        let agreed = match upgrade::agree(&request) {
            Ok(agreed) => agreed,
            Err(refusal) => return *refusal,
        };
        self.open.fetch_add(1, Ordering::AcqRel);
        let open = Open(Arc::clone(self));
        tokio::spawn(async move {
            let Some(halves) = take_back(request).await else { return };
            let session = Arc::clone(&open.0).session(halves, guest, open);
            // In a task of its own, which is as small as a session that waits.
            tokio::spawn(Box::new(session).run());
        });
        agreed
    }

    fn session<G: Guest>(&self, halves: Halves, guest: impl FnOnce(&Arc<Pipe>) -> G, open: Open) -> Session<G> {
        let Halves { reading, writing, early, pass } = halves;
        let pipe = Pipe::new(writing, &self.later);
        pipe.send(&opening(&self.times));
        self.wheel.watch(&pipe);
        let guest = guest(&pipe);
        Session::new(reading, early, pipe, self.times.most_packet, guest).with((pass, open))
    }

    /// Closes every session when its client has taken what waits, and waits until all have closed.
    pub async fn close(&self) {
        loop {
            let mut closed = std::pin::pin!(self.closed.notified());
            closed.as_mut().enable();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            for pipe in self.wheel.all() {
                pipe.finish(&frames::last_words());
            }
            // Those are told too that begin meanwhile.
            let _ = tokio::time::timeout(LOOK_AGAIN, closed).await;
        }
    }

    /// Cuts every session.
    pub fn cut_all(&self) {
        self.wheel.all().iter().for_each(|pipe| pipe.cut());
    }
}
