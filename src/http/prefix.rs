//! Served below a prefix: a proxy that leaves it in the paths is answered as one that takes it away.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::origin::Site;
use super::paths::{is_below, with_path};
use crate::config::{Config, PublicUrl};
use crate::net::remote::host_asked;

/// What stands before the paths of the server where the client sees it; an extension of each request. Empty, or
/// `/chat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(Arc<str>);

impl Prefix {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes the prefix off a path that has one, notes it, and puts it into the links of the answer.
///
/// Where a proxy took it off already, it is that of the public address of the host that was asked for, else that of the
/// first public address: with the prefix a path leads here in any case.
pub(crate) async fn strip(State(config): State<Arc<Config>>, mut request: Request, next: Next) -> Response {
    let public = &config.public_urls;
    if public.iter().all(|url| url.prefix().is_empty()) {
        return next.run(request).await;
    }
    let prefix = match in_path(public, request.uri().path()) {
        Some(prefix) => {
            let rest = &request.uri().path()[prefix.len()..];
            let rest = if rest.is_empty() { "/" } else { rest };
            if let Some(uri) = with_path(request.uri(), rest) {
                *request.uri_mut() = uri;
            }
            prefix
        }
        None => of_host(public, host_asked(&config.trusted_proxies, &request)),
    };
    request.extensions_mut().insert(Prefix(prefix.into()));
    let mut response = next.run(request).await;
    put_into_links(response.headers_mut(), prefix);
    response
}

/// The longest prefix that a path begins with.
fn in_path<'a>(public: &'a [PublicUrl], path: &str) -> Option<&'a str> {
    let prefixes = public.iter().map(PublicUrl::prefix).filter(|prefix| !prefix.is_empty());
    prefixes.filter(|prefix| is_below(path, prefix)).max_by_key(|prefix| prefix.len())
}

fn of_host<'a>(public: &'a [PublicUrl], host: Option<&str>) -> &'a str {
    let asked = host.and_then(Site::of_authority).map_or("", |site| site.host.trim_matches(['[', ']']));
    let same = public.iter().find(|url| url.host().eq_ignore_ascii_case(asked));
    same.or(public.first()).map_or("", PublicUrl::prefix)
}

/// The header `Link` as this server writes it: each link is a path in angle brackets.
fn put_into_links(headers: &mut HeaderMap, prefix: &str) {
    let Some(links) = headers.get(header::LINK).and_then(|links| links.to_str().ok()) else { return };
    if let Ok(links) = HeaderValue::try_from(links.replace("</", &format!("<{prefix}/"))) {
        headers.insert(header::LINK, links);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> [PublicUrl; 3] {
        ["https://a.example/chat", "https://b.example", "https://a.example/chat/two"]
            .map(|url| PublicUrl::parse(url).unwrap())
    }

    #[test]
    fn the_longest_prefix_of_a_path_counts_by_whole_words() {
        for (path, prefix) in [
            ("/chat", Some("/chat")),
            ("/chat/", Some("/chat")),
            ("/chat/api/rooms", Some("/chat")),
            ("/chat/two/x", Some("/chat/two")),
            ("/chats", None),
            ("/Chat/", None),
            ("/", None),
        ] {
            assert_eq!(in_path(&public(), path), prefix, "{path}");
        }
    }

    #[test]
    fn where_a_proxy_took_it_off_the_host_tells() {
        let of = |host| of_host(&public(), host).to_owned();
        assert_eq!(of(Some("A.example:8443")), "/chat");
        assert_eq!(of(Some("b.example")), "");
        assert_eq!((of(Some("127.0.0.1:5000")), of(None)), ("/chat".to_owned(), "/chat".to_owned()));
    }

    #[test]
    fn links_lead_below_the_prefix() {
        let mut headers = HeaderMap::new();
        headers.insert(header::LINK, HeaderValue::from_static("</a?x=1>; rel=\"prev\", </a?x=2>; rel=\"next\""));
        put_into_links(&mut headers, "/chat");
        assert_eq!(headers[header::LINK], "</chat/a?x=1>; rel=\"prev\", </chat/a?x=2>; rel=\"next\"");
    }
}
