//! What cannot run on this machine is skipped, and told.

use std::fs::OpenOptions;
use std::io::Write;

/// Notes that something was skipped, and why: here, and in the list that the script of all tests shows at its end.
#[expect(clippy::disallowed_methods, reason = "the list is the script's, not a setting of the server")]
pub(crate) fn skipped(what: &str) {
    eprintln!("skipped: {what}");
    if let Some(list) = std::env::var_os("TINCAN_SKIPPED") {
        let noted = OpenOptions::new().append(true).open(list).and_then(|mut list| writeln!(list, "{what}"));
        noted.expect("the list of what is skipped can be written to");
    }
}
