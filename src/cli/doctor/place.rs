//! Looks at what a server on this machine stands on: its data directory and its database.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tincan::bus::inspect_database;
use tincan::config::Config;
use tincan::store::polodb::{Marked, marked};

use super::finding::Findings;

/// Less free space than this stops a server soon, in bytes.
const SCARCE: u64 = 1 << 30;

/// Less than this stops it at any moment.
const NONE_LEFT: u64 = 100 << 20;

/// Looks at the data directory.
pub(super) fn directory(path: &Path, findings: &mut Findings) {
    let shown = path.display();
    let Ok(metadata) = path.metadata() else {
        return findings.skip("data directory", format!("there is none at {shown} yet; the server makes it"));
    };
    if !metadata.is_dir() {
        let mend = "name a directory with --data-dir";
        return findings.fault("data directory", format!("{shown} is no directory"), mend);
    }
    let me = rustix::process::geteuid().as_raw();
    if me != 0 && metadata.uid() != me {
        let mend = format!("run the server as its owner, or: chown --recursive {me} {shown}");
        findings.fault("data directory", format!("{shown} belongs to another user ({})", metadata.uid()), mend);
    } else if metadata.mode() & 0o077 != 0 {
        let found = format!("others may look into {shown}, which holds secrets");
        findings.warn("data directory", found, format!("chmod 700 {shown}"));
    } else {
        findings.ok("data directory", shown.to_string());
    }
    mark(path, findings);
    match rustix::fs::statvfs(path) {
        Err(error) => findings.skip("disk", format!("its space cannot be read: {error}")),
        Ok(disk) => space(disk.f_bavail.saturating_mul(disk.f_frsize), findings),
    }
}

/// Looks at what says how far the store had come: against it a start finds what is missing.
fn mark(path: &Path, findings: &mut Findings) {
    let shown = path.display();
    match marked(path) {
        Marked::NoStore => {}
        Marked::Good(rooms) => findings.ok("data mark", format!("it is whole, for {rooms} rooms")),
        Marked::Missing => findings.warn(
            "data mark",
            format!("there is no store.mark in {shown}, so a loss in the store may go unnoticed"),
            "let the server run: it writes one every ten seconds",
        ),
        Marked::Garbled(why) => findings.warn(
            "data mark",
            format!("store.mark in {shown} cannot be read: {why}"),
            "stop and start the server, which looks through the store and says what is missing",
        ),
        Marked::Filling(origin) => {
            let mend = "run tincan import or migrate again, which goes on where it broke off";
            findings.fault("data mark", format!("the store in {shown} is being filled from {origin}"), mend);
        }
    }
}

fn space(free: u64, findings: &mut Findings) {
    let found = format!("{} MiB free", free >> 20);
    let mend = "make room, or move the data directory to a larger disk";
    match free {
        free if free < NONE_LEFT => findings.fault("disk", found, mend),
        free if free < SCARCE => findings.warn("disk", found, mend),
        _ => findings.ok("disk", found),
    }
}

/// Looks at the MongoDB, where the settings name one.
pub(super) async fn database(config: &Config, findings: &mut Findings) {
    let Some(url) = &config.mongo_url else { return };
    let seen = match inspect_database(url).await {
        Ok(seen) => seen,
        Err(error) => {
            let mend = "start it, or mend the URL of --mongo-url (MONGO_URL)";
            return findings.fault("mongodb", error.to_string(), mend);
        }
    };
    let others = match seen.servers {
        0 => "no server runs on it".to_owned(),
        1 => "one server runs on it".to_owned(),
        servers => format!("{servers} servers run on it"),
    };
    let found = format!("it answers in {} ms; {others}", seen.latency.as_millis());
    if seen.replicates {
        findings.ok("mongodb", found);
    } else {
        let mend = "make a replica set of it, also of one member: then several servers can share it, and failovers \
                    lose nothing";
        findings.warn("mongodb", format!("{found}; it is a stand-alone server"), mend);
    }
}
