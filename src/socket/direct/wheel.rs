//! The times of all sessions, on one wheel: when each is asked for a sign of life, by when it is to have given one, and
//! by when it is to have authenticated. One task turns it; a session costs entries and no timer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{MissedTickBehavior, interval};

use super::frames;
use super::pipe::Pipe;
use crate::socket::bounds::Times;

/// The finest step in which times are measured.
const FINEST: Duration = Duration::from_millis(10);

/// The coarsest step.
const COARSEST: Duration = Duration::from_secs(1);

/// After so many entries others have their turn.
const AT_ONCE: usize = 256;

/// The wheel.
pub(crate) struct Wheel {
    times: Times,
    step: Duration,
    ping: Bytes,
    slots: Mutex<Slots>,
}

struct Slots {
    now: usize,
    slots: Vec<Vec<Due>>,
}

/// What is due for a session.
struct Due {
    pipe: Weak<Pipe>,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// It is asked for a sign of life.
    Asking,
    /// It is to have given one.
    Answer,
    /// It is to have authenticated.
    Admission,
}

impl Wheel {
    /// One that turns as long as it is kept.
    pub(crate) fn new(times: Times) -> Arc<Self> {
        let Times { ping_interval, ping_timeout, connect_timeout, .. } = times;
        let shortest = ping_interval.min(ping_timeout).min(connect_timeout);
        let step = (shortest / 10).clamp(FINEST, COARSEST);
        let steps = steps(ping_interval.max(ping_timeout).max(connect_timeout), step) + 1;
        let slots = Slots { now: 0, slots: (0..steps).map(|_| Vec::new()).collect() };
        let wheel = Arc::new(Self { times, step, ping: frames::text(&[b"2"]), slots: Mutex::new(slots) });
        tokio::spawn(turn(Arc::downgrade(&wheel), step));
        wheel
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a session from now on.
    pub(crate) fn watch(&self, pipe: &Arc<Pipe>) {
        let mut slots = self.lock();
        for (what, after) in [(What::Admission, self.times.connect_timeout), (What::Asking, self.times.ping_interval)] {
            slots.add(Due { pipe: Arc::downgrade(pipe), what }, steps(after, self.step));
        }
    }

    /// All sessions.
    pub(crate) fn all(&self) -> Vec<Arc<Pipe>> {
        let slots = self.lock();
        // Each has one entry of its signs of life.
        let once = slots.slots.iter().flatten().filter(|due| !matches!(due.what, What::Admission));
        once.filter_map(|due| due.pipe.upgrade()).collect()
    }

    /// What is due now.
    fn next(&self) -> Vec<Due> {
        let mut slots = self.lock();
        slots.now = (slots.now + 1) % slots.slots.len();
        let now = slots.now;
        std::mem::take(&mut slots.slots[now])
    }

    fn act(&self, due: Due) {
        let Some(pipe) = due.pipe.upgrade() else { return };
        let Times { ping_interval, ping_timeout, .. } = self.times;
        let (what, after) = match due.what {
            What::Asking => {
                pipe.take_life();
                pipe.send(&self.ping);
                (What::Answer, ping_timeout)
            }
            What::Answer if pipe.take_life() => (What::Asking, ping_interval.saturating_sub(ping_timeout)),
            What::Answer => return pipe.cut(),
            What::Admission if pipe.is_admitted() => return,
            What::Admission => return pipe.finish(&frames::last_words()),
        };
        self.lock().add(Due { pipe: due.pipe, what }, steps(after, self.step));
    }
}

impl Slots {
    fn add(&mut self, due: Due, after: usize) {
        let slot = (self.now + after) % self.slots.len();
        self.slots[slot].push(due);
    }
}

/// How many steps a time takes that must not be shorter; of the first one less than a whole is left.
fn steps(time: Duration, step: Duration) -> usize {
    time.as_nanos().div_ceil(step.as_nanos()) as usize + 1
}

async fn turn(wheel: Weak<Wheel>, step: Duration) {
    let mut tick = interval(step);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(due) = wheel.upgrade().map(|wheel| wheel.next()) else { return };
        for (count, one) in due.into_iter().enumerate() {
            if count % AT_ONCE == AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
            let Some(wheel) = wheel.upgrade() else { return };
            wheel.act(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::super::pipe::Told;
    use super::*;
    use crate::net::Halves;
    use crate::socket::cork::Later;

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(3600);

    async fn watched(wheel: &Arc<Wheel>) -> (Arc<Pipe>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let pipe = Pipe::new(Halves::plain(near).writing, &Later::new());
        wheel.watch(&pipe);
        (pipe, far)
    }

    async fn read_to_end(mut far: TcpStream) -> Vec<u8> {
        let mut read = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), far.read_to_end(&mut read)).await.unwrap();
        read
    }

    #[tokio::test]
    async fn who_gives_no_sign_of_life_is_cut_and_who_is_being_served_is_not() {
        let times = Times { ping_interval: SHORT, ping_timeout: SHORT, connect_timeout: LONG, most_packet: 1 };
        let wheel = Wheel::new(times);
        let (silent, far) = watched(&wheel).await;
        let (served, _other) = watched(&wheel).await;
        served.serve(true);
        assert_eq!(read_to_end(far).await, [0x81, 1, b'2'], "one ping");
        assert!(silent.is_told(Told::Cut) && !served.is_told(Told::Cut));
        assert_eq!(wheel.all().len(), 1, "an entry goes with its session");
    }

    #[tokio::test]
    async fn who_has_not_authenticated_in_time_is_told_to_close_and_who_has_is_not() {
        let times = Times { ping_interval: LONG, ping_timeout: LONG, connect_timeout: SHORT, most_packet: 1 };
        let wheel = Wheel::new(times);
        let (member, _other) = watched(&wheel).await;
        member.admit();
        let (stranger, far) = watched(&wheel).await;
        assert_eq!(read_to_end(far).await, frames::last_words().concat());
        assert!(stranger.is_told(Told::Finished) && !member.is_told(Told::Finished));
        assert_eq!(wheel.all().len(), 2);
    }
}
