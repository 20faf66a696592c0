//! Where the certificate is one that every browser knows, plain http leads to https, and browsers remember it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::origin::Site;
use super::paths::is_below;
use super::prefix::Prefix;
use crate::config::{Config, PublicUrl};
use crate::error::Error;
use crate::net::Tls;
use crate::net::remote::{Connection, host_asked, is_https, is_through_trusted, scheme_forwarded};

/// What an authority asks for over plain http before it gives a certificate.
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// For a year.
const REMEMBER: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What an authority is answered.
pub(crate) fn challenges(tls: &Option<Arc<Tls>>) -> Router {
    Router::new().route("/.well-known/acme-challenge/{token}", get(challenge)).with_state(tls.clone())
}

async fn challenge(State(tls): State<Option<Arc<Tls>>>, Path(token): Path<String>) -> Result<String, Error> {
    let Some(tls) = tls else { return Err(Error::NotFound) };
    tls.answer(&token).await.ok_or(Error::NotFound)
}

/// Leads there whoever came over plain http, and tells those who came over https that it is always so. Nobody within
/// the machine: what asks there is a health check, or a proxy that has a certificate itself.
pub(crate) async fn lead(
    State((config, tls)): State<(Arc<Config>, Option<Arc<Tls>>)>,
    request: Request,
    next: Next,
) -> Response {
    if !tls.is_some_and(|tls| tls.is_for_everybody()) || is_exempt(&config, &request) {
        return next.run(request).await;
    }
    if is_https(&config.trusted_proxies, &request) {
        let mut response = next.run(request).await;
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, REMEMBER);
        return response;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let prefix = request.extensions().get::<Prefix>().map_or("", Prefix::as_str);
    match secure(host_asked(&config.trusted_proxies, &request), &format!("{prefix}{path}"), &config.public_urls) {
        Some(location) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response(),
        None => next.run(request).await,
    }
}

fn is_exempt(config: &Config, request: &Request) -> bool {
    let trusted = &config.trusted_proxies;
    let exempt = if is_through_trusted(trusted, request) {
        // What its own clients came over it alone knows.
        scheme_forwarded(trusted, request).is_none()
    } else {
        request.extensions().get::<Connection>().is_none_or(Connection::is_within_machine)
    };
    exempt || is_below(request.uri().path(), CHALLENGES)
}

/// Where a path is over https: at the public address of the host that was asked for, else at the same host and port.
fn secure(host: Option<&str>, path: &str, public: &[PublicUrl]) -> Option<HeaderValue> {
    let site = host.and_then(Site::of_authority)?;
    let own = public.iter().find(|url| {
        url.origin().starts_with("https:") && url.host().eq_ignore_ascii_case(site.host.trim_matches(['[', ']']))
    });
    let origin = own.map_or_else(
        || match site.port {
            Some(port) => format!("https://{}:{port}", site.host),
            None => format!("https://{}", site.host),
        },
        |url| url.origin().to_owned(),
    );
    HeaderValue::try_from(format!("{origin}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secure_address_is_the_public_one_or_the_same_port() {
        let public =
            [PublicUrl::parse("http://a.example").unwrap(), PublicUrl::parse("https://B.example:8443").unwrap()];
        let secure = |host, path| secure(Some(host), path, &public).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(secure("a.example:80", "/x?y=1").as_deref(), Some("https://a.example/x?y=1"));
        assert_eq!(secure("b.example:8080", "/").as_deref(), Some("https://b.example:8443/"));
        assert_eq!(secure("[fd00::1]:5000", "//z").as_deref(), Some("https://[fd00::1]:5000//z"));
        for odd in ["", "a b", "evil.example/", "user@a.example"] {
            assert_eq!(secure(odd, "/"), None, "{odd}");
        }
    }
}
