//! What the whole server can do, measured from outside: the real executable, sockets and REST, client and server on one machine.
//!
//! `cargo bench --bench server`, or with names of figures behind `--`: `sends`, `pages`, `joins`, `broadcast`, `idle`, `start`.

mod client;
mod figures;
mod process;

const FIGURES: [&str; 6] = ["start", "pages", "sends", "broadcast", "joins", "idle"];

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
            _ => figures::idle().await,
        }
    }
}

/// One line of the table.
pub fn report(figure: &str, measured: &str, reach: &str) {
    println!("{figure:<58} {measured:>14}   {reach}");
}
