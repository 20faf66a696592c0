//! What goes on behind: removals that were promised, and what a Node backend adds while we run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::database::Db;
use super::{ends, pending, takeover};
use crate::store::Result;

/// How soon what a Node backend wrote beside us is taken over, and how often old removals are looked after.
const EVERY: Duration = Duration::from_secs(3);

/// Runs until it is aborted; it may be stopped anywhere. `wake` makes it look at once.
pub(super) async fn run(db: Db, wake: Arc<Notify>) {
    let mut failing = false;
    loop {
        // Either comes first: what it is woken for is in the database.
        let _ = tokio::time::timeout(EVERY, wake.notified()).await;
        match round(&db).await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "housekeeping in the database has to wait");
            }
            Err(_) => {}
        }
    }
}

/// What fails in one of these does not hold the others up.
async fn round(db: &Db) -> Result<()> {
    let confirmed = ends::confirm(db).await;
    let removed = pending::settle(db).await;
    let taken_over = takeover::catch_up(db).await.map(drop);
    confirmed.and(removed).and(taken_over)
}
