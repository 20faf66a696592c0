//! A panic is a mistake of this program: it is told in one line, in the log's form, wherever it happens.

use std::panic::PanicHookInfo;

use super::{line, stderr};

/// Longest text of a panic that is told, in characters: one may hold all of what was being worked on.
const LONGEST: usize = 500;

/// From now on a panic is one line on standard error, without a backtrace, and one that cannot be written harms
/// nothing.
pub(super) fn tell_in_one_line() {
    std::panic::set_hook(Box::new(|panic| stderr::write(line::line("ERROR", &told(panic)).as_bytes())));
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let text = panic.payload_as_str().unwrap_or("no text");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    format!("a mistake of this program (a panic in thread {thread}{place}): {words}")
}
