//! Request bodies: bounded, declared as JSON, an object, and then a typed value with all its mistakes told at once.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::error::Error;
use crate::wire::{FromFields, json};

/// The largest body that is taken, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// How much of a larger body is read and dropped, so that its sender gets to read the refusal instead of a broken
/// connection.
const MAX_DRAINED: usize = 16 * 1024 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// The body of a request, checked.
#[derive(Debug)]
pub(crate) struct Body<T>(pub T);

impl<S: Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let json = is_json(request.headers());
        let bytes =
            tokio::time::timeout(PATIENCE, collect(request.into_body())).await.unwrap_or(Err(Error::InvalidJson))?;
        if bytes.is_empty() {
            return Err(Error::InvalidJson);
        }
        if !json {
            return Err(Error::UnsupportedMediaType);
        }
        let Value::Object(object) = json::read_bytes(&bytes).ok_or(Error::InvalidJson)? else {
            return Err(Error::field("", "must be a JSON object"));
        };
        T::of(&object).map(Self)
    }
}

/// `application/json`, in UTF-8 where it names a character set.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(media)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let mut parts = media.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    json && parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

async fn collect(mut body: axum::body::Body) -> Result<Bytes, Error> {
    let mut kept = BytesMut::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Error::InvalidJson)?.into_data() else {
            continue;
        };
        total += data.len();
        if total <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if total > MAX_DRAINED {
            break;
        }
    }
    if total > MAX_BODY { Err(Error::PayloadTooLarge) } else { Ok(kept.freeze()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Fields;

    #[derive(Debug)]
    struct Anything;

    impl FromFields for Anything {
        fn read(_: &mut Fields<'_>) -> Option<Self> {
            Some(Self)
        }
    }

    async fn outcome(media: Option<&str>, body: impl Into<axum::body::Body>) -> &'static str {
        let mut request = Request::builder();
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        match Body::<Anything>::from_request(request.body(body.into()).unwrap(), &()).await {
            Ok(_) => "ok",
            Err(error) => error.code(),
        }
    }

    const JSON: Option<&str> = Some("application/json");

    #[tokio::test]
    async fn only_json_that_is_declared_as_such_is_read() {
        assert_eq!(outcome(JSON, "{}").await, "ok");
        assert_eq!(outcome(Some("Application/JSON; Charset=\"UTF-8\""), "{}").await, "ok");
        for other in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/json; charset=utf-16"),
        ] {
            assert_eq!(outcome(other, "{}").await, "unsupported_media_type", "{other:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_json_and_what_is_no_object_are_told_apart() {
        for bad in ["", "{", "{'a':1}", "{} {}", "NaN", "\u{feff}", "\u{feff}\u{feff}{}", "{}\u{feff}"] {
            assert_eq!(outcome(JSON, bad).await, "invalid_json", "{bad}");
        }
        assert_eq!(outcome(JSON, vec![b'"', 0xff, b'"']).await, "invalid_json");
        assert_eq!(outcome(JSON, "\u{feff}{}").await, "ok");
        assert_eq!(outcome(JSON, "{\"a\":\"\\ud83d\"}").await, "ok");
        for odd in ["null", "[]", "1", "\"text\"", "true"] {
            assert_eq!(outcome(JSON, odd).await, "validation_failed", "{odd}");
        }
        assert_eq!(outcome(None, "").await, "invalid_json");
    }

    #[tokio::test]
    async fn depth_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert_eq!(outcome(JSON, nested(64)).await, "ok");
        assert_eq!(outcome(JSON, nested(129)).await, "invalid_json");
        assert_eq!(outcome(JSON, nested(30_000)).await, "invalid_json");
    }

    #[tokio::test]
    async fn a_body_of_64_kib_is_taken_and_one_byte_more_is_not() {
        let sized = |size: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(size - 8));
        assert_eq!(outcome(JSON, sized(MAX_BODY)).await, "ok");
        assert_eq!(outcome(JSON, sized(MAX_BODY + 1)).await, "payload_too_large");
        assert_eq!(outcome(None, sized(MAX_DRAINED + MAX_BODY)).await, "payload_too_large");
    }
}
