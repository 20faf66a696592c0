//! Tokens: JWT, HS256, as the Node backend made them and with the number of the password they were made under.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto, encode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::hmac;
use crate::config::Secret;
use crate::error::Error;
use crate::model::{Timestamp, User, UserId};
use crate::wire::json as client_json;

/// Issues and verifies tokens. Its `Debug` shows no key.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    ttl: Duration,
}

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// [`User::token_version`] when it was made; `None` in a token of another program, and of ours of old where it
    /// would be 0.
    pub version: Option<u32>,
    /// When it was made, where it says so.
    pub issued_at: Option<Timestamp>,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

#[derive(Serialize)]
struct Issued<'a> {
    #[serde(rename = "userId")]
    user_id: UserId,
    username: &'a str,
    iat: i64,
    exp: Seconds,
    ver: u32,
}

/// A whole number where it is one, as Node's clients and other languages' parsers expect, and a fraction only where the
/// life of a token is set to one.
#[derive(Serialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Fraction(f64),
}

/// The claims of [`Issued`].
const OWN_CLAIMS: [&str; 5] = ["userId", "username", "iat", "exp", "ver"];

/// Where programs put the id of a user, in the order in which they count.
const ID_CLAIMS: [&str; 4] = ["userId", "id", "sub", "_id"];

impl Tokens {
    /// Tokens signed with `secret` that live for `ttl`.
    pub fn new(secret: &Secret, ttl: Duration) -> Self {
        hmac::install();
        Self {
            signing: EncodingKey::from_secret(secret.expose().as_bytes()),
            verifying: DecodingKey::from_secret(secret.expose().as_bytes()),
            ttl,
        }
    }

    /// A new token.
    pub fn issue(&self, user: &User) -> String {
        let now = Timestamp::now();
        let iat = now.millis().div_euclid(1000);
        let exp = if self.ttl.subsec_nanos() == 0 {
            Seconds::Whole(Timestamp::from_millis(iat * 1000).plus(self.ttl).millis() / 1000)
        } else {
            Seconds::Fraction(now.plus(self.ttl).millis() as f64 / 1000.0)
        };
        let claims = Issued { user_id: user.id, username: &user.username, iat, exp, ver: user.token_version };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .expect("plain claims serialise, and HMAC cannot fail")
    }

    /// Checks signature, algorithm, expiry and beginning, not whether the user exists. Claims that are not asked for
    /// here may be of any type: programs that share the secret write what they need.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], or [`Error::Unauthorized`] for everything else.
    pub fn verify(&self, token: &str) -> Result<Claims, Error> {
        let claims = self.signed_claims(token).ok_or(Error::Unauthorized)?;
        let mut ids = ID_CLAIMS.iter().filter_map(|name| UserId::parse(claims.get(*name)?.as_str()?));
        let user = ids.next().ok_or(Error::Unauthorized)?;
        let expires_at = moment(&claims, "exp").ok_or(Error::Unauthorized)?;
        let now = Timestamp::now();
        if moment(&claims, "nbf").is_some_and(|begins| begins > now) {
            return Err(Error::Unauthorized);
        }
        if expires_at <= now {
            return Err(Error::TokenExpired);
        }
        Ok(Claims { user, version: version(&claims), issued_at: moment(&claims, "iat"), expires_at })
    }

    /// What a token says, where it was signed with our secret and algorithm.
    fn signed_claims(&self, token: &str) -> Option<Map<String, Value>> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let signed = crypto::verify(signature, message.as_bytes(), &self.verifying, Algorithm::HS256);
        // Nothing is read of what somebody else wrote.
        if !signed.unwrap_or(false) || object(header)?.get("alg")? != "HS256" {
            return None;
        }
        object(claims)
    }
}

/// The JSON object that a part of a token is.
fn object(part: &str) -> Option<Map<String, Value>> {
    match client_json::read_bytes(&URL_SAFE_NO_PAD.decode(part).ok()?)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// A point in time, in seconds since 1970 and fractions of them; `None` where the claim is no number. It is read to the
/// millisecond.
fn moment(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = claims.get(name)?.as_f64()?;
    Some(Timestamp::from_millis((seconds * 1000.0).round() as i64))
}

/// The version of the user's tokens. Other programs may mean something else by `ver`, so it counts only in a token that
/// has all the claims that this server writes, and no other.
fn version(claims: &Map<String, Value>) -> Option<u32> {
    let own = claims.len() == OWN_CLAIMS.len() && OWN_CLAIMS.iter().all(|name| claims.contains_key(*name));
    let version = claims.get("ver").filter(|_| own).and_then(Value::as_u64);
    version.and_then(|version| version.try_into().ok())
}

impl Claims {
    /// Whether the tokens of this account, as it is at `now`, still are good for what they say.
    pub fn hold(&self, user: &User, now: Timestamp) -> bool {
        let current = match (self.version, user.tokens_ended_at) {
            (Some(version), _) => version == user.token_version,
            (None, None) => user.token_version == 0,
            (None, Some(ended)) => self.issued_at.is_some_and(|issued| issued > ended && issued <= now),
        };
        current && !user.disabled
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tokens").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
