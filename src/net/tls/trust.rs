//! What people need to know of the server's own authority in order to trust it.

use data_encoding::HEXUPPER;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::authority::Authority;

/// Its certificate and how that is told from another.
#[derive(Clone, Debug)]
pub struct Trust {
    certificate: Vec<u8>,
    fingerprint: String,
}

impl Trust {
    /// Of an authority.
    pub fn of(authority: &Authority) -> Self {
        let certificate = authority.certificate();
        Self { certificate: certificate.to_vec(), fingerprint: fingerprint(certificate) }
    }

    /// The certificate, in DER form.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The SHA-256 fingerprint of the certificate, as systems show it: `AB:CD:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// The SHA-256 fingerprint of a certificate.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
    pairs.join(":")
}
