//! The authority of the server's own: made once, kept in the data directory, and able to vouch for this machine alone.
//!
//! Whoever trusts it trusts it for what its own certificate permits: private addresses, `.local`, and what the machine
//! was called and reached at when it was made. So a stolen key cannot stand in for the rest of the web.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::names::{Name, host_name, private};
use crate::files;

/// How long it is good for.
const LASTS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Clocks differ; what was made just now is good on one that is behind by as much.
const CLOCKS_DIFFER: Duration = Duration::from_secs(86_400);

/// It, and what it may vouch for.
pub struct Authority {
    certificate: CertificateDer<'static>,
    permits: BTreeSet<Name>,
    ends: OffsetDateTime,
    issuer: Issuer<'static, KeyPair>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What it is called.
    name: String,
    /// Names and addresses, besides private ones.
    permits: Vec<String>,
    /// When it ends, in seconds since 1970.
    ends: i64,
    /// In PEM form.
    certificate: String,
    /// In PEM form.
    key: String,
}

impl Authority {
    /// The one that is kept in a directory, or one that is made now for a server that is called so.
    ///
    /// # Errors
    /// One line: it cannot be read, made or kept.
    pub fn kept_or_made(directory: &Path, called: &BTreeSet<Name>) -> Result<Self, String> {
        let path = directory.join("authority.json");
        let shown = path.display();
        let failed = |what: &str, error: &std::io::Error| format!("cannot {what} {shown}: {error}");
        match std::fs::read(&path) {
            Ok(kept) => return Self::of(&kept).map_err(|error| format!("{shown}: {error}; mend or remove it")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &error)),
        }
        let made = make(called)?;
        match files::create_new(&path, &made) {
            Ok(()) => Self::of(&made),
            // Another server on the same directory was quicker.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Self::of(&std::fs::read(&path).map_err(|error| failed("read", &error))?)
            }
            Err(error) => Err(failed("write", &error)),
        }
    }

    fn of(kept: &[u8]) -> Result<Self, String> {
        let kept: Kept = serde_json::from_slice(kept).map_err(|_| "is no authority of a server".to_owned())?;
        let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes())
            .map_err(|_| "holds no certificate".to_owned())?;
        let key = KeyPair::from_pem(&kept.key).map_err(|_| "holds no key".to_owned())?;
        let ends = OffsetDateTime::from_unix_timestamp(kept.ends).map_err(|_| "has no end".to_owned())?;
        let permits: BTreeSet<Name> = kept.permits.iter().filter_map(|text| Name::parse(text)).collect();
        let issuer = Issuer::new(params(&kept.name, &permits, ends), key);
        Ok(Self { certificate, permits, ends, issuer })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// When it ends.
    pub fn ends(&self) -> OffsetDateTime {
        self.ends
    }

    /// Whether it can vouch for a name or an address.
    pub fn permits(&self, name: &Name) -> bool {
        let dns = self.permits.iter().filter_map(|known| match known {
            Name::Dns(known) => Some(known.as_str()),
            Name::Address(_) => None,
        });
        match name {
            Name::Address(address) => self.permits.contains(name) || private().any(|net| net.contains(address)),
            Name::Dns(name) => dns
                .chain(["local"])
                .any(|known| name.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))),
        }
    }

    /// Vouches for a certificate.
    ///
    /// # Errors
    /// What the library says.
    pub fn sign(&self, wanted: &CertificateParams, key: &KeyPair) -> Result<rcgen::Certificate, String> {
        wanted.signed_by(key, &self.issuer).map_err(|error| error.to_string())
    }
}

/// A new one, as it is kept.
fn make(called: &BTreeSet<Name>) -> Result<Vec<u8>, String> {
    let now = OffsetDateTime::now_utc();
    let host: String = host_name().chars().filter(char::is_ascii_graphic).take(30).collect();
    let name = format!("Tincan on {host}, {}", now.date());
    // The certificate counts whole seconds.
    let ends = (now + LASTS).replace_nanosecond(0).unwrap_or(now);
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params(&name, called, ends).self_signed(&key).map_err(|error| error.to_string())?;
    let kept = Kept {
        name,
        permits: called.iter().map(ToString::to_string).collect(),
        ends: ends.unix_timestamp(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    };
    serde_json::to_vec_pretty(&kept).map_err(|error| error.to_string())
}

fn params(name: &str, permits: &BTreeSet<Name>, ends: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - CLOCKS_DIFFER;
    params.not_after = ends;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let own = permits.iter().map(|name| match name {
        Name::Dns(name) => GeneralSubtree::DnsName(name.clone()),
        Name::Address(address) => {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, whole))
        }
    });
    let private =
        private().map(|net| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net.addr(), net.prefix_len())));
    let local = GeneralSubtree::DnsName("local".to_owned());
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: private.chain([local]).chain(own).collect(),
        excluded_subtrees: Vec::new(),
    });
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn it_is_made_once_for_its_owner_alone_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let within = directory.path();
        let called = BTreeSet::from([name("chat.example.com"), name("203.0.113.5")]);
        let first = Authority::kept_or_made(within, &called).unwrap();
        let file = within.join("authority.json");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let second = Authority::kept_or_made(within, &BTreeSet::from([name("other.example.com")])).unwrap();
        assert_eq!(first.certificate(), second.certificate());
        assert!(second.permits(&name("chat.example.com")) && !second.permits(&name("other.example.com")));
        std::fs::write(&file, "{}").unwrap();
        assert!(Authority::kept_or_made(within, &called).is_err_and(|error| error.contains("mend or remove")));
    }

    #[test]
    fn it_vouches_for_private_addresses_local_names_and_what_the_machine_was_called() {
        let directory = tempfile::tempdir().unwrap();
        let called = BTreeSet::from([name("chat.example.com"), name("203.0.113.5")]);
        let authority = Authority::kept_or_made(directory.path(), &called).unwrap();
        for good in ["10.1.2.3", "192.168.0.7", "fd00::1", "laptop.local", "chat.example.com", "203.0.113.5", "::1"] {
            assert!(authority.permits(&name(good)), "{good}");
        }
        for bad in ["203.0.113.6", "8.8.8.8", "2001:db8::1", "example.com", "evilchat.example.com", "notlocal"] {
            assert!(!authority.permits(&name(bad)), "{bad}");
        }
    }
}
