//! What all servers of one database keep together, and what one of them does for all, each in its turn.

use std::time::Duration;

use async_trait::async_trait;

use crate::store::StoreError;

/// Small things under names, and turns. Whoever can read the database can read them.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// What lies there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts something there, in the place of what lay there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn put(&self, name: &str, content: &[u8]) -> Result<(), StoreError>;

    /// Takes it away, where it lies there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn remove(&self, name: &str) -> Result<(), StoreError>;

    /// Takes the turn at something where nobody has it, or makes the own one last so long from now on; answers with
    /// what whoever had it last left for the next. `None` where another server has it, or it rests.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn take_turn(&self, name: &str, lasts: Duration) -> Result<Option<String>, StoreError>;

    /// Gives the own turn up; nobody has the next one before `rest` is over, who then gets `note`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn end_turn(&self, name: &str, rest: Duration, note: &str) -> Result<(), StoreError>;
}
