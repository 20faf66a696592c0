//! A backup of the embedded store while a server has it open: the server writes the archive into a socket in its data directory.
//!
//! Whoever may open the data directory may ask, and nobody else: it is the directory's owner's alone.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::archive::{self, Partial, failed};
use super::export::export_into;
use super::{Totals, TransferError, Watch};
use crate::store::Store;

/// The socket's name in the data directory.
const SOCKET: &str = "tincan.sock";
/// A reader that takes nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// Answers those who ask for an archive, until it is dropped.
#[derive(Debug)]
pub struct Exports {
    socket: PathBuf,
    answering: JoinHandle<()>,
}

impl Exports {
    /// Begins to answer in a data directory, whose store this process has open.
    ///
    /// # Errors
    /// The system's; a path of more than 107 bytes cannot be a socket.
    pub fn answer(directory: &Path, store: Arc<dyn Store>) -> io::Result<Self> {
        let socket = directory.join(SOCKET);
        // The store is held by this process, so whoever left it there is gone.
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&socket)?;
        fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
        Ok(Self { socket, answering: tokio::spawn(answer_all(listener, store)) })
    }
}

impl Drop for Exports {
    fn drop(&mut self) {
        self.answering.abort();
        if let Err(error) = fs::remove_file(&self.socket) {
            tracing::warn!(%error, "a socket stays in the data directory");
        }
    }
}

/// One after the other: a copy is work for the disk.
async fn answer_all(listener: UnixListener, store: Arc<dyn Store>) {
    loop {
        let exported = match listener.accept().await {
            Ok((connection, _)) => answer(connection, &store).await,
            Err(error) => Err(TransferError::File { path: SOCKET.to_owned(), error }),
        };
        match exported {
            Ok(totals) => tracing::info!("{} messages were exported", totals.messages.count),
            Err(error) => {
                tracing::warn!("an export failed: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(connection: UnixStream, store: &Arc<dyn Store>) -> Result<Totals, TransferError> {
    let blocking = || {
        let connection = connection.into_std()?;
        connection.set_nonblocking(false)?;
        connection.set_write_timeout(Some(STALLED))?;
        Ok(connection)
    };
    let connection = blocking().map_err(|error| TransferError::File { path: SOCKET.to_owned(), error })?;
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
    let (socket, path) = (directory.join(SOCKET), path.to_owned());
    let received = tokio::task::spawn_blocking(move || {
        let partial = Partial::of(&path);
        let mut connection =
            std::os::unix::net::UnixStream::connect(&socket).map_err(|error| failed(&socket, error))?;
        let mut receive = || {
            let mut file = partial.create()?;
            io::copy(&mut connection, &mut file)?;
            Ok(file)
        };
        let file = receive().map_err(|error| failed(&path, error))?;
        let (totals, _) = archive::read(partial.unfinished(), |_| Ok(()))?;
        partial.put_in_place(&file).map_err(|error| failed(&path, error))?;
        Ok(totals)
    });
    let broke_off = |error| TransferError::File { path: "the archive".to_owned(), error: io::Error::other(error) };
    received.await.unwrap_or_else(|error| Err(broke_off(error)))
}
