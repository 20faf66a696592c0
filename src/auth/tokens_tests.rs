//! Tests of tokens: those of the Node backend, of other programs, and our own.

use super::*;
use crate::model::PasswordHash;
use serde_json::json;

const SECRET: &str = "a secret of at least thirty-two bytes, for tests";
const ANN: &str = "65a1b2c3d4e5f60718293a4b";
const FAR: i64 = 4_102_444_800_000;

// Made by Node's jsonwebtoken 9 with SECRET. What is in them stands beside each.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// `{userId, username: "Ann", iat: 1767225600, exp: 4102444800}`
const BY_USER_ID: &str = "\
    eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJ1c2VybmFtZSI6IkFubiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAy\
    NDQ0ODAwfQ.Ow3uYyme-jWMBZFgNerMMXDo1d4P4TvClkdZnNFLSLE";
/// `{id, iat, exp: 4102444800}`
const BY_ID: &str = "\
    eyJpZCI6IjY1YTFiMmMzZDRlNWY2MDcxODI5M2E0YiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.UElY4pxdx3XuE_J4D\
    uI4Wt3APnfnyv-RDwp175qn2vQ";
/// `{sub, iat, exp: 4102444800}`
const BY_SUB: &str = "\
    eyJzdWIiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.DAFGzJTfnDexFMKP\
    LiO1MpnjqtYDFUjsecp0FoJcndA";
/// `{userId, aud: "x", iss: "me", iat, exp: 4102444800}`
const WITH_AUDIENCE: &str = "\
    eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJhdWQiOiJ4IiwiaXNzIjoibWUiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6\
    NDEwMjQ0NDgwMH0.ObhQDdyvOPnxzQlXbw5D3YzFmq88RECvx6yPabmKSKg";
/// `{userId, username, iat: 1767225600, exp: 1767225601}`
const EXPIRED: &str = "\
    eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJ1c2VybmFtZSI6IkFubiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3\
    MjI1NjAxfQ.-Ra0aXLM5z0ZF6tUmkhI_MYJ6y_Lom-7zAId7UF3zLs";
/// `{userId, iat}`
const WITHOUT_EXPIRY: &str = "\
    eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDB9.foCDRbH2T9bHP4taFgfTzrjmrU1x9Dm8mTH\
    hKGoyHXI";
/// `{userId, iat, exp: 4102444800}`, signed with another secret
const BY_ANOTHER: &str = "\
    eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.JM_NNm9MyYlS\
    gA_wenA-zaGuZ2vFBOatngATcaiFSPE";
/// The same claims, HS512 with SECRET; with its header
const HS512: &str = "\
    eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDA\
    sImV4cCI6NDEwMjQ0NDgwMH0.F3LwT9Y6m0jNCWd0ywCI_Gt850gu12URV8V6rwp309ULhF4CGuqvTDkpTtriKGl8QhNpeMqOR75jZqDD-eV\
    MSQ";
/// The same claims, algorithm `none`; with its header
const UNSIGNED: &str = "\
    eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VySWQiOiI2NWExYjJjM2Q0ZTVmNjA3MTgyOTNhNGIiLCJpYXQiOjE3NjcyMjU2MDAs\
    ImV4cCI6NDEwMjQ0NDgwMH0.";

fn tokens(ttl: Duration) -> Tokens {
    Tokens::new(&Secret::new(SECRET.into()), ttl)
}

fn verify(rest: &str) -> Result<Claims, Error> {
    tokens(Duration::from_secs(60)).verify(&format!("{HEADER}.{rest}"))
}

fn ann(token_version: u32) -> User {
    let (id, password) = (UserId::parse(ANN).unwrap(), PasswordHash::new(String::new()));
    let ann = User::new(id, "Ann".into(), "ann@example.com".into(), password, Timestamp::from_millis(0));
    User { token_version, ..ann }
}

