//! Where account, certificate and proofs are kept: in the data directory, or where several servers share a database,
//! in that, for all of them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::sealing::Sealing;
use crate::bus::Shelf;
use crate::files;

/// How long a turn lasts that is not taken again.
const TURN: Duration = Duration::from_secs(60);

/// How often whoever has the turn takes it again.
const TAKEN_AGAIN: Duration = Duration::from_secs(20);

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// The account with the authority.
    Account,
    /// The certificate and its key.
    Certificate,
}

/// The place.
pub(crate) struct Keeping {
    directory: PathBuf,
    sealing: Sealing,
    /// What is kept is for this.
    description: String,
    shelf: OnceLock<Arc<dyn Shelf>>,
}

/// Whose turn it is to ask the authority.
pub(crate) enum Turn {
    /// This server's; with what the last one left for it.
    Own(String),
    /// Another server asks, or has just been refused.
    Another,
}

impl Thing {
    fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Certificate => "certificate",
        }
    }
}

impl Keeping {
    /// In a directory, until there is a shelf. `description` says what it is all for; what is for something else lies
    /// beside it.
    pub(crate) fn new(directory: PathBuf, sealing: Sealing, description: String) -> Self {
        Self { directory, sealing, description, shelf: OnceLock::new() }
    }

    /// From now on where all servers keep it.
    pub(crate) fn share(&self, shelf: Arc<dyn Shelf>) {
        // A second one would be the same.
        let _ = self.shelf.set(shelf);
    }

    /// Whether other servers keep the same.
    pub(crate) fn is_shared(&self) -> bool {
        self.shelf.get().is_some()
    }

    fn name(&self, word: &str) -> String {
        format!("acme {word} {}", self.sealing.name(&self.description))
    }

    /// What lies in the directory.
    pub(crate) fn in_directory(&self, thing: Thing) -> Option<Vec<u8>> {
        std::fs::read(self.file(thing)).ok()
    }

    fn file(&self, thing: Thing) -> PathBuf {
        self.directory.join(format!("acme-{}.json", thing.word()))
    }

    /// What is kept.
    ///
    /// # Errors
    /// One line: the database does not answer.
    pub(crate) async fn read(&self, thing: Thing) -> Result<Option<Vec<u8>>, String> {
        let Some(shelf) = self.shelf.get() else { return Ok(self.in_directory(thing)) };
        let name = self.name(thing.word());
        let sealed = shelf.read(&name).await.map_err(|error| error.to_string())?;
        Ok(sealed.and_then(|sealed| self.sealing.open(&name, &sealed)))
    }

    /// Keeps it. Where that is not possible it is good all the same until the end of this server, and said in the log.
    pub(crate) async fn write(&self, thing: Thing, content: &[u8]) {
        let written = match self.shelf.get() {
            None => files::replace(&self.file(thing), content).map_err(|error| error.to_string()),
            Some(shelf) => {
                let name = self.name(thing.word());
                match self.sealing.seal(&name, content) {
                    Ok(sealed) => shelf.put(&name, &sealed).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error),
                }
            }
        };
        if let Err(error) = written {
            let what = thing.word();
            tracing::warn!(error, "the {what} of the ACME authority cannot be kept; the next start asks anew");
        }
    }

    /// Lets the other servers answer the authority too. Proofs are shown to whoever asks, so they are not sealed.
    ///
    /// # Errors
    /// One line: the database does not answer.
    pub(crate) async fn show(&self, proof: &str, answer: &[u8]) -> Result<(), String> {
        let Some(shelf) = self.shelf.get() else { return Ok(()) };
        shelf.put(&format!("acme {proof}"), answer).await.map_err(|error| error.to_string())
    }

    /// What another server lets this one answer.
    pub(crate) async fn shown(&self, proof: &str) -> Option<Vec<u8>> {
        // The authority asks again.
        self.shelf.get()?.read(&format!("acme {proof}")).await.ok().flatten()
    }

    /// The authority has looked.
    pub(crate) async fn show_no_more(&self, proofs: &[String]) {
        let Some(shelf) = self.shelf.get() else { return };
        for proof in proofs {
            if let Err(error) = shelf.remove(&format!("acme {proof}")).await {
                tracing::debug!(%error, "a proof for the authority stays in the database");
            }
        }
    }

    /// Takes the turn to ask the authority.
    ///
    /// # Errors
    /// One line: the database does not answer.
    pub(crate) async fn take_turn(&self) -> Result<Turn, String> {
        let Some(shelf) = self.shelf.get() else { return Ok(Turn::Own(String::new())) };
        let turn = shelf.take_turn(&self.name("turn"), TURN).await.map_err(|error| error.to_string())?;
        Ok(turn.map_or(Turn::Another, Turn::Own))
    }

    /// Keeps the turn while something is done.
    pub(crate) async fn within_turn<T>(&self, done: impl Future<Output = T>) -> T {
        tokio::select! {
            done = done => done,
            never = self.keep_turn() => match never {},
        }
    }

    async fn keep_turn(&self) -> Infallible {
        loop {
            tokio::time::sleep(TAKEN_AGAIN).await;
            if let Err(error) = self.take_turn().await {
                tracing::debug!(error, "another server may ask the authority too");
            }
        }
    }

    /// Gives the turn up; nobody has the next one before `rest` is over.
    pub(crate) async fn end_turn(&self, rest: Duration, note: &str) {
        let Some(shelf) = self.shelf.get() else { return };
        if let Err(error) = shelf.end_turn(&self.name("turn"), rest, note).await {
            tracing::debug!(%error, "the turn to ask the authority ends by itself");
        }
    }
}
