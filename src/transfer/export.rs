//! From a store into an archive.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::archive::Writer;
use super::walk::{Sink, walk};
use super::{Totals, TransferError, Watch};
use crate::store::{Records, Store};

/// How many batches may wait for the file.
const WAITING: usize = 4;

/// Writes everything in a store into an archive, which is at `path` when it is whole; one that was there is replaced then.
///
/// # Errors
/// See [`TransferError`].
pub async fn export(store: &Arc<dyn Store>, path: &Path, watch: &mut dyn Watch) -> Result<Totals, TransferError> {
    let (orders, queue) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking({
        let path = path.to_owned();
        move || write(&path, queue)
    });
    let mut sink = ToFile(orders);
    let walked = walk(store, &mut sink, "exporting", watch).await;
    if let Ok(totals) = &walked {
        // Where the file is no longer written, its own error says why.
        let _ = sink.0.send(Order::Finish(totals.clone())).await;
    }
    drop(sink);
    let written = writing.await.unwrap_or_else(|error| Err(file_error(path, &error)));
    match (walked, written) {
        (_, Err(error)) | (Err(error), Ok(())) => Err(error),
        (Ok(totals), Ok(())) => Ok(totals),
    }
}

fn file_error(path: &Path, error: &tokio::task::JoinError) -> TransferError {
    TransferError::File { path: path.display().to_string(), error: std::io::Error::other(error.to_string()) }
}

enum Order {
    Lines(Vec<u8>),
    Again,
    Finish(Totals),
}

/// The file's side, on a thread of its own. Where no `Finish` comes the archive does not come to its place.
fn write(path: &Path, mut queue: mpsc::Receiver<Order>) -> Result<(), TransferError> {
    let mut writer = Writer::create(path)?;
    while let Some(order) = queue.blocking_recv() {
        match order {
            Order::Lines(lines) => writer.write(&lines)?,
            Order::Again => writer = Writer::create(path)?,
            Order::Finish(totals) => return writer.finish(totals),
        }
    }
    Ok(())
}

struct ToFile(mpsc::Sender<Order>);

#[async_trait]
impl Sink for ToFile {
    async fn again(&mut self) -> bool {
        self.0.send(Order::Again).await.is_ok()
    }

    async fn take(&mut self, _: Records, lines: Vec<u8>) -> Result<(), TransferError> {
        let gone = |_| TransferError::Restless;
        self.0.send(Order::Lines(lines)).await.map_err(gone)
    }
}
