//! A certificate and its key in files that others renew: read, and read again when they have changed.

use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::serving;

/// The two files, and what they held when they were last read.
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    seen: Option<Pair>,
    /// What was wrong with them then.
    told: Option<String>,
}

/// What they hold.
#[derive(Clone, PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
    names: (String, String),
}

impl Files {
    /// With what they hold now.
    ///
    /// # Errors
    /// One line: what is wrong with which.
    pub(crate) fn open(certificate: &Path, key: &Path) -> Result<(Self, CertifiedKey), String> {
        let mut files = Self { certificate: certificate.to_owned(), key: key.to_owned(), seen: None, told: None };
        let pair = files.read()?;
        let certified = pair.certified()?;
        files.seen = Some(pair);
        Ok((files, certified))
    }

    fn read(&self) -> Result<Pair, String> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| {
                let text = error.to_string();
                let reason = text.split(" (os error").next().unwrap_or(&text).to_lowercase();
                format!("cannot read {}: {reason}", path.display())
            })
        };
        let names = (self.certificate.display().to_string(), self.key.display().to_string());
        Ok(Pair { certificate: read(&self.certificate)?, key: read(&self.key)?, names })
    }

    /// What they hold, where that has changed and is good. What is wrong with them is told once.
    ///
    /// # Errors
    /// One line.
    pub(crate) fn changed(&mut self) -> Result<Option<CertifiedKey>, String> {
        let certified = match self.read() {
            Ok(pair) if self.seen.as_ref() == Some(&pair) => return Ok(None),
            Ok(pair) => {
                let certified = pair.certified();
                self.seen = Some(pair);
                certified
            }
            // What was good may come back as it was.
            Err(error) => Err(error),
        };
        match certified {
            Ok(certified) => {
                self.told = None;
                Ok(Some(certified))
            }
            Err(error) if self.told.as_ref() == Some(&error) => Ok(None),
            Err(error) => {
                self.told = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl Pair {
    /// The certificate with its key, or what is wrong with which.
    fn certified(&self) -> Result<CertifiedKey, String> {
        let (certificate, key) = (&self.names.0, &self.names.1);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| format!("{certificate} holds no certificate in PEM form"))?;
        let parsed = PrivateKeyDer::from_pem_slice(&self.key);
        let parsed = parsed.map_err(|_| format!("{key} holds no key in PEM form"))?;
        serving::certified(chain, parsed).map_err(|error| format!("{certificate} and {key} do not serve: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["chat.example.com".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_changes_is_read_and_what_is_wrong_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
        let open = || Files::open(&certificate, &key).map(|(files, _)| files);
        assert!(open().is_err_and(|error| error.contains("cannot read") && error.contains("no such file")));
        let (first, second) = (pair(), pair());
        let put = |of_certificate: &str, of_key: &str| {
            std::fs::write(&certificate, of_certificate).unwrap();
            std::fs::write(&key, of_key).unwrap();
        };
        put(&first.0, &first.1);
        let mut files = open().unwrap();
        assert!(files.changed().unwrap().is_none());
        put(&second.0, &first.1);
        assert!(files.changed().is_err_and(|error| error.contains("the key is not that of the certificate")));
        assert!(files.changed().unwrap().is_none());
        put(&second.0, &second.1);
        assert!(files.changed().unwrap().is_some());
        put("nothing", &second.1);
        assert!(files.changed().is_err_and(|error| error.contains("holds no certificate")));
        put(&second.0, "nothing");
        assert!(files.changed().is_err_and(|error| error.contains("holds no key")));
    }
}
