//! Standard error, as the log and all else that is said there use it: nothing that happens to it can hold up, fail or
//! end who writes.
//!
//! Lines go into a bounded queue, and a thread of its own writes them. Where standard error is closed, on a full disk,
//! or a pipe that nobody reads any more, lines are lost and counted, and the next line that can be written is preceded
//! by how many were.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How many bytes may wait to be written to standard error. What comes while they do is lost, and counted.
const LONGEST_QUEUE: usize = 1024 * 1024;

/// How long the end of the program waits for what is still to be written, where standard error takes nothing.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long to wait before a standard error that does not block and is full is tried again.
const FULL: Duration = Duration::from_millis(20);

/// Queues a line, which ends with `\n`. Never waits for standard error, and never fails.
pub(super) fn write(line: &[u8]) {
    match standard_error() {
        Some(queue) => queue.add(line),
        // There is no thread to be had, and the program is about to say so and end.
        None => drop(to_standard_error().and_then(|mut file| file.write_all(line))),
    }
}

/// Waits until all that was queued so far is written or lost, at most this long.
pub(super) fn flush(at_most: Duration) {
    if let Some(queue) = standard_error() {
        queue.wait_until_empty(at_most);
    }
}

/// Whether somebody watches.
#[expect(clippy::disallowed_methods, reason = "it is only looked at")]
pub(super) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Standard error under a descriptor of its own, without the lock and the panics of the standard library.
#[expect(clippy::disallowed_methods, reason = "this is the one place that writes to it")]
fn to_standard_error() -> io::Result<File> {
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

fn standard_error() -> Option<&'static Queue> {
    static QUEUE: Queue = Queue::new();
    static STARTED: OnceLock<bool> = OnceLock::new();
    let started = STARTED.get_or_init(|| {
        let Ok(file) = to_standard_error() else { return false };
        let writing = std::thread::Builder::new().name("log".to_owned()).spawn(|| QUEUE.write_to(file));
        writing.is_ok()
    });
    started.then_some(&QUEUE)
}

/// Lines that wait for their writer.
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that were taken and are being written.
    in_hand: bool,
    /// Lines that were lost since it was last said how many.
    lost: u64,
}

impl Queue {
    const fn new() -> Self {
        let state = Waiting { lines: VecDeque::new(), bytes: 0, in_hand: false, lost: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut state = self.state();
        if state.bytes + line.len() > LONGEST_QUEUE {
            lose(&mut state, 1);
        } else {
            state.bytes += line.len();
            state.lines.push_back(line.to_owned());
            self.changed.notify_all();
        }
    }

    fn wait_until_empty(&self, at_most: Duration) {
        let state = self.state();
        let busy = |state: &mut Waiting| state.in_hand || !state.lines.is_empty();
        drop(self.changed.wait_timeout_while(state, at_most, busy));
    }

    /// The writer's thread. Ends with the program.
    fn write_to(&self, mut out: impl Write) {
        let mut within_a_line = false;
        loop {
            let (line, lost) = self.take();
            if lost > 0 {
                let said = self.write_line(&mut out, loss(lost).as_bytes(), &mut within_a_line);
                if said.is_err() {
                    self.state().lost += lost;
                }
            }
            let written = self.write_line(&mut out, &line, &mut within_a_line);
            let mut state = self.state();
            if written.is_err() {
                lose(&mut state, 1);
            }
            state.in_hand = false;
            self.changed.notify_all();
        }
    }

    /// The next line, and how many were lost before it.
    fn take(&self) -> (Vec<u8>, u64) {
        let mut state = self.state();
        loop {
            if let Some(line) = state.lines.pop_front() {
                state.bytes -= line.len();
                state.in_hand = true;
                return (line, std::mem::take(&mut state.lost));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Writes a line on a line of its own, also where the last one broke off in its middle.
    fn write_line(&self, out: &mut impl Write, line: &[u8], within_a_line: &mut bool) -> io::Result<()> {
        let whole = if *within_a_line { [b"\n", line].concat() } else { line.to_owned() };
        let mut rest = whole.as_slice();
        while !rest.is_empty() {
            match out.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    *within_a_line = rest[count - 1] != b'\n';
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Whoever shares it has made it one that does not block. It is full, which passes, or lasts as a
                // blocked write would.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.rest(FULL),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits so long, whatever is added meanwhile.
    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        let not_yet = |_: &mut Waiting| Instant::now() < until;
        drop(self.changed.wait_timeout_while(self.state(), time, not_yet));
    }
}

fn lose(state: &mut Waiting, lines: u64) {
    state.lost += lines;
    metrics::counter!("tincan_log_lines_lost_total").increment(lines);
}

fn loss(lines: u64) -> String {
    let were = if lines == 1 { "1 line of the log was".to_owned() } else { format!("{lines} lines of the log were") };
    super::line::line("WARN", &format!("{were} lost, because standard error could not be written to"))
}

#[cfg(test)]
#[path = "stderr_tests.rs"]
mod tests;
