//! The machine loses its power: of what was written, only that is there which was synced.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::times;
use crate::support::chance::Chance;
use crate::support::crowd::Crowd;
use crate::support::lone::Lone;
use crate::support::skip::skipped;
use crate::support::socket::timed;

/// What a run asked of the system for its logs, as `strace -f -y` notes it.
#[derive(Default)]
struct Traced {
    /// How long each log was, and how much of it was synced.
    logs: HashMap<PathBuf, Log>,
    /// What has begun and not come back, by thread: of which log, and how long that was when it began.
    begun: HashMap<String, (PathBuf, u64)>,
}

#[derive(Default)]
struct Log {
    written: u64,
    synced: u64,
}

impl Traced {
    /// Reads it to its end.
    fn read(trace: &Path) -> Self {
        let mut traced = Self::default();
        for line in BufReader::new(File::open(trace).expect("a trace")).lines() {
            traced.note(&line.expect("text"));
        }
        traced
    }

    fn note(&mut self, line: &str) {
        let Some((thread, call)) = line.split_once(' ') else { return };
        let call = call.trim_start();
        // What it came to; nothing of one that goes on, or that the process did not live to see.
        let value = call.rsplit_once(" = ").and_then(|(_, value)| value.split(' ').next()?.parse::<u64>().ok());
        let ended = |ending: Option<(PathBuf, u64)>| ending.zip(value);
        if call.starts_with("<... write resumed>") {
            if let Some(((path, _), bytes)) = ended(self.begun.remove(thread)) {
                self.logs.entry(path).or_default().written += bytes;
            }
        } else if call.starts_with("<... fdatasync resumed>") {
            if let Some(((path, length), 0)) = ended(self.begun.remove(thread)) {
                self.logs.entry(path).or_default().synced = length;
            }
        } else if let Some(path) = log_of(call) {
            let log = self.logs.entry(path.clone()).or_default();
            match value {
                None => drop(self.begun.insert(thread.to_owned(), (path, log.written))),
                Some(bytes) if call.starts_with("write(") => log.written += bytes,
                Some(_) => log.synced = log.written,
            }
        }
    }

    /// Cuts each log back to what was synced of it; how many bytes are gone.
    fn cut(&self) -> u64 {
        let mut gone = 0;
        for (path, log) in &self.logs {
            let Ok(file) = OpenOptions::new().write(true).open(path) else { continue };
            let length = file.metadata().expect("a file").len();
            gone += length.saturating_sub(log.synced);
            file.set_len(length.min(log.synced)).expect("it is cut");
        }
        gone
    }
}

/// The log that a call is of.
fn log_of(call: &str) -> Option<PathBuf> {
    let (_, path) = call.split_once('<')?;
    let path = PathBuf::from(path.split_once('>')?.0);
    path.extension().is_some_and(|kind| kind == "log").then_some(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn power_that_fails_costs_nothing_that_was_acknowledged() {
    if std::process::Command::new("strace").arg("--version").output().is_err() {
        return skipped("the test of a power loss: there is no strace");
    }
    let mut chance = Chance::new("power loss");
    let lone = Lone::start(&[]);
    let crowd = Crowd::gather(&lone, 3, 8).await;
    let mut gone = 0;
    for loss in 0..times(3, 20) {
        crowd.says(20).await;
        assert_eq!(lone.stop().code, Some(0));
        let trace = lone.data().with_file_name(format!("trace-{loss}"));
        let to = trace.display().to_string();
        // A sync takes a while, as on a real disk, so that the power fails in the midst of one.
        let slow = format!("inject=fdatasync:delay_enter={}", 5000 + 1000 * chance.below(20));
        lone.run_traced(&["-y", "-e", "trace=write,fdatasync", "-e", &slow, "-o", &to]);
        crowd.says(1 + chance.below(100) as u64).await;
        lone.kill();
        timed("the end of the trace", async {
            while !std::fs::read_to_string(&trace).expect("a trace").contains("+++ killed by SIGKILL +++") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let traced = Traced::read(&trace);
        assert!(traced.logs.values().any(|log| log.synced > 0), "the trace shows no sync of a log");
        gone += traced.cut();
        lone.run();
        crowd.says(20).await;
        crowd.check(&lone).await;
    }
    println!("{gone} bytes were written and not synced");
    assert_eq!(lone.stop().code, Some(0));
}
