//! How to trust the server's own authority: a page that says so for each system, its certificate, and a profile for
//! iPhones and iPads. Nothing of it is there where another authority vouches for the server.

mod picture;
mod profile;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::origin::Site;
use super::prefix::Prefix;
use crate::config::Config;
use crate::error::Error;
use crate::net::remote::{Connection, host_asked, is_through_trusted};
use crate::net::{Tls, Trust, address_in_network};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// What stands before the QR code, where there is an address that a phone could open.
const ON_A_PHONE: &str = "<h2>On a phone</h2>\n<p>Its camera reads the address of this page:</p>\n";

/// What the page needs: its own style, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a policy is ASCII")
});

#[derive(Clone)]
struct Asked {
    config: Arc<Config>,
    tls: Option<Arc<Tls>>,
}

impl Asked {
    /// What is to be trusted. A proxy has a certificate of its own, or none.
    fn trust(&self, request: &Request) -> Result<&Trust, Error> {
        let trust = self.tls.as_ref().and_then(|tls| tls.trust());
        trust.filter(|_| !is_through_trusted(&self.config.trusted_proxies, request)).ok_or(Error::NotFound)
    }
}

/// The page and what it offers.
pub(crate) fn router(config: &Arc<Config>, tls: &Option<Arc<Tls>>) -> Router {
    Router::new()
        .route("/trust", get(page))
        .route("/trust/tincan.crt", get(certificate))
        .route("/trust/tincan.mobileconfig", get(for_apple))
        .with_state(Asked { config: Arc::clone(config), tls: tls.clone() })
}

async fn page(State(asked): State<Asked>, request: Request) -> Result<Response, Error> {
    let trust = asked.trust(&request)?;
    let asked_for = host_asked(&[], &request).filter(|host| Site::of_authority(host).is_some());
    let connection = request.extensions().get::<Connection>();
    let here = asked_for.unwrap_or("localhost");
    let elsewhere = if is_own_name(here) {
        let listens_on = connection.map(|connection| (asked.config.host, connection.local.port()).into());
        listens_on.and_then(address_in_network).map(|address| address.to_string())
    } else {
        Some(here.to_owned())
    };
    let prefix = request.extensions().get::<Prefix>().map_or("", Prefix::as_str);
    let picture = elsewhere.and_then(|host| picture::of(&format!("http://{host}{prefix}/trust")));
    let on_a_phone = picture.map(|picture| format!("{ON_A_PHONE}{picture}")).unwrap_or_default();
    let text = PAGE
        .replace("{{style}}", STYLE)
        .replace("{{fingerprint}}", trust.fingerprint())
        .replace("{{host}}", here)
        .replace("{{prefix}}", prefix)
        .replace("{{picture}}", &on_a_phone);
    Ok(served("text/html; charset=utf-8", text.into_bytes(), &[(header::CONTENT_SECURITY_POLICY, POLICY.clone())]))
}

async fn certificate(State(asked): State<Asked>, request: Request) -> Result<Response, Error> {
    let trust = asked.trust(&request)?;
    let name = HeaderValue::from_static("attachment; filename=\"tincan.crt\"");
    let named = [(header::CONTENT_DISPOSITION, name)];
    Ok(served("application/x-x509-ca-cert", trust.certificate().to_vec(), &named))
}

async fn for_apple(State(asked): State<Asked>, request: Request) -> Result<Response, Error> {
    let profile = profile::of(asked.trust(&request)?);
    Ok(served("application/x-apple-aspen-config", profile.into_bytes(), &[]))
}

fn served(kind: &'static str, content: Vec<u8>, headers: &[(HeaderName, HeaderValue)]) -> Response {
    let mut response = content.into_response();
    let all = response.headers_mut();
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in headers {
        all.insert(name, value.clone());
    }
    response
}

/// A name by which a machine means itself: no other one finds this server by it.
fn is_own_name(authority: &str) -> bool {
    let host = Site::of_authority(authority).map_or("", |site| site.host);
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_means_itself_by_the_names_of_its_loopback() {
        assert!(["localhost:5000", "LOCALHOST", "127.0.0.2:1", "[::1]:1"].into_iter().all(is_own_name));
        assert!(!["192.168.0.5:5000", "laptop.local", "localhost.example.com"].into_iter().any(is_own_name));
    }

    #[test]
    fn the_page_has_a_place_for_everything() {
        for place in ["{{style}}", "{{fingerprint}}", "{{host}}", "{{prefix}}", "{{picture}}"] {
            assert!(PAGE.contains(place), "{place}");
        }
    }
}
