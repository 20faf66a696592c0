//! The bus on a stand-alone MongoDB, whose changes cannot be watched: one server alone works on it, and a lease keeps a
//! second one out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::Document;
use mongodb::error::Error;
use mongodb::{Collection, Database};
use tokio::task::JoinHandle;

use super::shelf::Documents;
use super::{LEASES, SHARED, collection, leases};
use crate::bus::carrying::Bus;
use crate::bus::local::Local;
use crate::bus::shelf::Shelf;
use crate::model::ServerId;

/// How long a server that lives is waited for to go: longer than the lease of one that died.
const WAITED: Duration = Duration::from_secs(12);

/// How often it is looked whether it has gone.
const LOOK: Duration = Duration::from_millis(250);

/// The bus of the one server on a database.
pub(crate) struct Sole {
    local: Local,
    leases: Collection<Document>,
    shelf: Arc<Documents>,
    renewing: JoinHandle<()>,
}

/// Another server works on the database, and stays.
#[derive(Debug)]
pub(crate) struct Another;

impl Sole {
    /// Takes the lease, once no other server has one.
    ///
    /// # Errors
    /// Those of the driver. [`Another`] where another server has not gone within 12 s.
    pub(crate) async fn open(database: &Database) -> Result<Result<Self, Another>, Error> {
        let (local, leases) = (Local::default(), collection(database, LEASES));
        let (me, asked) = (local.server(), Instant::now());
        leases::forget_old(&leases).await?;
        let mut told = false;
        while !take(&leases, me).await? {
            if asked.elapsed() >= WAITED {
                return Ok(Err(Another));
            }
            if !told {
                told = true;
                tracing::warn!("another server works on this database; waiting for it to go");
            }
            // Of two that wait, one looks more often.
            tokio::time::sleep(LOOK + Duration::from_millis(u64::from(me.bytes()[11]))).await;
        }
        let renewing = tokio::spawn(leases::renew_for_ever(leases.clone(), me));
        let shelf = Arc::new(Documents::of(collection(database, SHARED), me));
        Ok(Ok(Self { local, leases, shelf, renewing }))
    }
}

/// Takes the lease where nobody else has one; whether it did. Of several at once at most one does, for whoever sees
/// nobody after it took the lease is seen by all others.
async fn take(leases: &Collection<Document>, me: ServerId) -> Result<bool, Error> {
    if !leases::others(leases, me).await?.is_empty() {
        return Ok(false);
    }
    leases::renew(leases, me).await?;
    if leases::others(leases, me).await?.is_empty() {
        return Ok(true);
    }
    leases::leave(leases, me).await;
    Ok(false)
}

impl Drop for Sole {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

#[async_trait]
impl Bus for Sole {
    fn local(&self) -> &Local {
        &self.local
    }

    fn shelf(&self) -> Option<Arc<dyn Shelf>> {
        Some(Arc::clone(&self.shelf) as Arc<dyn Shelf>)
    }

    async fn close(&self) {
        self.renewing.abort();
        leases::leave(&self.leases, self.local.server()).await;
    }
}
