//! The certificate that an ACME authority gave, as it is kept.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::order::Got;
use crate::net::tls::names::Name;
use crate::net::tls::serving;

/// It, with what it is for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Who gave it.
    directory: String,
    /// What it is for.
    names: Vec<String>,
    /// From when and until when it is good, in seconds since 1970.
    begins: i64,
    ends: i64,
    /// With those that lead to the authority, in PEM form.
    chain: String,
    /// In PEM form.
    key: String,
}

impl Kept {
    /// One that was just given.
    ///
    /// # Errors
    /// One line: it does not read.
    pub(crate) fn new(directory: &str, names: &[Name], got: Got) -> Result<Self, String> {
        let mut kept = Self {
            directory: directory.to_owned(),
            names: names.iter().map(ToString::to_string).collect(),
            begins: 0,
            ends: 0,
            chain: got.chain,
            key: got.key,
        };
        let chain = kept.chain()?;
        let first = chain.first().ok_or("the authority gave no certificate")?;
        let (_, parsed) = x509_parser::parse_x509_certificate(first)
            .map_err(|_| "the authority gave what is no certificate".to_owned())?;
        let validity = parsed.validity();
        (kept.begins, kept.ends) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        Ok(kept)
    }

    /// From its text.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// As text.
    pub(crate) fn text(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("texts and numbers are JSON")
    }

    /// Whether it is the same certificate.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.chain == other.chain
    }

    /// Whether it was given by this authority for these names.
    pub(crate) fn is_for(&self, directory: &str, names: &[Name]) -> bool {
        self.directory == directory && names.iter().map(ToString::to_string).eq(self.names.iter().cloned())
    }

    /// Itself and those that lead to the authority.
    ///
    /// # Errors
    /// One line: it does not read.
    pub(crate) fn chain(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.chain.as_bytes()).collect();
        chain.map_err(|_| "the certificate does not read".to_owned())
    }

    /// As it is served.
    ///
    /// # Errors
    /// One line: it does not read.
    pub(crate) fn certified(&self) -> Result<CertifiedKey, String> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| "its key does not read".to_owned())?;
        serving::certified(self.chain()?, key)
    }

    /// When it begins.
    pub(crate) fn begins(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.begins).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// When it ends.
    pub(crate) fn ends(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.ends).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// When two thirds of its time are over.
    pub(crate) fn late(&self) -> OffsetDateTime {
        self.ends() - Duration::seconds((self.ends - self.begins).max(0) / 3)
    }

    /// A number from 0 to 1 that is this certificate's own.
    pub(crate) fn chance(&self) -> f64 {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.chain.as_bytes());
        f64::from(digest.as_ref()[0]) / 256.0
    }
}
