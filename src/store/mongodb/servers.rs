//! Which servers work on the database: each has a lease that it renews, and stamps the calls that it drives with its id, so that a
//! second server leaves them alone while the first one lives.
//!
//! On one machine a process that is gone is known at once, by its number and the moment it began. Elsewhere its lease has to run out.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use bson::oid::ObjectId;
use bson::{Bson, DateTime, Document, doc};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::database::{Db, PATIENCE};
use crate::store::{Result, StoreError};

/// The field of a call that names the server which drives it.
pub(super) const SERVER: &str = "server";
/// How long a lease holds. A server that is not heard of for so long is dead.
const LEASE: Duration = Duration::from_secs(8);
/// How often it is renewed.
const RENEWED: Duration = Duration::from_secs(2);
/// How long a server that closes tries to give its lease up; a shutdown has other things to do.
const LEAVING: Duration = Duration::from_secs(2);
/// Leases that ran out so long ago are removed.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// This server, as others know it. It takes a lease when it first has to do with calls.
#[derive(Debug)]
pub(super) struct Server {
    id: ObjectId,
    renewing: OnceCell<Renewing>,
}

/// Ends with the server.
#[derive(Debug)]
struct Renewing(JoinHandle<()>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// With an id of its own.
    pub fn new() -> Self {
        Self { id: ObjectId::new(), renewing: OnceCell::new() }
    }

    /// By which calls name it.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Takes the lease, where it has none yet, and renews it from then on.
    pub async fn present(&self, db: &Db) -> Result<()> {
        let begin = async || {
            renew(db, self.id).await?;
            forget_old(db).await?;
            Ok(Renewing(tokio::spawn(keep(db.clone(), self.id))))
        };
        self.renewing.get_or_try_init(begin).await.map(drop)
    }

    /// Gives the lease up: whatever it drives, others may take.
    pub async fn leave(&self, db: &Db) {
        let Some(Renewing(renewing)) = self.renewing.get() else { return };
        renewing.abort();
        let own = doc! { "_id": self.id };
        let remove = async move |db: Db| db.servers.delete_one(own).await;
        if let Err(failure) = db.run_within(LEAVING, "writing tincan_servers", remove).await {
            let error = StoreError::from(failure);
            tracing::warn!(%error, "other servers take up the calls of this one later, when its lease is over");
        }
    }
}

async fn keep(db: Db, id: ObjectId) {
    let mut failing = false;
    loop {
        tokio::time::sleep(RENEWED).await;
        match renew(&db, id).await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "other servers may take this one for dead");
            }
            Err(_) => {}
        }
    }
}

/// Makes the lease hold from now on, by the database's clock.
async fn renew(db: &Db, id: ObjectId) -> Result<()> {
    let until = doc! { "$add": ["$$NOW", LEASE.as_millis() as i64] };
    let mut lease = doc! { "until": until };
    if let Some(process) = Process::this() {
        lease.insert("process", doc! { "$literal": process.document() });
    }
    let write =
        async move |db: Db| db.servers.update_one(doc! { "_id": id }, vec![doc! { "$set": lease }]).upsert(true).await;
    Ok(db.run("writing tincan_servers", write).await.map(drop)?)
}

async fn forget_old(db: &Db) -> Result<()> {
    let long_ago = DateTime::from_millis(DateTime::now().timestamp_millis() - FORGOTTEN.as_millis() as i64);
    let old = doc! { "until": { "$lt": long_ago } };
    Ok(db.run("writing tincan_servers", async move |db| db.servers.delete_many(old).await).await.map(drop)?)
}

/// The other servers that live.
pub(super) struct Others(HashSet<String>);

impl Others {
    /// Who lives at this moment.
    pub async fn now(db: &Db, server: &Server) -> Result<Self> {
        let pipeline = vec![
            doc! { "$match": { "_id": { "$ne": server.id }, "$expr": { "$gt": ["$until", "$$NOW"] } } },
            doc! { "$project": { "process": 1 } },
        ];
        let leases = db.aggregate(PATIENCE, &db.servers, pipeline).await?;
        let here = Process::this();
        let lives = |lease: &&Document| {
            let process = lease.get_document("process").ok().and_then(Process::read);
            !matches!((&here, process), (Some(here), Some(process)) if process.is_known_dead(here))
        };
        Ok(Self(leases.iter().filter(lives).filter_map(|lease| lease.get("_id").map(ToString::to_string)).collect()))
    }

    /// Whether a call with this stamp is driven by one of them.
    pub fn drives(&self, stamp: &Bson) -> bool {
        self.0.contains(&stamp.to_string())
    }
}

/// A process of a machine, such that no other one is taken for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    /// The machine since it was switched on, and the name space that its process numbers are of.
    machine: String,
    number: i64,
    /// When it began, in the clock ticks of the machine.
    began: String,
}

impl Process {
    /// This one; `None` where the system does not say.
    fn this() -> Option<Self> {
        static THIS: std::sync::OnceLock<Option<Process>> = std::sync::OnceLock::new();
        let find = || {
            let number = i64::from(std::process::id());
            Some(Self { machine: machine()?, number, began: began(number)? })
        };
        THIS.get_or_init(find).clone()
    }

    fn document(&self) -> Document {
        doc! { "machine": &self.machine, "number": self.number, "began": &self.began }
    }

    fn read(document: &Document) -> Option<Self> {
        let text = |field| document.get_str(field).ok().map(str::to_owned);
        Some(Self { machine: text("machine")?, number: document.get_i64("number").ok()?, began: text("began")? })
    }

    /// Whether it ran on the machine of `here` and does so no more.
    fn is_known_dead(&self, here: &Self) -> bool {
        self.machine == here.machine && began(self.number).as_deref() != Some(&self.began)
    }
}

/// Linux has a new id for each start of the machine, and a number for each name space of processes.
fn machine() -> Option<String> {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", start.trim(), space.display()))
}

/// When a process began; `None` where there is none, or it has ended and only waits to be noticed.
fn began(number: i64) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ended = matches!(*fields.first()?, "Z" | "X" | "x");
    if ended { None } else { fields.get(19).map(|began| (*began).to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_when_it_is_gone_and_when_another_one_has_its_number() {
        let Some(this) = Process::this() else { return };
        assert!(!this.is_known_dead(&this));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let number = i64::from(child.id());
        let ended = Process { number, began: "1".to_owned(), ..this.clone() };
        child.wait().unwrap();
        assert!(ended.is_known_dead(&this));
        assert!(Process { began: "1".to_owned(), ..this.clone() }.is_known_dead(&this), "another one has its number");
        let elsewhere = Process { machine: "elsewhere".to_owned(), ..ended };
        assert!(!elsewhere.is_known_dead(&this), "nothing is known of it");
    }
}
