//! From one store into another, empty one, with a verification at the end.

use std::sync::Arc;

use super::digest::Omitted;
use super::filling::Filling;
use super::walk::{Nowhere, walk};
use super::{Totals, TransferError, Watch, archive};
use crate::store::{Result as StoreResult, Store};

/// What a store holds, which is read through for that.
///
/// # Errors
/// See [`TransferError`].
pub async fn count(store: &Arc<dyn Store>, watch: &mut dyn Watch) -> Result<Totals, TransferError> {
    let counted = walk(store, &mut Nowhere, "counting", archive::VERSION, watch).await?;
    Ok(Totals { left_out: left_out(store).await?, ..counted })
}

/// What a copy of a store leaves out.
pub(super) async fn left_out(store: &Arc<dyn Store>) -> StoreResult<Vec<Omitted>> {
    let left_out = store.left_out().await?.into_iter().filter(|one| one.count > 0);
    Ok(left_out.map(|one| Omitted { what: one.what, count: one.count }).collect())
}

/// Copies everything into a store that was opened to be filled, and compares what is there then. `origin` names the
/// source, by which a copy that broke off is known again; `target_name` is for people.
///
/// # Errors
/// See [`TransferError`].
pub async fn migrate(
    source: &Arc<dyn Store>,
    origin: &str,
    target: &Arc<dyn Store>,
    target_name: &str,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    let mut filling = Filling::begin(target, origin, target_name).await?;
    let copied = walk(source, &mut filling, "copying", archive::VERSION, watch).await?;
    filling.end().await?;
    finish(target, &copied, archive::VERSION, watch).await?;
    Ok(Totals { left_out: left_out(source).await?, ..copied })
}

/// Compares what is in the target with what was copied, and lets it open as any other store.
pub(super) async fn finish(
    target: &Arc<dyn Store>,
    copied: &Totals,
    version: u64,
    watch: &mut dyn Watch,
) -> Result<(), TransferError> {
    let there = walk(target, &mut Nowhere, "verifying", version, watch).await?;
    if let Some(kind) = copied.difference(&there) {
        return Err(TransferError::Differs(kind));
    }
    Ok(target.end_load().await?)
}
