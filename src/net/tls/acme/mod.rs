//! A certificate of an ACME authority, got and renewed by the server itself. Of several servers on one database one
//! asks at a time, for all of them, and whichever the authority comes to answers it.
//!
//! `instant-acme` rather than `rustls-acme`: it asks the authority when a certificate is to be renewed (ARI), and knows
//! profiles, without which there are no certificates for addresses. Both stand on `ring`.

mod account;
mod client;
mod keeping;
mod kept;
mod order;
mod sealing;
mod tries;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use instant_acme::{CertificateIdentifier, Identifier};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use tokio_rustls::rustls::sign::CertifiedKey;

use self::keeping::{Thing, Turn};
use self::kept::Kept;
use self::order::{Answering, NotGot, Proof};
use self::tries::Tries;
use super::names::Name;
use super::serving::Serving;
use crate::bus::Shelf;

pub(crate) use self::account::Asker;
pub(crate) use self::keeping::Keeping;
pub(crate) use self::sealing::Sealing;

/// How often the authority is asked when the certificate is to be renewed, and the clock is looked at.
const LOOK: Duration = Duration::from_secs(6 * 3600);

/// How often it is looked whether another server got a certificate.
const OTHERS: Duration = Duration::from_secs(5);

/// For how long a certificate is not renewed after its beginning.
const FRESH: Duration = Duration::from_secs(6 * 3600);

/// How long after a try that did not reach the authority it is tried again.
const UNREACHED: Duration = Duration::from_secs(60);

/// The longest that a token of an authority is, in bytes; longer ones are looked up nowhere.
const LONGEST_TOKEN: usize = 200;

/// What is asked for, of whom, and what came of it.
pub(crate) struct Acme {
    asker: Asker,
    names: Vec<Name>,
    kept: Mutex<Option<Kept>>,
}

impl Acme {
    /// For these names, with the certificate that lies in the directory, where it is for them.
    pub(crate) fn new(asker: Asker, names: Vec<Name>) -> Self {
        let acme = Self { asker, names, kept: Mutex::new(None) };
        let kept = acme.asker.keeping.in_directory(Thing::Certificate).and_then(|text| acme.read(&text));
        *acme.lock() = kept;
        acme
    }

    /// What all of it is for: servers that want the same share it.
    pub(crate) fn description(directory: &str, email: Option<&str>, names: &[Name]) -> String {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        format!("{directory} {} {}", email.unwrap_or_default(), names.join(" "))
    }

    /// Shares all of it with other servers from now on, and shows the certificate that they have. One that lies in the
    /// directory from before is theirs too where they have none.
    pub(crate) async fn share(&self, shelf: Arc<dyn Shelf>, serving: &Serving) {
        let keeping = &self.asker.keeping;
        keeping.share(shelf);
        if self.take_over(serving).await {
            return;
        }
        let from_before = [
            (Thing::Account, keeping.in_directory(Thing::Account)),
            (Thing::Certificate, self.kept().map(|kept| kept.text())),
        ];
        for (thing, here) in from_before {
            if let (Ok(None), Some(text)) = (keeping.read(thing).await, here) {
                keeping.write(thing, &text).await;
            }
        }
    }

    /// Whether other servers share it.
    pub(crate) fn is_shared(&self) -> bool {
        self.asker.keeping.is_shared()
    }

    /// The certificate that is kept; `None` where there is none yet.
    pub(crate) fn certified(&self) -> Option<CertifiedKey> {
        self.kept().and_then(|kept| kept.certified().ok())
    }

