//! `--tls` and what belongs to it: settings that only make sense together.

use super::public_url::PublicUrl;
use super::resolver::{Resolver, wrong};
use super::setting::{SetBy, SettingError};
use super::source::Found;
use super::{Flags, Tls};

/// Where certificates are to be had for nothing.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// What https is served with. `public` are the addresses that a certificate may be for.
pub(super) fn resolve(all: &mut Resolver, flags: &Flags, public: &[PublicUrl]) -> Result<Tls, SettingError> {
    let mode = all.find("--tls", flags.tls.clone(), &["TLS"])?;
    let certificate = all.find("--tls-cert", flags.tls_cert.clone(), &["TLS_CERT"])?;
    let key = all.find("--tls-key", flags.tls_key.clone(), &["TLS_KEY"])?;
    let email = all.find("--acme-email", flags.acme_email.clone(), &["ACME_EMAIL"])?;
    let directory = all.find("--acme-directory", flags.acme_directory.clone(), &["ACME_DIRECTORY"])?;
    let roots = all.find("SSL_CERT_FILE", None, &["SSL_CERT_FILE"])?;
    let (word, set_by) = mode.as_ref().map_or(("auto", SetBy::Default), |one| (one.text.as_str(), one.set_by.clone()));
    let needs = |what: &str| wrong(&set_by)(format!("{word} needs {what}"));
    let path = |found: &Option<Found>, flag: &str| {
        found.as_ref().map(|one| one.text.clone().into()).ok_or_else(|| needs(&format!("{flag}; name the PEM file")))
    };
    let tls = match word {
        "auto" => Tls::Auto,
        "off" => Tls::Off,
        "files" => Tls::Files { certificate: path(&certificate, "--tls-cert")?, key: path(&key, "--tls-key")? },
        "acme" if public.is_empty() => return Err(needs("--public-url; name the addresses that people come by")),
        "acme" => Tls::Acme {
            directory: directory_of(directory.as_ref())?,
            email: email.as_ref().map(|one| one.text.clone()),
            roots: roots.map(|one| one.text.into()),
        },
        _ => {
            let message = format!("{word:?} is none of auto, acme, files and off; write one of the four");
            return Err(wrong(&set_by)(message));
        }
    };
    let unused = certificate.as_ref().or(key.as_ref()).filter(|_| !matches!(tls, Tls::Files { .. }));
    if let Some(unused) = unused {
        let message = format!("is for --tls files alone, and --tls is {word}; set that too");
        return Err(wrong(&unused.set_by)(message));
    }
    all.show("--tls", word, &set_by);
    for (flag, found) in [("--tls-cert", &certificate), ("--tls-key", &key), ("--acme-email", &email)] {
        let (text, set_by) = found.as_ref().map_or(("", &SetBy::Default), |one| (one.text.as_str(), &one.set_by));
        all.show(flag, text, set_by);
    }
    let shown = directory.as_ref().map_or((LETS_ENCRYPT, &SetBy::Default), |one| (one.text.as_str(), &one.set_by));
    all.show("--acme-directory", shown.0, shown.1);
    Ok(tls)
}

fn directory_of(found: Option<&Found>) -> Result<String, SettingError> {
    match found {
        None => Ok(LETS_ENCRYPT.to_owned()),
        Some(found) if found.text.starts_with("https://") => Ok(found.text.clone()),
        Some(found) => {
            let message = format!("{:?} is no directory of an authority; write its https:// address", found.text);
            Err(wrong(&found.set_by)(message))
        }
    }
}
