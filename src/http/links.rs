//! What the links begin with that the server gives out: its first public URL, else the origin of the page that asks,
//! where that may use the server, else the host that was asked for.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;

use super::origin::{Site, is_allowed};
use crate::config::Config;
use crate::net::remote::{host_asked, is_https};

/// What a link begins with, without a slash at its end.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub String);

impl<S: Sync> FromRequestParts<S> for Place
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let config = Arc::<Config>::from_ref(state);
        Ok(Self(place(&config, &Request::from_parts(parts.clone(), axum::body::Body::empty()))))
    }
}

fn place(config: &Config, request: &Request) -> String {
    if let Some(public) = config.public_urls.first() {
        return format!("{}{}", public.origin(), public.prefix());
    }
    let host = host_asked(&config.trusted_proxies, request);
    let page = request.headers().get(header::ORIGIN).filter(|origin| is_allowed(origin, host, config));
    let page = page.and_then(|origin| origin.to_str().ok());
    if let Some(page) = page.filter(|page| page.starts_with("http://") || page.starts_with("https://")) {
        return page.to_owned();
    }
    let scheme = if is_https(&config.trusted_proxies, request) { "https" } else { "http" };
    // What is none of the web is not led to.
    match host.filter(|host| Site::of_authority(host).is_some()) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{}", std::net::SocketAddr::new(config.host, config.port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PublicUrl, Settings};

    fn place_of(public: &[&str], headers: &[(&str, &str)]) -> String {
        let mut config = Settings::defaults().without_secret();
        config.public_urls = public.iter().map(|url| PublicUrl::parse(url).unwrap()).collect();
        let mut request = Request::builder().uri("/api/invites");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        place(&config, &request.body(axum::body::Body::empty()).unwrap())
    }

    #[test]
    fn a_link_begins_with_the_public_url_or_where_the_request_came_from() {
        let here = [("host", "10.0.0.5:5000")];
        assert_eq!(place_of(&["https://chat.example/x", "http://b"], &here), "https://chat.example/x");
        assert_eq!(place_of(&[], &here), "http://10.0.0.5:5000");
        let page = |origin| [("host", "10.0.0.5:5000"), ("origin", origin)];
        assert_eq!(place_of(&[], &page("https://10.0.0.5:5000")), "https://10.0.0.5:5000");
        assert_eq!(place_of(&[], &page("https://evil.example")), "http://10.0.0.5:5000");
        assert_eq!(place_of(&[], &page("wss://10.0.0.5:5000")), "http://10.0.0.5:5000");
        assert_eq!(place_of(&[], &[("host", "evil.example/x?")]), "http://[::]:5000");
        assert_eq!(place_of(&[], &[]), "http://[::]:5000");
    }
}
