//! Which servers live: each has a lease that it renews.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::{DateTime, Document, doc};
use futures_util::TryStreamExt;
use mongodb::Collection;
use mongodb::error::Error;
use tokio::time::{MissedTickBehavior, timeout};

use super::inbox::Inbox;
use super::items::server_id;
use super::process::Process;
use crate::model::ServerId;

/// How long a lease holds. A server that is not heard of for so long is dead.
const LEASE: Duration = Duration::from_secs(8);

/// How often it is renewed, and looked at those of the others.
const RENEWED: Duration = Duration::from_secs(2);

/// How long the database must have answered again before a lease that ran out means anything: the others have to renew
/// theirs first.
const SETTLED: Duration = Duration::from_secs(5);

/// How long a question to the database may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Leases that ran out so long ago are removed.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// How long a server that stops tries to give its lease up.
const LEAVING: Duration = Duration::from_secs(1);

/// Makes the lease hold from now on, by the database's clock.
///
/// # Errors
/// Those of the driver.
pub(super) async fn renew(leases: &Collection<Document>, me: ServerId) -> Result<(), Error> {
    let until = doc! { "$add": ["$$NOW", LEASE.as_millis() as i64] };
    let mut lease = doc! { "until": until, "version": { "$literal": env!("CARGO_PKG_VERSION") } };
    if let Some(process) = Process::this() {
        lease.insert("process", doc! { "$literal": process.document() });
    }
    let lease = vec![doc! { "$set": lease }];
    leases.update_one(doc! { "_id": server_id(me) }, lease).upsert(true).await.map(drop)
}

/// Removes leases that ran out long ago.
///
/// # Errors
/// Those of the driver.
pub(super) async fn forget_old(leases: &Collection<Document>) -> Result<(), Error> {
    let long_ago = DateTime::from_millis(DateTime::now().timestamp_millis() - FORGOTTEN.as_millis() as i64);
    leases.delete_many(doc! { "until": { "$lt": long_ago } }).await.map(drop)
}

/// The other servers that live: whose lease holds, and whose process is not known to be dead.
///
/// # Errors
/// Those of the driver.
pub(super) async fn others(leases: &Collection<Document>, me: ServerId) -> Result<HashSet<ServerId>, Error> {
    Ok(versions(leases, me).await?.into_iter().map(|(id, _)| id).collect())
}

/// As [`others`], with the version of each; empty where it does not say.
///
/// # Errors
/// Those of the driver.
pub(super) async fn versions(leases: &Collection<Document>, me: ServerId) -> Result<Vec<(ServerId, String)>, Error> {
    let living = doc! { "_id": { "$ne": server_id(me) }, "$expr": { "$gt": ["$until", "$$NOW"] } };
    let found: Vec<Document> = leases.find(living).await?.try_collect().await?;
    let here = Process::this();
    let lives = |lease: &&Document| {
        let process = lease.get_document("process").ok().and_then(Process::read);
        !matches!((&here, process), (Some(here), Some(process)) if process.is_known_dead(here))
    };
    let version = |lease: &Document| {
        let id = ServerId::from_bytes(lease.get_object_id("_id").ok()?.bytes());
        Some((id, lease.get_str("version").unwrap_or_default().to_owned()))
    };
    Ok(found.iter().filter(lives).filter_map(version).collect())
}

/// Renews the lease. Never resolves.
pub(super) async fn renew_for_ever(leases: Collection<Document>, me: ServerId) {
    let mut due = tokio::time::interval(RENEWED);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if !matches!(timeout(PATIENCE, renew(&leases, me)).await, Ok(Ok(()))) {
            tracing::debug!("another server may take this one for dead");
        }
    }
}

/// Takes the lease, and looks who else lives. Who does not by now is gone.
///
/// # Errors
/// Those of the driver.
pub(super) async fn begin(leases: &Collection<Document>, me: ServerId, inbox: &Inbox) -> Result<(), Error> {
    renew(leases, me).await?;
    forget_old(leases).await?;
    inbox.living(&others(leases, me).await?, true);
    Ok(())
}

/// Renews the lease and tells the inbox who else lives. Never resolves.
pub(super) async fn keep(leases: Collection<Document>, me: ServerId, inbox: Arc<Inbox>) {
    let mut due = tokio::time::interval(RENEWED);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answers_since = None;
    let mut last = Instant::now();
    loop {
        due.tick().await;
        // This process may have stood still; then the others had no chance to be heard either.
        let stood_still = last.elapsed() > LEASE / 2;
        last = Instant::now();
        let look = async {
            renew(&leases, me).await?;
            others(&leases, me).await
        };
        match timeout(PATIENCE, look).await {
            Ok(Ok(others)) => {
                if stood_still {
                    answers_since = None;
                }
                let since = *answers_since.get_or_insert_with(Instant::now);
                inbox.living(&others, since.elapsed() >= SETTLED);
            }
            failed => {
                answers_since = None;
                let error = failed.map_or_else(|_| "no answer".to_owned(), |answer| format!("{:?}", answer.err()));
                tracing::debug!(error, "other servers may take this one for dead");
            }
        }
    }
}

/// Gives the lease up: the others need not wait until it runs out.
pub(super) async fn leave(leases: &Collection<Document>, me: ServerId) {
    if timeout(LEAVING, leases.delete_one(doc! { "_id": server_id(me) })).await.is_err() {
        tracing::debug!("the others notice later that this server has stopped");
    }
}
