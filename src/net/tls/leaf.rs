//! The certificate that the server's own authority gives it: for every name and address that it may vouch for, kept so
//! that a restart shows browsers the one that they know.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::names::Name;
use super::serving;
use super::trust::fingerprint;
use crate::files;

/// How long it is good for. Apple's devices take none that is good for more than 825 days.
const LASTS: Duration = Duration::from_secs(180 * 86_400);

/// How long before its end another one takes its place.
const RENEWED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

/// It is good on clocks that are behind by as much.
const CLOCKS_DIFFER: Duration = Duration::from_secs(86_400);

/// It, as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Leaf {
    /// Names and addresses that it is for.
    names: Vec<String>,
    /// When it ends, in seconds since 1970.
    ends: i64,
    /// The fingerprint of the authority that has given it.
    authority: String,
    /// In PEM form.
    certificate: String,
    /// In PEM form.
    key: String,
}

impl Leaf {
    /// The one that is kept in a directory, where it serves; else one that is made now.
    ///
    /// # Errors
    /// As [`Leaf::made`].
    pub(crate) fn kept_or_made(
        directory: &Path,
        authority: &Authority,
        wanted: &BTreeSet<Name>,
    ) -> Result<Self, String> {
        let kept = std::fs::read(directory.join("certificate.json")).ok();
        let kept = kept.and_then(|kept| serde_json::from_slice::<Self>(&kept).ok());
        match kept.filter(|kept| kept.serves(authority, wanted) && kept.certified().is_ok()) {
            Some(kept) => Ok(kept),
            None => Self::made(directory, authority, wanted),
        }
    }

    /// A new one. Where it cannot be kept it serves all the same.
    ///
    /// # Errors
    /// What the library says.
    pub(crate) fn made(directory: &Path, authority: &Authority, wanted: &BTreeSet<Name>) -> Result<Self, String> {
        let leaf = Self::make(authority, wanted)?;
        let path = directory.join("certificate.json");
        let kept = serde_json::to_vec_pretty(&leaf).map_err(|error| error.to_string())?;
        if let Err(error) = files::replace(&path, &kept) {
            tracing::warn!(%error, "{} cannot be written; the next start makes a certificate anew", path.display());
        }
        Ok(leaf)
    }

    fn make(authority: &Authority, wanted: &BTreeSet<Name>) -> Result<Self, String> {
        let now = OffsetDateTime::now_utc();
        let ends = (now + LASTS).min(authority.ends());
        let names: Vec<&Name> = wanted.iter().filter(|name| authority.permits(name)).collect();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "Tincan");
        params.not_before = now - CLOCKS_DIFFER;
        params.not_after = ends;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        for name in &names {
            params.subject_alt_names.push(match name {
                Name::Address(address) => SanType::IpAddress(*address),
                Name::Dns(name) => {
                    SanType::DnsName(Ia5String::try_from(name.as_str()).map_err(|error| error.to_string())?)
                }
            });
        }
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let certificate = authority.sign(&params, &key)?;
        Ok(Self {
            names: names.iter().map(ToString::to_string).collect(),
            ends: ends.unix_timestamp(),
            authority: fingerprint(authority.certificate()),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Whether it is still what is to be shown: for all that is wanted, of this authority, and not about to end.
    pub(crate) fn serves(&self, authority: &Authority, wanted: &BTreeSet<Name>) -> bool {
        self.serves_at(OffsetDateTime::now_utc(), authority, wanted)
    }

    fn serves_at(&self, now: OffsetDateTime, authority: &Authority, wanted: &BTreeSet<Name>) -> bool {
        let known: BTreeSet<Name> = self.names.iter().filter_map(|text| Name::parse(text)).collect();
        let all = wanted.iter().filter(|name| authority.permits(name)).all(|name| known.contains(name));
        let lasts = (now + RENEWED_BEFORE).unix_timestamp() < self.ends;
        all && lasts && self.authority == fingerprint(authority.certificate())
    }

    /// As it is served.
    ///
    /// # Errors
    /// One line: it does not read.
    pub(crate) fn certified(&self) -> Result<CertifiedKey, String> {
        let broken = || "the certificate that is kept does not read".to_owned();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(|_| broken())?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| broken())?;
        serving::certified(vec![certificate], key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> BTreeSet<Name> {
        texts.iter().map(|text| Name::parse(text).unwrap()).collect()
    }

    #[test]
    fn it_is_kept_until_something_new_is_wanted_or_its_end_is_near() {
        let directory = tempfile::tempdir().unwrap();
        let called = names(&["chat.example.com", "10.0.0.5"]);
        let authority = Authority::kept_or_made(directory.path(), &called).unwrap();
        let of = |wanted: &[&str]| Leaf::kept_or_made(directory.path(), &authority, &names(wanted)).unwrap();
        let first = of(&["chat.example.com", "10.0.0.5", "other.example.com"]);
        assert_eq!(first.names, ["chat.example.com", "10.0.0.5"], "what its authority may vouch for");
        assert_eq!(of(&["10.0.0.5"]).certificate, first.certificate);
        let second = of(&["10.0.0.5", "10.0.0.6"]);
        assert_ne!(second.certificate, first.certificate);
        assert_eq!(of(&["10.0.0.6"]).certificate, second.certificate);
        let now = OffsetDateTime::now_utc();
        let near = |days: u64| second.serves_at(now + Duration::from_secs(days * 86_400), &authority, &called);
        assert!(!near(1), "it is not for all that is asked");
        let serves = |days: u64| first.serves_at(now + Duration::from_secs(days * 86_400), &authority, &called);
        assert!(serves(149) && !serves(151));
    }

    #[test]
    fn one_of_another_authority_does_not_serve() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wanted = names(&["10.0.0.5"]);
        let [first, second] = [&one, &two].map(|place| Authority::kept_or_made(place.path(), &wanted).unwrap());
        assert!(!Leaf::make(&first, &wanted).unwrap().serves(&second, &wanted));
    }
}
