//! What several servers on one MongoDB can do, measured from outside: the real executable, a replica set of three, all
//! on one machine.
//!
//! `cargo bench --bench servers`, or with names of figures behind `--`: `messages`, `signals`, `writes`, `before`,
//! `reconnects`. `before`
//! compares with an older build of the program, whose path is in `BEFORE`.

#[path = "../server/client.rs"]
#[expect(dead_code, reason = "the figures of one server use the rest")]
mod client;
mod delays;
mod figures;
#[path = "../server/line.rs"]
mod line;
mod load;
#[path = "../../tests/support/mongod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod mongod;
#[path = "../server/polling.rs"]
mod polling;
#[path = "../../tests/support/port.rs"]
mod port;
#[path = "../server/process.rs"]
#[expect(dead_code, reason = "the figures of one server use the rest")]
mod process;
mod reconnects;
#[path = "../server/way.rs"]
#[expect(dead_code, reason = "the figures of one server use the rest")]
mod way;

const FIGURES: [&str; 5] = ["messages", "signals", "writes", "before", "reconnects"];

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let deployment = mongod::Mongod::replicas(3).await;
    println!("{:<66} {:>16}   reach", "figure", "measured");
    for name in FIGURES.into_iter().filter(|name| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        match name {
            "messages" => delays::messages(&deployment).await,
            "signals" => delays::signals(&deployment).await,
            "writes" => load::writes(&deployment).await,
            "before" => load::before(&deployment).await,
            _ => reconnects::reconnects(&deployment).await,
        }
    }
}

/// One line of the table.
pub fn report(figure: &str, measured: &str, reach: &str) {
    println!("{figure:<66} {measured:>16}   {reach}");
}
