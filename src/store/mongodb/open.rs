//! Opening: a database that is there is made such that it can be worked on.

use std::sync::Arc;

use tokio::sync::Notify;

use super::connect::Connected;
use super::{MongoStore, OpenError, connect, failure, fill, indexes, keeper, left_out, naming, takeover, version};
use crate::config::Secret;
use crate::store::StoreError;

impl MongoStore {
    /// Connects, makes the indexes, and takes over what a Node backend has left there; with a large database that takes
    /// a while.
    ///
    /// # Errors
    /// See [`OpenError`]. A database that does not answer is told within 10 s.
    pub async fn open(url: &Secret) -> Result<Self, OpenError> {
        let Connected { db, hosts } = prepare(url).await?;
        let failed = |error: StoreError| OpenError::Failed { hosts: hosts.clone(), cause: error.to_string() };
        if let Some(origin) = fill::unfinished(&db).await.map_err(failed)? {
            return Err(OpenError::Unfinished { database: db.database.name().to_owned(), origin });
        }
        takeover::take_over(&db).await.map_err(failed)?;
        let wake = Arc::new(Notify::new());
        let keeper = tokio::spawn(keeper::run(db.clone(), Arc::clone(&wake)));
        let telling = db.clone();
        let telling = tokio::spawn(async move { left_out::tell(&telling).await });
        wake.notify_one();
        Ok(Self::running_on(db, wake, vec![keeper, telling]))
    }

    /// Opens it to be filled with what another store has: also where that was begun before, and without taking anything
    /// over.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_to_fill(url: &Secret) -> Result<Self, OpenError> {
        let Connected { db, .. } = prepare(url).await?;
        Ok(Self::running_on(db, Arc::default(), Vec::new()))
    }
}

/// Connects, and makes the database such that it can be worked on.
async fn prepare(url: &Secret) -> Result<Connected, OpenError> {
    let Connected { db, hosts } = connect::connect(url).await?;
    let failed = |error: StoreError| OpenError::Failed { hosts: hosts.clone(), cause: error.to_string() };
    let new = version::check(&db).await?;
    let db = db.renamed(naming::settle(&db, new).await.map_err(failed)?);
    indexes::ensure(&db).await.map_err(|error| {
        let (hosts, cause) = (hosts.clone(), failure::brief(&error));
        if connect::is_refusal(&error) {
            OpenError::Refused { hosts, cause }
        } else {
            OpenError::Failed { hosts, cause }
        }
    })?;
    Ok(Connected { db, hosts })
}

/// Whether there is nothing in a database yet, or it is being filled. Nothing is changed.
///
/// # Errors
/// See [`OpenError`].
pub async fn is_free(url: &Secret) -> Result<bool, OpenError> {
    let Connected { db, hosts } = connect::connect(url).await?;
    let failed = |error: StoreError| OpenError::Failed { hosts: hosts.clone(), cause: error.to_string() };
    Ok(fill::unfinished(&db).await.map_err(failed)?.is_some() || fill::is_empty(&db).await.map_err(failed)?)
}
