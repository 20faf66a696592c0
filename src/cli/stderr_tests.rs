//! What is lost is counted and said; what waits is bounded.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// Takes what is written, or fails as it is told to.
struct Scripted {
    answers: Receiver<io::Result<usize>>,
    written: Sender<Vec<u8>>,
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Where the script is at its end, everything is taken.
        let taken = self.answers.try_recv().unwrap_or(Ok(bytes.len()))?.min(bytes.len());
        drop(self.written.send(bytes[..taken].to_owned()));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A queue whose writer answers like this first, and then takes everything; and what it was given.
fn queue(answers: Vec<io::Result<usize>>) -> (Arc<Queue>, Receiver<Vec<u8>>) {
    let (script, answered) = channel();
    answers.into_iter().for_each(|answer| script.send(answer).unwrap());
    let (written, taken) = channel();
    let queue = Arc::new(Queue::new());
    let out = Scripted { answers: answered, written };
    std::thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.write_to(out)
    });
    (queue, taken)
}

fn text(taken: &Receiver<Vec<u8>>) -> String {
    String::from_utf8(taken.try_iter().flatten().collect()).unwrap()
}

const LONG: Duration = Duration::from_secs(20);

fn say(queue: &Queue, line: &str) {
    queue.add(line.as_bytes());
    queue.wait_until_empty(LONG);
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_the_count_is_said_before_the_next_one() {
    let full = || Err(ErrorKind::StorageFull.into());
    let (queue, taken) = queue(vec![Ok(99), full(), full(), full()]);
    say(&queue, "one\n");
    say(&queue, "two\n");
    // Before this one the count is tried, in vain.
    say(&queue, "three\n");
    assert_eq!(text(&taken), "one\n");
    say(&queue, "four\n");
    let said = text(&taken);
    assert!(said.contains("WARN tincan: 2 lines of the log were lost") && said.ends_with("\nfour\n"), "{said}");
    say(&queue, "five\n");
    assert_eq!(text(&taken), "five\n");
}

#[test]
fn a_line_that_broke_off_does_not_run_into_the_next_one() {
    let (queue, taken) = queue(vec![Ok(2), Err(ErrorKind::StorageFull.into())]);
    say(&queue, "broken\n");
    say(&queue, "whole\n");
    let said = text(&taken);
    assert!(said.starts_with("br\n") && said.contains("1 line of the log was lost"), "{said}");
    assert!(said.ends_with("\nwhole\n"), "{said}");
}

#[test]
fn an_interrupted_and_a_full_pipe_lose_nothing() {
    let (queue, taken) =
        queue(vec![Err(ErrorKind::Interrupted.into()), Err(ErrorKind::WouldBlock.into()), Ok(1), Ok(99)]);
    say(&queue, "line\n");
    assert_eq!(text(&taken), "line\n");
}

#[test]
fn what_waits_is_bounded_and_the_end_does_not_wait_for_a_writer_that_takes_nothing() {
    let queue = Queue::new();
    let line = vec![b'x'; LONGEST_QUEUE / 4];
    for _ in 0..6 {
        queue.add(&line);
    }
    let state = queue.state();
    assert_eq!((state.bytes, state.lost, state.lines.len()), (LONGEST_QUEUE, 2, 4));
    drop(state);
    let began = Instant::now();
    queue.wait_until_empty(Duration::from_millis(50));
    assert!(began.elapsed() < LONG);
}
