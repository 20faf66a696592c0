//! The ends of a page of a list: the `Link` header, by which a client finds the pages beside it.

use std::fmt::Display;

use axum::http::{HeaderMap, HeaderValue, header};

/// A page beside the one that is answered with.
pub(crate) struct Beside {
    side: &'static str,
    path: String,
    query: form_urlencoded::Serializer<'static, String>,
}

impl Beside {
    /// The one that goes on where this one ends.
    pub(crate) fn next(path: &str) -> Self {
        Self { side: "next", path: path.to_owned(), query: form_urlencoded::Serializer::new(String::new()) }
    }

    /// The one that ends where this one begins.
    pub(crate) fn previous(path: &str) -> Self {
        Self { side: "prev", ..Self::next(path) }
    }

    /// With a query parameter.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.query.append_pair(name, &value.to_string());
        self
    }
}

/// The header that names these pages; none where there is none.
pub(crate) fn links(pages: impl IntoIterator<Item = Beside>) -> HeaderMap {
    let link = |mut page: Beside| format!("<{}?{}>; rel=\"{}\"", page.path, page.query.finish(), page.side);
    let links: Vec<String> = pages.into_iter().map(link).collect();
    let value = HeaderValue::try_from(links.join(", ")).ok().filter(|value| !value.is_empty());
    value.map(|value| (header::LINK, value)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_on_both_sides_stand_in_one_header_with_what_is_not_plain_escaped() {
        let older = Beside::previous("/a").with("limit", 50).with("before", 7);
        let newer = Beside::next("/a").with("search", "Zoë & co");
        let headers = links([older, newer]);
        let expected = "</a?limit=50&before=7>; rel=\"prev\", </a?search=Zo%C3%AB+%26+co>; rel=\"next\"";
        assert_eq!(headers[header::LINK], expected);
    }

    #[test]
    fn without_a_page_beside_it_there_is_no_header() {
        assert!(links([]).is_empty());
    }
}
