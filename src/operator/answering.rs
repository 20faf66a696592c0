//! Answers the commands that come through the control socket of a server.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::accounts::Operator;
use crate::control;
use crate::transfer::answer_export;

/// A reader that takes nothing for so long is gone, and so is one that asks nothing.
const STALLED: Duration = Duration::from_secs(30);
/// How often it is seen to that the socket is there and works, and how long to wait before it is made again.
const LOOKED_AT: Duration = Duration::from_secs(5);

/// Answers until it is dropped. Where the socket cannot be made, or goes, that is logged and tried again.
#[derive(Debug)]
pub struct Control {
    socket: PathBuf,
    answering: JoinHandle<()>,
}

impl Control {
    /// Begins to answer in a data directory, whose store this process has open.
    pub fn answer(directory: &Path, operator: Operator) -> Self {
        let first = control::listen(directory);
        let answering = tokio::spawn(answer_always(directory.to_owned(), Arc::new(operator), first));
        Self { socket: control::path(directory), answering }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.answering.abort();
        match std::fs::remove_file(&self.socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a socket stays in the data directory");
            }
            _ => {}
        }
    }
}

/// Never ends: what goes wrong is logged once, and tried again.
async fn answer_always(directory: PathBuf, operator: Arc<Operator>, mut listening: io::Result<(UnixListener, u64)>) {
    let mut told = false;
    // One copy after the other: it is work for the disk.
    let exporting = Arc::new(Mutex::new(()));
    loop {
        match listening {
            Ok((listener, number)) => {
                if std::mem::take(&mut told) {
                    tracing::info!("tincan export and tincan user work again while this server runs");
                }
                answer_all(listener, &operator, &exporting, || control::is_there(&directory, number)).await;
            }
            Err(error) if !told => {
                tracing::warn!(
                    "tincan export and tincan user do not work while this server runs: {error}; it is tried again"
                );
                told = true;
                tokio::time::sleep(LOOKED_AT).await;
            }
            Err(_) => tokio::time::sleep(LOOKED_AT).await,
        }
        listening = control::listen(&directory);
    }
}

/// Ends where the socket is no longer there, or does not work.
async fn answer_all(
    listener: UnixListener,
    operator: &Arc<Operator>,
    exporting: &Arc<Mutex<()>>,
    is_there: impl Fn() -> bool,
) {
    loop {
        let connection = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => connection,
                Err(error) => {
                    tracing::warn!("a command could not be taken: {error}");
                    tokio::time::sleep(LOOKED_AT).await;
                    return;
                }
            },
            () = tokio::time::sleep(LOOKED_AT) => {
                if is_there() {
                    continue;
                }
                tracing::warn!("{} is no longer in the data directory; making it again", control::SOCKET);
                return;
            }
        };
        let (operator, exporting) = (Arc::clone(operator), Arc::clone(exporting));
        // A task of its own, so that nobody waits for a copy, and a panic ends this command alone.
        tokio::spawn(async move {
            if let Err(error) = answer(connection, &operator, &exporting).await {
                tracing::warn!("a command was not answered: {error}");
            }
        });
    }
}

async fn answer(
    connection: tokio::net::UnixStream,
    operator: &Operator,
    exporting: &Mutex<()>,
) -> Result<(), io::Error> {
    let connection = connection.into_std()?;
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(STALLED))?;
    connection.set_write_timeout(Some(STALLED))?;
    let (connection, request) = off_thread(move || Ok((control::request(&connection)?, connection)))
        .await
        .map(|(request, connection)| (connection, request))?;
    if request == control::EXPORT {
        let _one = exporting.lock().await;
        match answer_export(connection, operator.store()).await {
            Ok(totals) => tracing::info!("{} messages were exported", totals.messages.count),
            Err(error) => tracing::warn!("an export failed: {error}"),
        }
        return Ok(());
    }
    let command = serde_json::from_str(&request)?;
    let answer = serde_json::to_vec(&operator.carry_out(command).await)?;
    off_thread(move || write(connection, &answer)).await
}

fn write(mut connection: UnixStream, answer: &[u8]) -> io::Result<()> {
    connection.write_all(answer)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
