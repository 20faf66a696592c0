//! Tokens: JWT, HS256, as the Node backend made them and with the number of the password they were made under.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use super::hmac;
use crate::config::Secret;
use crate::error::Error;
use crate::model::{Timestamp, User, UserId};

/// Issues and verifies tokens. Its `Debug` shows no key.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    ttl: Duration,
}

/// What a good token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// [`User::token_version`] when it was made; 0 where it does not say.
    pub version: u32,
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
    #[serde(skip_serializing_if = "is_zero")]
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

#[derive(Deserialize)]
struct Presented {
    #[serde(rename = "userId")]
    user_id: Option<String>,
    id: Option<String>,
    sub: Option<String>,
    exp: f64,
    ver: Option<u32>,
}

impl Tokens {
    /// Tokens signed with `secret` that live for `ttl`.
    pub fn new(secret: &Secret, ttl: Duration) -> Self {
        hmac::install();
        let mut validation = Validation::new(Algorithm::HS256);
        // The expiry is checked here, to the millisecond: the library rounds it to seconds.
        validation.validate_exp = false;
        validation.validate_nbf = true;
        validation.leeway = 0;
        // As in Node: whom else a token is for is no concern of whoever does not ask.
        validation.validate_aud = false;
        Self {
            signing: EncodingKey::from_secret(secret.expose().as_bytes()),
            verifying: DecodingKey::from_secret(secret.expose().as_bytes()),
            validation,
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

    /// Checks signature, algorithm and expiry, not whether the user exists.
    ///
    /// # Errors
    /// [`Error::TokenExpired`], or [`Error::Unauthorized`] for everything else.
    pub fn verify(&self, token: &str) -> Result<Claims, Error> {
        let presented =
            decode::<Presented>(token, &self.verifying, &self.validation).map_err(|_| Error::Unauthorized)?.claims;
        let id = presented.user_id.or(presented.id).or(presented.sub).ok_or(Error::Unauthorized)?;
        let user = UserId::parse(&id).ok_or(Error::Unauthorized)?;
        let expires_at = Timestamp::from_millis((presented.exp * 1000.0).round() as i64);
        if expires_at <= Timestamp::now() {
            return Err(Error::TokenExpired);
        }
        Ok(Claims { user, version: presented.ver.unwrap_or(0), expires_at })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tokens").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PasswordHash;

    const SECRET: &str = "a secret of at least thirty-two bytes, for tests";
    const ANN: &str = "65a1b2c3d4e5f60718293a4b";
    const FAR: i64 = 4_102_444_800_000;

    // Made by Node's jsonwebtoken 9 with SECRET. What is in them stands beside each.
    const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    /// `{userId, username: "Ann", iat: 1767225600, exp: 4102444800}`
    const BY_USER_ID: &str = "eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJ1c2VybmFtZSI6IkFubiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.Ow3uYyme-jWMBZFgNerMMXDo1d4P4TvClkdZnNFLSLE";
    /// `{id, iat, exp: 4102444800}`
    const BY_ID: &str = "eyJpZCI6IjY1YTFiMmMzZDRlNWY2MDcxODI5M2E0YiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.UElY4pxdx3XuE_J4DuI4Wt3APnfnyv-RDwp175qn2vQ";
    /// `{sub, iat, exp: 4102444800}`
    const BY_SUB: &str = "eyJzdWIiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.DAFGzJTfnDexFMKPLiO1MpnjqtYDFUjsecp0FoJcndA";
    /// `{userId, aud: "x", iss: "me", iat, exp: 4102444800}`
    const WITH_AUDIENCE: &str = "eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJhdWQiOiJ4IiwiaXNzIjoibWUiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.ObhQDdyvOPnxzQlXbw5D3YzFmq88RECvx6yPabmKSKg";
    /// `{userId, username, iat: 1767225600, exp: 1767225601}`
    const EXPIRED: &str = "eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJ1c2VybmFtZSI6IkFubiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI1NjAxfQ.-Ra0aXLM5z0ZF6tUmkhI_MYJ6y_Lom-7zAId7UF3zLs";
    /// `{userId, iat}`
    const WITHOUT_EXPIRY: &str = "eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDB9.foCDRbH2T9bHP4taFgfTzrjmrU1x9Dm8mTHhKGoyHXI";
    /// `{userId, iat, exp: 4102444800}`, signed with another secret
    const BY_ANOTHER: &str = "eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.JM_NNm9MyYlSgA_wenA-zaGuZ2vFBOatngATcaiFSPE";
    /// The same claims, HS512 with SECRET; with its header
    const HS512: &str = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.F3LwT9Y6m0jNCWd0ywCI_Gt850gu12URV8V6rwp309ULhF4CGuqvTDkpTtriKGl8QhNpeMqOR75jZqDD-eVMSQ";
    /// The same claims, algorithm `none`; with its header
    const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.";

    fn tokens(ttl: Duration) -> Tokens {
        Tokens::new(&Secret::new(SECRET.into()), ttl)
    }

    fn verify(rest: &str) -> Result<Claims, Error> {
        tokens(Duration::from_secs(60)).verify(&format!("{HEADER}.{rest}"))
    }

    fn ann(token_version: u32) -> User {
        User {
            id: UserId::parse(ANN).unwrap(),
            username: "Ann".into(),
            email: "ann@example.com".into(),
            password: PasswordHash::new(String::new()),
            created_at: Timestamp::from_millis(0),
            token_version,
        }
    }

    /// Signs any claims, as somebody with the secret could.
    fn signed(claims: &serde_json::Value) -> String {
        hmac::install();
        encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    #[test]
    fn a_token_of_the_node_backend_is_good_by_any_of_its_names_for_the_user() {
        let expected =
            Claims { user: UserId::parse(ANN).unwrap(), version: 0, expires_at: Timestamp::from_millis(FAR) };
        for token in [BY_USER_ID, BY_ID, BY_SUB, WITH_AUDIENCE] {
            assert_eq!(verify(token), Ok(expected), "{token}");
        }
    }

    #[test]
    fn a_token_that_was_good_once_is_told_from_one_that_never_was() {
        assert_eq!(verify(EXPIRED), Err(Error::TokenExpired));
        for token in [WITHOUT_EXPIRY, BY_ANOTHER, "", "x.y", "a.b.c.d"] {
            assert_eq!(verify(token), Err(Error::Unauthorized), "{token}");
        }
        for token in [HS512, UNSIGNED, "", ".", "..", "not a token"] {
            assert_eq!(tokens(Duration::from_secs(60)).verify(token), Err(Error::Unauthorized), "{token}");
        }
    }

    #[test]
    fn one_altered_character_spoils_a_token() {
        let tokens = tokens(Duration::from_secs(60));
        let token = tokens.issue(&ann(0));
        for at in [40, token.len() / 2, token.len() - 10] {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut altered = token.clone();
            altered.replace_range(at..=at, other);
            assert_eq!(tokens.verify(&altered), Err(Error::Unauthorized), "{altered}");
        }
    }

    #[test]
    fn an_issued_token_carries_the_user_the_version_and_its_expiry() {
        let tokens = tokens(Duration::from_secs(3600));
        let before = Timestamp::now();
        for version in [0, 7] {
            let token = tokens.issue(&ann(version));
            let claims = tokens.verify(&token).unwrap();
            assert_eq!((claims.user, claims.version), (ann(0).id, version));
            let life = claims.expires_at.since(before);
            assert!((Duration::from_secs(3598)..=Duration::from_secs(3602)).contains(&life), "{life:?}");
            assert_eq!(claims.expires_at.millis() % 1000, 0);
        }
    }

    #[test]
    fn a_life_of_a_fraction_of_a_second_is_kept_to_the_millisecond() {
        let before = Timestamp::now();
        let tokens = tokens(Duration::from_millis(1500));
        let life = tokens.verify(&tokens.issue(&ann(0))).unwrap().expires_at.since(before);
        assert!((Duration::from_millis(1500)..Duration::from_millis(2500)).contains(&life), "{life:?}");
        let spent = self::tokens(Duration::from_nanos(1));
        assert_eq!(spent.verify(&spent.issue(&ann(0))), Err(Error::TokenExpired));
    }

    #[test]
    fn claims_of_a_wrong_kind_are_refused_whoever_signed_them() {
        let far = FAR / 1000;
        for claims in [
            serde_json::json!({"exp": far}),
            serde_json::json!({"userId": {"$gt": ""}, "exp": far}),
            serde_json::json!({"userId": ANN.to_uppercase(), "exp": far}),
            serde_json::json!({"userId": "", "id": ANN, "exp": far}),
            serde_json::json!({"userId": ANN, "exp": "tomorrow"}),
            serde_json::json!({"userId": ANN, "exp": null}),
            serde_json::json!({"userId": ANN, "exp": far, "ver": -1}),
            serde_json::json!({"userId": ANN, "exp": far, "nbf": far - 1}),
            serde_json::json!([ANN]),
        ] {
            assert_eq!(tokens(Duration::from_secs(60)).verify(&signed(&claims)), Err(Error::Unauthorized), "{claims}");
        }
        let distant = signed(&serde_json::json!({"userId": ANN, "exp": 1e15}));
        assert!(tokens(Duration::from_secs(60)).verify(&distant).is_ok());
    }
}
