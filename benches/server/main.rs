//! What the whole server can do, measured from outside: the real executable, sockets and REST, client and server on one machine.
//!
//! `cargo bench --bench server`, or with names of figures behind `--`: `start`, `pages`, `sends`, `broadcast`, `joins`, `idle`, `node`.
//! The last compares with a Node backend on one MongoDB; it needs `npm ci --prefix benches/node`.

mod client;
mod figures;
#[path = "../../tests/mongod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod mongod;
mod process;

const FIGURES: [&str; 7] = ["start", "pages", "sends", "broadcast", "joins", "idle", "node"];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    println!("{:<58} {:>14}   reach", "figure", "measured");
    for name in FIGURES.into_iter().filter(|name| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        match name {
            "start" => figures::start().await,
            "pages" => figures::pages().await,
            "sends" => figures::sends().await,
            "broadcast" => figures::broadcast().await,
            "joins" => figures::joins().await,
            "idle" => figures::idle().await,
            _ => figures::node().await,
        }
    }
}

/// One line of the table.
pub fn report(figure: &str, measured: &str, reach: &str) {
    println!("{figure:<58} {measured:>14}   {reach}");
}