/// Signs any claims, as somebody with the secret could.
fn signed(claims: &serde_json::Value) -> String {
    hmac::install();
    encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

#[test]
fn a_token_of_the_node_backend_is_good_by_any_of_its_names_for_the_user() {
    for token in [BY_USER_ID, BY_ID, BY_SUB, WITH_AUDIENCE] {
        let claims = verify(token).unwrap();
        let said = (claims.user, claims.version, claims.expires_at);
        assert_eq!(said, (UserId::parse(ANN).unwrap(), None, Timestamp::from_millis(FAR)), "{token}");
        assert!(claims.hold(&ann(0), Timestamp::now()) && !claims.hold(&ann(1), Timestamp::now()), "{token}");
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
        assert_eq!((claims.user, claims.version), (ann(0).id, Some(version)));
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
        json!({"exp": far}),
        json!({"userId": {"$gt": ""}, "exp": far}),
        json!({"userId": ANN.to_uppercase(), "exp": far}),
        json!({"userId": [ANN], "id": 42, "sub": "ann", "_id": null, "exp": far}),
        json!({"user": {"id": ANN}, "exp": far}),
        json!({"userId": ANN}),
        json!({"userId": ANN, "exp": "tomorrow"}),
        json!({"userId": ANN, "exp": far.to_string()}),
        json!({"userId": ANN, "exp": null}),
        json!({"userId": ANN, "exp": [far]}),
        json!({"userId": ANN, "exp": true}),
        json!({"userId": ANN, "exp": far, "nbf": far - 1}),
        json!({"userId": ANN, "exp": far, "nbf": 1e300}),
        json!([ANN]),
        json!(ANN),
        json!(null),
    ] {
        assert_eq!(tokens(Duration::from_secs(60)).verify(&signed(&claims)), Err(Error::Unauthorized), "{claims}");
    }
}

#[test]
fn the_first_claim_that_is_an_id_names_the_user_and_others_may_be_of_any_type() {
    let exp = FAR / 1000;
    let other = "65a1b2c3d4e5f60718293a4c";
    for claims in [
        json!({"userId": ANN, "id": 42, "exp": exp}),
        json!({"userId": 42, "id": ANN, "sub": other, "exp": exp}),
        json!({"userId": "", "id": ANN, "exp": exp}),
        json!({"userId": "ann", "id": null, "sub": {"x": [1]}, "_id": ANN, "exp": exp}),
        json!({"userId": ANN, "id": other, "sub": other, "_id": other, "exp": exp}),
        json!({"id": {"toString": "x"}, "sub": ANN, "_id": other, "exp": exp}),
        json!({
            "userId": ANN, "sub": {}, "iss": [], "aud": {"x": 1}, "jti": 5, "iat": "now", "nbf": "later", "exp": exp,
        }),
        json!({"userId": ANN, "nbf": {}, "iat": [1e300], "username": 7, "exp": exp}),
        json!({"userId": ANN, "nbf": -1e300, "iat": -0.5, "exp": exp}),
    ] {
        let claims = signed(&claims);
        let said = tokens(Duration::from_secs(60)).verify(&claims).unwrap();
        let said = (said.user, said.version, said.expires_at);
        assert_eq!(said, (UserId::parse(ANN).unwrap(), None, Timestamp::from_millis(FAR)), "{claims}");
    }
}

#[test]
fn a_version_counts_only_in_a_token_of_our_own_make() {
    let exp = FAR / 1000;
    let own = |ver: Value| json!({"userId": ANN, "username": "Ann", "iat": 1, "exp": exp, "ver": ver});
    let mut foreign = own(json!(3));
    foreign["role"] = json!("admin");
    for (claims, version) in [
        (own(json!(3)), Some(3)),
        (own(json!("2.0")), None),
        (own(json!(-1)), None),
        (own(json!(1.5)), None),
        (own(json!(1_u64 << 40)), None),
        (own(json!({"major": 1})), None),
        (foreign, None),
        (json!({"userId": ANN, "exp": exp, "ver": 3}), None),
        (json!({"userId": ANN, "exp": exp, "tokenVersion": 3, "version": "x"}), None),
    ] {
        let verified = tokens(Duration::from_secs(60)).verify(&signed(&claims)).unwrap();
        assert_eq!(verified.version, version, "{claims}");
    }
}

#[test]
fn times_of_any_size_are_read_without_harm() {
    let verify = |exp: Value| {
        let token = signed(&json!({"userId": ANN, "exp": exp}));
        tokens(Duration::from_secs(60)).verify(&token).map(|claims| claims.expires_at.millis())
    };
    for past in [json!(0), json!(-1), json!(-0.5), json!(-1e300), json!(i64::MIN), json!(1.5), json!(1e-300)] {
        assert_eq!(verify(past.clone()), Err(Error::TokenExpired), "{past}");
    }
    assert_eq!(verify(json!(4_102_444_800.5)), Ok(FAR + 500));
    assert_eq!(verify(json!(1e15)), Ok(1_000_000_000_000_000_000));
    for huge in [json!(1e300), json!(u64::MAX), json!(i64::MAX)] {
        assert_eq!(verify(huge.clone()), Ok(i64::MAX), "{huge}");
    }
}

#[test]
fn text_of_other_programs_that_was_cut_in_an_emoji_does_not_spoil_a_token() {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"HS256","typ":"JWT","kid":5,"x":{"y":"\ud83d"}}"#);
    let claims = part(&format!(r#"{{"username":"\ud83d","sub":"\ude00","id":"{ANN}","exp":4102444800}}"#));
    let message = format!("{header}.{claims}");
    let tokens = tokens(Duration::from_secs(60));
    let signature = crypto::sign(message.as_bytes(), &tokens.signing, Algorithm::HS256).unwrap();
    assert_eq!(tokens.verify(&format!("{message}.{signature}")).map(|claims| claims.user.to_string()), Ok(ANN.into()));
}

#[test]
fn a_token_without_a_version_holds_where_it_was_issued_since_tokens_were_ended_last() {
    let (ended, now) = (Timestamp::from_millis(1_800_000_000_500), Timestamp::from_millis(1_800_000_010_000));
    let ann = User { tokens_ended_at: Some(ended), ..ann(4) };
    let claims = |iat: Value| {
        let token = signed(&json!({"id": ANN, "exp": FAR / 1000, "iat": iat}));
        tokens(Duration::from_secs(60)).verify(&token).unwrap()
    };
    for (iat, holds) in [
        (json!(1_800_000_000), false),
        (json!(1_800_000_001), true),
        (json!(1_800_000_010), true),
        (json!(1_800_000_011), false),
        (json!(null), false),
        (json!("1800000005"), false),
    ] {
        assert_eq!(claims(iat.clone()).hold(&ann, now), holds, "{iat}");
    }
    assert!(!claims(json!(1_800_000_001)).hold(&User { disabled: true, ..ann }, now));
}
