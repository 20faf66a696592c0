//! What the whole server can do, measured from outside and side by side with what people would pick instead: real
//! processes, sockets and REST, clients and servers on one machine, over loopback.
//!
//! `script/benchmark` runs it, with what it needs. Behind it may stand `--quick` for a try, `--publish`, which writes
//! the tables into docs/performance.md and draws the README's chart, and the parts to measure: `live`, `polled`,
//! `joins`, `durable`, `relay`, `alone`.

mod alone;
mod bound;
mod chart;
mod client;
mod durable;
mod figures;
mod fill;
mod line;
mod live;
#[path = "../../tests/support/mongod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod mongod;
mod peers;
mod polling;
#[path = "../../tests/support/port.rs"]
mod port;
mod process;
mod report;
mod scale;
#[path = "../../tests/support/settings.rs"]
mod settings;
mod turn;
mod way;

use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::figures::{Figures, Ratio};
use crate::peers::{House, Kind, Peer};
use crate::report::Report;
use crate::scale::Scale;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, port] = arguments.as_slice()
        && name == "lower-bound"
    {
        raise_limit();
        return bound::serve(port.parse().expect("a port")).await;
    }
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let parts: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|one| *one == part);
    raise_limit();
    let begun = Instant::now();
    let quick = has("--quick");
    let scale = if quick { Scale::QUICK } else { Scale::WHOLE };
    let mut report = Report { live: None, others: Vec::new(), absent: Vec::new(), quick };
    if wanted("live") {
        report.live = Some(live(&scale, &mut report.absent).await);
    }
    if wanted("polled") {
        report.others.push(live::polled::measure(&scale, &mut report.absent).await);
    }
    if wanted("joins") {
        report.others.push(live::joins::measure(&scale).await);
    }
    if wanted("durable") {
        report.others.push(durable::measure(&scale, &mut report.absent).await);
    }
    if wanted("relay") {
        report.others.extend(turn::measure(&scale, &mut report.absent).await);
    }
    if wanted("alone") {
        report.others.push(alone::measure(&scale).await);
    }
    report.write(&report::folder(), has("--publish"));
    println!("It took {} s", begun.elapsed().as_secs());
}

/// As many open files as may be, for ten thousand sockets and more; what is started here has it too.
fn raise_limit() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).expect("a limit may be raised that far");
}

/// All servers in turn, round after round.
async fn live(scale: &Scale, absent: &mut Vec<String>) -> Figures {
    let peers = Kind::ALL.into_iter().filter(|kind| kind.is_peer()).map(Kind::name).collect();
    let ratios = vec![
        Ratio { name: "Tincan ÷ best peer", of: Kind::Tincan.name(), to: peers },
        Ratio { name: "Tincan ÷ lower bound", of: Kind::Tincan.name(), to: vec![Kind::Bound.name()] },
    ];
    let mut figures = Figures::new("live", Kind::ALL.map(Kind::name).to_vec(), ratios);
    let house = House::of(process::BUILD).await;
    let mut kinds = Kind::ALL.to_vec();
    for round in 1..=scale.rounds {
        for kind in kinds.clone() {
            // What TLS costs is seen once.
            if kind == Kind::TincanTls && round > 1 {
                continue;
            }
            println!("round {round} of {}: {}", scale.rounds, kind.name());
            match Peer::start(kind, &house).await {
                Ok(peer) => {
                    live::measure(&peer, scale, &mut figures).await;
                    peer.server.stop().await;
                }
                Err(why) => {
                    absent.push(format!("{}: {why}", kind.name()));
                    figures.leave_out(kind.name());
                    kinds.retain(|one| *one != kind);
                }
            }
        }
    }
    figures
}
