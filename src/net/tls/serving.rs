//! The certificate that new connections get. Those that are open keep the one that they began with. And what an ACME
//! authority is answered while it looks whether a name leads here.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys};

/// The protocol that an authority asks for when it looks (RFC 8737).
pub(crate) const PROOF: &[u8] = b"acme-tls/1";

/// The one, whatever name a client asks for.
#[derive(Debug, Default)]
pub(crate) struct Serving(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` before there is one.
    certificate: Option<Arc<CertifiedKey>>,
    /// By name.
    by_tls: HashMap<String, Arc<CertifiedKey>>,
    /// By token.
    by_http: HashMap<String, String>,
}

impl Serving {
    /// With this one first.
    pub(crate) fn new(certified: CertifiedKey) -> Self {
        let serving = Self::default();
        serving.replace(certified);
        serving
    }

    /// Whether there is one.
    pub(crate) fn is_ready(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).certificate.is_some()
    }

    /// From now on this one.
    pub(crate) fn replace(&self, certified: CertifiedKey) {
        self.change(|state| state.certificate = Some(Arc::new(certified)));
    }

    /// From now on the authority is shown this certificate where it asks for a name.
    pub(crate) fn prove_by_tls(&self, name: String, certified: CertifiedKey) {
        self.change(|state| {
            state.by_tls.insert(name, Arc::new(certified));
        });
    }

    /// From now on the authority gets this answer where it asks for a token over http.
    pub(crate) fn prove_by_http(&self, token: String, answer: String) {
        self.change(|state| {
            state.by_http.insert(token, answer);
        });
    }

    /// The authority has looked.
    pub(crate) fn prove_no_more(&self) {
        self.change(|state| (state.by_tls, state.by_http) = Default::default());
    }

    /// What the authority is answered where it asks for a token.
    pub(crate) fn answer(&self, token: &str) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_http.get(token).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ResolvesServerCert for Serving {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if is_of_proof(&hello) {
            return hello.server_name().and_then(|name| state.by_tls.get(&name.to_ascii_lowercase())).cloned();
        }
        state.certificate.clone()
    }
}

/// Whether an authority asks, and not a client.
fn is_of_proof(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut protocols| protocols.any(|protocol| protocol == PROOF))
}

/// The name for which an authority asks for the proof; `None` where a client asks.
pub(crate) fn proof_asked(hello: &ClientHello<'_>) -> Option<String> {
    hello.server_name().filter(|_| is_of_proof(hello)).map(str::to_owned)
}

/// A certificate, with those that lead to its authority, and its key.
///
/// # Errors
/// The end of a sentence: the key is of no kind that is served, or not that of the certificate.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, String> {
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => "the key is not that of the certificate".to_owned(),
        other => other.to_string(),
    })
}
