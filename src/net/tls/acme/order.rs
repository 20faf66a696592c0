//! One order of a certificate, from its beginning to the certificate: who answers for a name proves it by what it
//! answers over TLS, or over http.

use std::net::IpAddr;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair, SanType};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::keeping::Keeping;
use crate::net::tls::serving::Serving;

/// How long the authority may take to look.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// How it is proved that a name leads here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Proof {
    /// By a certificate over TLS; the authority comes to port 443.
    #[default]
    Alpn,
    /// By an answer over http; it comes to port 80.
    Http,
}

impl Proof {
    /// The other way.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Alpn => Self::Http,
            Self::Http => Self::Alpn,
        }
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Alpn => "TLS on port 443",
            Self::Http => "http on port 80",
        })
    }
}

/// Why nothing was given, in one line.
#[derive(Debug)]
pub(crate) enum NotGot {
    /// The authority could not be asked, or does not answer.
    Unreached(String),
    /// It refuses.
    Refused(String),
}

impl From<Error> for NotGot {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(_) | Error::Timeout(_) => Self::Refused(words(&error)),
            other => Self::Unreached(words(&other)),
        }
    }
}

/// What was given.
pub(crate) struct Got {
    /// The certificate and those that lead to the authority, in PEM form.
    pub chain: String,
    /// Its key, in PEM form.
    pub key: String,
}

/// Who answers the authority while it looks: this server, and those that share what is kept.
#[derive(Clone, Copy)]
pub(crate) struct Answering<'a> {
    /// What this server answers.
    pub serving: &'a Serving,
    /// What the others answer.
    pub keeping: &'a Keeping,
}

/// Carries one out. What is to be answered meanwhile is answered by `answering`.
///
/// # Errors
/// What the authority says.
pub(crate) async fn carry_out(
    account: &Account,
    identifiers: &[Identifier],
    answering: Answering<'_>,
    proof: Proof,
) -> Result<Got, NotGot> {
    let mut shown = Vec::new();
    let got = carry(account, identifiers, answering, (proof, &mut shown)).await;
    answering.serving.prove_no_more();
    answering.keeping.show_no_more(&shown).await;
    got
}

/// `shown` gets the names of the proofs that other servers answer with.
async fn carry(
    account: &Account,
    identifiers: &[Identifier],
    answering: Answering<'_>,
    (proof, shown): (Proof, &mut Vec<String>),
) -> Result<Got, NotGot> {
    let own = |error: rcgen::Error| NotGot::Refused(error.to_string());
    let mut wanted = NewOrder::new(identifiers);
    // Addresses change hands: authorities that vouch for them do so for a few days.
    let short = identifiers.iter().any(|one| matches!(one, Identifier::Ip(_)));
    if short && account.profiles().any(|profile| profile.name == "shortlived") {
        wanted = wanted.profile("shortlived");
    }
    let mut order = account.new_order(&wanted).await?;
    prove(&mut order, answering, (proof, shown)).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) | Err(Error::Api(_)) => return Err(NotGot::Refused(refusal(&mut order).await)),
        Err(error) => return Err(error.into()),
    }
    let key = KeyPair::generate().map_err(own)?;
    let names: Vec<String> = identifiers.iter().map(plain).collect();
    let mut params = CertificateParams::new(names).map_err(own)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(own)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Got { chain, key: key.serialize_pem() })
}

/// Puts the proof of every name in place, and has the authority look.
async fn prove(
    order: &mut Order,
    answering: Answering<'_>,
    (proof, shown): (Proof, &mut Vec<String>),
) -> Result<(), NotGot> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let kind = match proof {
            Proof::Alpn => ChallengeType::TlsAlpn01,
            Proof::Http => ChallengeType::Http01,
        };
        let challenge = authorization.challenge(kind);
        let mut challenge = challenge.ok_or_else(|| NotGot::Refused("it takes no such proof".to_owned()))?;
        let answer = challenge.key_authorization();
        let identifier = challenge.identifier().identifier.clone();
        let digest = answer.digest();
        let (name, content) = match proof {
            Proof::Alpn => {
                let certified = certificate_of_proof(&identifier, digest.as_ref()).map_err(NotGot::Refused)?;
                answering.serving.prove_by_tls(asked_as(&identifier), certified);
                (proof_by_tls(&asked_as(&identifier)), digest.as_ref())
            }
            Proof::Http => {
                answering.serving.prove_by_http(challenge.token.clone(), answer.as_str().to_owned());
                (proof_by_http(&challenge.token), answer.as_str().as_bytes())
            }
        };
        answering.keeping.show(&name, content).await.map_err(NotGot::Unreached)?;
        shown.push(name);
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the proof of a name over TLS is called among servers.
pub(crate) fn proof_by_tls(asked_as: &str) -> String {
    format!("proof by tls {asked_as}")
}

/// What the answer to a token over http is called among servers.
pub(crate) fn proof_by_http(token: &str) -> String {
    format!("proof by http {token}")
}

/// Why the authority refuses an order.
async fn refusal(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else { continue };
        if authorization.refresh().await.is_ok()
            && let Some(problem) = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref())
        {
            return problem.to_string();
        }
    }
    "it does not say why".to_owned()
}

/// The certificate that answers for a name while the authority looks (RFC 8737).
pub(crate) fn certificate_of_proof(identifier: &Identifier, digest: &[u8]) -> Result<CertifiedKey, String> {
    let mut params = CertificateParams::new(Vec::new()).map_err(|error| error.to_string())?;
    params.subject_alt_names = vec![match identifier {
        Identifier::Ip(address) => SanType::IpAddress(*address),
        other => SanType::DnsName(plain(other).try_into().map_err(|error: rcgen::Error| error.to_string())?),
    }];
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not checked against the key, for the library does not read what is made for an authority alone.
    let key = ring::sign::any_supported_type(&key).map_err(|error| error.to_string())?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

fn plain(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Dns(name) => name.clone(),
        Identifier::Ip(address) => address.to_string(),
        _ => String::new(),
    }
}

/// The name that the authority asks for over TLS: that of an address is the one by which its name is looked up (RFC
/// 8738).
pub(crate) fn asked_as(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Ip(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Identifier::Ip(IpAddr::V6(address)) => {
            let digits = address.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            let digits: String = digits.map(|digit| format!("{digit:x}.")).collect();
            format!("{digits}ip6.arpa")
        }
        other => plain(other),
    }
}

/// What the library says, with its causes, in one line.
pub(crate) fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_for_by_the_name_that_its_name_is_looked_up_by() {
        let asked = |address: &str| asked_as(&Identifier::Ip(address.parse().unwrap()));
        assert_eq!(asked("192.0.2.7"), "7.2.0.192.in-addr.arpa");
        assert!(
            asked("2001:db8::1").starts_with("1.0.0.0.") && asked("2001:db8::1").ends_with("8.b.d.0.1.0.0.2.ip6.arpa")
        );
    }
}
