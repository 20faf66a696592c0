//! A backup of the embedded store while a server has it open: the server writes the archive into a connection of its
//! control socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use super::archive::{self, failed};
use super::export::export_into;
use super::{Totals, TransferError, Watch};
use crate::control;
use crate::store::Store;

/// Writes an archive for whoever asked for one by a connection.
///
/// # Errors
/// See [`TransferError`].
pub async fn answer_export(connection: UnixStream, store: &Arc<dyn Store>) -> Result<Totals, TransferError> {
    export_into(store, connection, &mut Nobody).await
}

/// Nobody looks.
struct Nobody;

impl Watch for Nobody {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}

/// Has the server that runs on a data directory write an archive, which is at `path` when it is found whole.
///
/// # Errors
/// See [`TransferError`]; where no server answers, that of the socket.
pub async fn export_from_running(
    directory: &Path,
    path: &Path,
    watch: &mut dyn Watch,
) -> Result<Totals, TransferError> {
    watch.begin("receiving", 0);
    let (directory, path) = (directory.to_owned(), path.to_owned());
    let received = tokio::task::spawn_blocking(move || {
        let partial = archive::unfinished(&path);
        let mut connection =
            control::ask(&directory, control::EXPORT).map_err(|error| failed(&control::path(&directory), error))?;
        let mut receive = || {
            let mut file = partial.create()?;
            io::copy(&mut connection, &mut file)?;
            Ok(file)
        };
        let file = receive().map_err(|error| failed(&path, error))?;
        let (totals, _) = archive::read(partial.beside(), |_| Ok(()))?;
        partial.put_in_place(&file).map_err(|error| failed(&path, error))?;
        Ok(totals)
    });
    let broke_off = |error| TransferError::File { path: "the archive".to_owned(), error: io::Error::other(error) };
    received.await.unwrap_or_else(|error| Err(broke_off(error)))
}
