//! A clock of the day that a test sets for the programs that it starts, and for nothing else on the machine. The clock
//! that nobody can set goes on for them as it does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::entrance::Entrance;
use super::skip::skipped;
use super::socket::timed;

/// The clock.
pub(crate) struct Clock {
    library: PathBuf,
    place: TempDir,
}

/// The library of Debian's `faketime`, in the folder of the machine's kind.
fn library() -> Option<PathBuf> {
    let kinds = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    kinds.map(|kind| kind.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

impl Clock {
    /// One that is right; `None`, with the reason noted, where there is none that can be set.
    pub(crate) fn new() -> Option<Self> {
        let Some(library) = library() else {
            skipped("the tests of a clock that is set: there is no libfaketime (package faketime)");
            return None;
        };
        let clock = Self { library, place: TempDir::new().expect("a temporary directory") };
        clock.is(0);
        Some(clock)
    }

    fn told(&self) -> PathBuf {
        self.place.path().join("told")
    }

    /// Sets it so many seconds ahead of the right one, and waits until this server goes by it.
    pub(crate) async fn set(&self, ahead: i64, entrance: &Entrance, server: usize) {
        self.is(ahead);
        timed("the server's clock", async {
            loop {
                let health = entrance.request(server, Method::GET, "/health").send().await.expect("an answer");
                let health: Value = health.json().await.expect("JSON");
                let told = health["timestamp"].as_str().and_then(|told| OffsetDateTime::parse(told, &Rfc3339).ok());
                let off = (told.expect("a time") - OffsetDateTime::now_utc()).whole_seconds() - ahead;
                if off.abs() < 60 {
                    return;
                }
                // libfaketime looks at its file once a second and tells nobody: it can only be asked again.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }

    /// As [`Clock::set`], for who starts later.
    pub(crate) fn is(&self, ahead: i64) {
        let new = self.place.path().join("new");
        std::fs::write(&new, format!("{ahead:+}\n")).expect("a file");
        std::fs::rename(new, self.told()).expect("it takes the place of the other one");
    }

    /// What must be in the environment of a program that is to have this clock.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        let text = |path: &Path| path.display().to_string();
        [
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.told())),
            ("FAKETIME_CACHE_DURATION", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }
}
