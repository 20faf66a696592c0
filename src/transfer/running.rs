//! A backup of the embedded store while a server has it open: the server writes the archive into a socket in its data directory.
//!
//! Whoever may open the data directory may ask, and nobody else: it is the directory's owner's alone.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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
/// How often it is seen to that the socket is there and works, and how long to wait before it is made again.
const LOOKED_AT: Duration = Duration::from_secs(5);
/// The longest path that the system takes for a socket, in bytes.
const LONGEST_PATH: usize = 107;

/// Answers those who ask for an archive, until it is dropped. Where the socket cannot be made, or goes, that is logged and tried again.
#[derive(Debug)]
pub struct Exports {
    socket: PathBuf,
    answering: JoinHandle<()>,
}

impl Exports {
    /// Begins to answer in a data directory, whose store this process has open.
    pub fn answer(directory: &Path, store: Arc<dyn Store>) -> Self {
        let first = listen(directory);
        let answering = tokio::spawn(answer_always(directory.to_owned(), store, first));
        Self { socket: directory.join(SOCKET), answering }
    }
}

impl Drop for Exports {
    fn drop(&mut self) {
        self.answering.abort();
        match fs::remove_file(&self.socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a socket stays in the data directory");
            }
            _ => {}
        }
    }
}

/// A socket that listens, with its file's number.
type Listening = io::Result<(UnixListener, u64)>;

/// Never ends: what goes wrong is logged once, and tried again.
async fn answer_always(directory: PathBuf, store: Arc<dyn Store>, mut listening: Listening) {
    let mut told = false;
    loop {
        match listening {
            Ok((listener, id)) => {
                if std::mem::take(&mut told) {
                    tracing::info!("tincan export works again while this server runs");
                }
                answer_all(listener, &store, || is_at(&directory.join(SOCKET), id)).await;
            }
            Err(error) if !told => {
                tracing::warn!("tincan export does not work while this server runs: {error}; it is tried again");
                told = true;
                tokio::time::sleep(LOOKED_AT).await;
            }
            Err(_) => tokio::time::sleep(LOOKED_AT).await,
        }
        listening = listen(&directory);
    }
}

/// Listens in a directory, and answers with the file's number too.
fn listen(directory: &Path) -> Listening {
    let socket = directory.join(SOCKET);
    // The store is held by this process, so whoever left it there is gone.
    match fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = by_short_path(&socket, |path| UnixListener::bind(path))?;
    fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
    Ok((listener, fs::symlink_metadata(&socket)?.ino()))
}

/// Whether it is this file that others find there.
fn is_at(socket: &Path, id: u64) -> bool {
    fs::symlink_metadata(socket).is_ok_and(|about| about.ino() == id)
}

/// Gives a path that is short enough for a socket: that of a longer one leads through the descriptor of its directory.
fn by_short_path<T>(socket: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let long = socket.as_os_str().len() > LONGEST_PATH;
    let (Some(directory), Some(name), true) = (socket.parent(), socket.file_name(), long && cfg!(target_os = "linux"))
    else {
        return work(socket);
    };
    let directory = File::open(directory)?;
    work(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name))
}

/// One after the other: a copy is work for the disk. Ends where the socket is no longer there, or does not work.
async fn answer_all(listener: UnixListener, store: &Arc<dyn Store>, is_there: impl Fn() -> bool) {
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => connection,
                Err(error) => {
                    tracing::warn!("an export could not begin: {error}");
                    tokio::time::sleep(LOOKED_AT).await;
                    return;
                }
            },
            () = tokio::time::sleep(LOOKED_AT) => {
                if is_there() {
                    continue;
                }
                tracing::warn!("{SOCKET} is no longer in the data directory; making it again");
                return;
            }
        };
        // A task of its own, so that a panic ends this export and not all that follow.
        let store = Arc::clone(store);
        match tokio::spawn(async move { answer(connection, &store).await }).await {
            Ok(Ok(totals)) => tracing::info!("{} messages were exported", totals.messages.count),
            Ok(Err(error)) => tracing::warn!("an export failed: {error}"),
            Err(error) => tracing::error!(%error, "an export ended by a panic"),
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
        let mut connection = by_short_path(&socket, |path| std::os::unix::net::UnixStream::connect(path))
            .map_err(|error| failed(&socket, error))?;
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
