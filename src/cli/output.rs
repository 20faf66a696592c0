//! What the program prints for people, on standard output.

use std::io::{ErrorKind, IsTerminal, Write};

use super::failure::Failure;
use super::failure::reason;

/// Prints what was asked for. A reader that has read enough, as `head` does, is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::other(format!("cannot write to standard output: {}", reason(&error))))
        }
        _ => Ok(()),
    }
}

/// Whether what is printed goes to a terminal.
pub(super) fn is_read_by_people() -> bool {
    std::io::stdout().is_terminal()
}

/// Prints what nobody asked for, from a thread of its own: neither a failure nor a reader that has stopped reading does
/// any harm.
pub(super) fn print_aside(text: String) {
    let printing = std::thread::Builder::new().name("start-up message".to_owned()).spawn(move || {
        if let Err(failure) = print(&text) {
            tracing::warn!("the start-up message is missing: {failure}");
        }
    });
    if let Err(error) = printing {
        tracing::warn!(%error, "the start-up message is missing: there is no thread to print it");
    }
}

/// Rows under one another, each column as wide as its widest entry.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_one_another() {
        let row = |one: &str, two: &str| [one.to_owned(), two.to_owned()];
        assert_eq!(table(&[row("é", "x"), row("long", ""), row("a", "y")]), "é     x\nlong\na     y\n");
        assert_eq!(table::<2>(&[]), "");
    }
}
