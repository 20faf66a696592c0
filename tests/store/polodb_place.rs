//! The embedded engine in a directory of its own.

use std::sync::Arc;

use tempfile::TempDir;
use tincan::store::Store;
use tincan::store::polodb::{Options, PoloDb};

use super::Place;

/// A temporary directory.
pub struct PoloDbPlace(pub TempDir);

impl PoloDbPlace {
    /// Opens it with these options.
    pub async fn open_with(&self, options: Options) -> Arc<dyn Store> {
        Arc::new(PoloDb::open(self.0.path(), options).await.expect("the store opens"))
    }
}

#[async_trait::async_trait]
impl Place for PoloDbPlace {
    async fn new() -> Option<Self> {
        Some(Self(tempfile::tempdir().expect("a temporary directory")))
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.open_with(Options::default()).await
    }
}
