//! From a store into an archive, in a file or through a connection.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::archive::{self, Encoder, failed};
use super::migrate::left_out;
use super::walk::{Sink, walk};
use super::{Totals, TransferError, Watch};
use crate::model::RoomId;
use crate::store::{Records, Store};

/// How many batches may wait to be written.
const WAITING: usize = 4;

/// Writes everything in a store into an archive, which is at `path` when it is whole; one that was there is replaced
/// then.
///
/// # Errors
/// See [`TransferError`].
pub async fn export(store: &Arc<dyn Store>, path: &Path, watch: &mut dyn Watch) -> Result<Totals, TransferError> {
    let place = path.to_owned();
    let write = move |queue| {
        let partial = archive::unfinished(&place);
        let written = match partial.create().and_then(|file| write_all(file, queue)) {
            Ok(Some(file)) => partial.put_in_place(&file),
            other => other.map(drop),
        };
        written.map_err(|error| failed(&place, error))
    };
    export_by(store, write, watch).await
}

/// Writes an archive into a connection. Where it breaks off, whoever reads it finds no end.
///
/// # Errors
/// See [`TransferError`].
pub(super) async fn export_into(
    store: &Arc<dyn Store>,
    connection: impl Write + Send + 'static,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    let write = move |queue| match write_all(connection, queue) {
        Ok(_) => Ok(()),
        Err(error) => Err(TransferError::File { path: "the connection".to_owned(), error }),
    };
    export_by(store, write, watch).await
}

async fn export_by(
    store: &Arc<dyn Store>,
    write: impl FnOnce(mpsc::Receiver<Order>) -> Result<(), TransferError> + Send + 'static,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    let (orders, queue) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write(queue));
    let mut sink = ToWriter(orders);
    let walked = walk_all(store, &mut sink, watch).await;
    if let Ok(totals) = &walked {
        // Where nothing is written any more, the writer's own error says why.
        let _ = sink.0.send(Order::Finish(totals.clone())).await;
    }
    drop(sink);
    let broke_off = |error| TransferError::File { path: "the archive".to_owned(), error: io::Error::other(error) };
    match (walked, writing.await.unwrap_or_else(|error| Err(broke_off(error)))) {
        (_, Err(error)) | (Err(error), Ok(())) => Err(error),
        (Ok(totals), Ok(())) => Ok(totals),
    }
}

async fn walk_all(store: &Arc<dyn Store>, sink: &mut ToWriter, watch: &mut dyn Watch) -> Result<Totals, TransferError> {
    let walked = walk(store, sink, "exporting", archive::VERSION, watch).await?;
    Ok(Totals { left_out: left_out(store).await?, ..walked })
}

enum Order {
    Lines(Vec<u8>),
    Finish(Totals),
}

/// The writer's side, on a thread of its own. Answers with what it wrote to when the archive is whole, and with nothing
/// where the walk broke off.
fn write_all<W: Write>(to: W, mut queue: mpsc::Receiver<Order>) -> io::Result<Option<W>> {
    let mut encoder = Encoder::new(to)?;
    while let Some(order) = queue.blocking_recv() {
        match order {
            Order::Lines(lines) => encoder.write(&lines)?,
            Order::Finish(totals) => return encoder.finish(totals).map(Some),
        }
    }
    Ok(None)
}

struct ToWriter(mpsc::Sender<Order>);

#[async_trait]
impl Sink for ToWriter {
    async fn take(&mut self, _: Vec<Records>, lines: Vec<u8>) -> Result<(), TransferError> {
        // The writer has failed, and its error counts.
        self.0.send(Order::Lines(lines)).await.map_err(|_| TransferError::BrokeOff)
    }

    /// The line that takes the room back came with the others.
    async fn gone(&mut self, _: RoomId) -> Result<(), TransferError> {
        Ok(())
    }
}