    /// What another server has this one answer an authority that asks for a token.
    pub(crate) async fn answer(&self, token: &str) -> Option<String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if token.len() > LONGEST_TOKEN || !token.bytes().all(is_token) {
            return None;
        }
        let answer = self.asker.keeping.shown(&order::proof_by_http(token)).await?;
        String::from_utf8(answer).ok()
    }

    /// Has `serving` show the proof of another server for a name that an authority asks for over TLS.
    pub(crate) async fn prove(&self, asked_as: &str, serving: &Serving) {
        let identifiers = self.names.iter().map(identifier);
        let Some(own) = identifiers.into_iter().find(|one| order::asked_as(one).eq_ignore_ascii_case(asked_as)) else {
            return;
        };
        let Some(digest) = self.asker.keeping.shown(&order::proof_by_tls(&order::asked_as(&own))).await else { return };
        if let Ok(certified) = order::certificate_of_proof(&own, &digest) {
            serving.prove_by_tls(order::asked_as(&own), certified);
        }
    }

    /// Gets certificates in time, for ever.
    pub(crate) async fn watch(&self, serving: &Serving) {
        let mut tries = Tries::default();
        loop {
            let (due, now) = (self.due().await, OffsetDateTime::now_utc());
            if due > now {
                let left = Duration::try_from(due - now).unwrap_or_default();
                self.wait(left.min(LOOK), serving).await;
                continue;
            }
            if !self.comes_to_turn(serving, &mut tries).await {
                continue;
            }
            let rest = match self.asker.keeping.within_turn(self.renew(serving, tries.proof)).await {
                Ok(certified) => {
                    serving.replace(certified);
                    tries.succeeded();
                    tracing::info!("new connections get a new certificate");
                    Duration::ZERO
                }
                Err(NotGot::Unreached(words)) => {
                    tracing::error!("no certificate from {}: {words}", self.asker.directory);
                    UNREACHED
                }
                Err(NotGot::Refused(words)) => {
                    tracing::error!("no certificate from {} by {}: {words}", self.asker.directory, tries.proof);
                    tries.refused()
                }
            };
            self.asker.keeping.end_turn(rest, &tries.note()).await;
            sleep(rest).await;
        }
    }

    /// Waits so long, or until another server has got a certificate.
    async fn wait(&self, left: Duration, serving: &Serving) {
        let until = Instant::now() + left;
        while self.is_shared() && Instant::now() + OTHERS < until {
            sleep(OTHERS).await;
            if self.take_over(serving).await {
                return;
            }
        }
        tokio::time::sleep_until(until).await;
    }

    /// Waits for this server's turn to ask, and knows then what came of the tries of others. `false` where another one
    /// has got a certificate.
    async fn comes_to_turn(&self, serving: &Serving, tries: &mut Tries) -> bool {
        loop {
            match self.asker.keeping.take_turn().await {
                Ok(Turn::Own(note)) => {
                    tries.take_over(&note);
                    // The one whose turn it was may have got it just now.
                    let other = self.take_over(serving).await;
                    if other {
                        self.asker.keeping.end_turn(Duration::ZERO, &tries.note()).await;
                    }
                    return !other;
                }
                Ok(Turn::Another) => sleep(OTHERS).await,
                Err(words) => {
                    tracing::error!("no certificate, for the database in which it is kept does not answer: {words}");
                    sleep(UNREACHED).await;
                }
            }
            if self.take_over(serving).await {
                return false;
            }
        }
    }

    /// Has `serving` show the certificate that another server got; whether there was one.
    async fn take_over(&self, serving: &Serving) -> bool {
        if !self.is_shared() {
            return false;
        }
        // Where the database does not answer the one that is known is good.
        let Ok(Some(text)) = self.asker.keeping.read(Thing::Certificate).await else { return false };
        let Some(kept) = self.read(&text) else { return false };
        if self.kept().is_some_and(|known| known.is(&kept)) {
            return false;
        }
        let Ok(certified) = kept.certified() else { return false };
        *self.lock() = Some(kept);
        serving.replace(certified);
        tracing::info!("new connections get a new certificate, which another server got");
        true
    }

    /// When the next certificate is to be asked for: when the authority says, else when two thirds of the time are
    /// over.
    async fn due(&self) -> OffsetDateTime {
        let Some(kept) = self.kept() else { return OffsetDateTime::UNIX_EPOCH };
        match self.told(&kept).await {
            Some(told) => told.min(kept.ends()),
            None => kept.late(),
        }
    }

    /// The moment that the authority proposes; `None` where it proposes none, or is not reached.
    async fn told(&self, kept: &Kept) -> Option<OffsetDateTime> {
        let chain = kept.chain().ok()?;
        let identifier = CertificateIdentifier::try_from(chain.first()?).ok()?;
        let account = account::open(&self.asker).await.ok()?;
        let (info, _) = account.renewal_info(&identifier).await.ok()?;
        let window = info.suggested_window;
        // The same one each time, and another one for each certificate: what that itself makes of it.
        let told = window.start + (window.end - window.start) * kept.chance();
        // Whatever it says: who has just given one need not be asked again.
        Some(told.max(kept.begins() + FRESH))
    }

    async fn renew(&self, serving: &Serving, proof: Proof) -> Result<CertifiedKey, NotGot> {
        let account = account::open(&self.asker).await.map_err(NotGot::Unreached)?;
        let identifiers: Vec<Identifier> = self.names.iter().map(identifier).collect();
        let answering = Answering { serving, keeping: &self.asker.keeping };
        let got = order::carry_out(&account, &identifiers, answering, proof).await?;
        let kept = Kept::new(&self.asker.directory, &self.names, got).map_err(NotGot::Refused)?;
        let certified = kept.certified().map_err(NotGot::Refused)?;
        self.asker.keeping.write(Thing::Certificate, &kept.text()).await;
        *self.lock() = Some(kept);
        Ok(certified)
    }

    /// From its text, where it is for what is wanted.
    fn read(&self, text: &[u8]) -> Option<Kept> {
        Kept::read(text).filter(|kept| kept.is_for(&self.asker.directory, &self.names))
    }

    fn kept(&self) -> Option<Kept> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn identifier(name: &Name) -> Identifier {
    match name {
        Name::Dns(name) => Identifier::Dns(name.clone()),
        Name::Address(address) => Identifier::Ip(*address),
    }
}
