//! The embedded engine in a directory of its own.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tincan::store::Store;
use tincan::store::polodb::{OpenError, Options, PoloDb};

use crate::store::Place;

/// A temporary directory.
#[derive(Debug)]
pub(crate) struct PoloDbPlace(pub TempDir);

impl PoloDbPlace {
    /// A new, empty one.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// What a power cut at this moment would leave of it.
    pub(crate) fn after_a_power_cut(&self) -> Self {
        Self::copy_of(self.path())
    }

    /// A copy of a directory as it now is.
    pub(crate) fn copy_of(directory: &Path) -> Self {
        fn copy(from: &Path, to: &Path) {
            for entry in std::fs::read_dir(from).expect("a directory") {
                let entry = entry.expect("an entry");
                let to = to.join(entry.file_name());
                if entry.path().is_dir() {
                    std::fs::create_dir(&to).expect("a new directory");
                    copy(&entry.path(), &to);
                } else if entry.path().is_file() {
                    std::fs::copy(entry.path(), to).expect("a copy");
                }
            }
        }
        let other = Self::empty();
        copy(directory, other.path());
        other
    }

    /// The data directory.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Opens it with these options, or does not.
    pub(crate) async fn try_open(&self, options: Options) -> Result<Arc<dyn Store>, OpenError> {
        Ok(Arc::new(PoloDb::open(self.path(), options).await?))
    }

    /// Opens it with these options.
    pub(crate) async fn open_with(&self, options: Options) -> Arc<dyn Store> {
        self.try_open(options).await.expect("the store opens")
    }
}

#[async_trait::async_trait]
impl Place for PoloDbPlace {
    async fn new() -> Option<Self> {
        Some(Self::empty())
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.open_with(Options::default()).await
    }
}
