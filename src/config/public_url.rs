//! `--public-url`: the addresses under which people reach the server.

use super::parse;

/// First words of paths that are the server's own: no prefix begins with one, or it could not be told from them.
pub const OWN_PATHS: [&str; 5] = ["health", "metrics", "api", "socket.io", "trust"];

/// An address under which people reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    prefix: String,
}

impl PublicUrl {
    /// Scheme, host and port in lower case, without the scheme's own port: `https://chat.example.com`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host alone, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        let authority = self.origin.split_once("://").map_or("", |(_, authority)| authority);
        match authority.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        }
    }

    /// The path under which a proxy serves the server, without a slash at its end; empty where it is the root.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Reads an `http` or `https` URL that has neither user, query nor fragment; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let prefix = path.strip_suffix('/').unwrap_or(path);
        let sound = |segment: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !["", ".", ".."].contains(&segment) && segment.bytes().all(plain)
        };
        if !prefix.is_empty() && !prefix.split('/').skip(1).all(sound) {
            return None;
        }
        Some(Self { origin: parse::origin(&format!("{scheme}://{authority}"))?, prefix: prefix.to_owned() })
    }
}

/// All of them, comma-separated.
pub(super) fn list(text: &str) -> Result<Vec<PublicUrl>, String> {
    parse::items(text)
        .map(|part| {
            let url = PublicUrl::parse(part).ok_or_else(|| {
                format!("{part:?} is no address of this server; write scheme and host, as in https://chat.example.com")
            })?;
            let first = url.prefix().split('/').nth(1).unwrap_or_default();
            if OWN_PATHS.iter().any(|own| own.eq_ignore_ascii_case(first)) {
                let what = format!("{part:?} has the path of this server's own /{first} in front");
                return Err(format!("{what}; choose another, as in https://example.com/chat"));
            }
            Ok(url)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin_and_a_prefix() {
        for (text, origin, prefix) in [
            ("https://Chat.Example.com", "https://chat.example.com", ""),
            ("HTTPS://chat.example.com:443/", "https://chat.example.com", ""),
            ("http://10.0.0.5:5000/Chat/", "http://10.0.0.5:5000", "/Chat"),
            ("https://[::1]:8443/a/b", "https://[::1]:8443", "/a/b"),
        ] {
            let url = PublicUrl::parse(text).expect(text);
            assert_eq!((url.origin(), url.prefix()), (origin, prefix), "{text}");
        }
        let host = |text| PublicUrl::parse(text).unwrap().host().to_owned();
        assert_eq!(
            [host("https://A.example:8443/x"), host("https://[::1]:8443"), host("http://b")],
            ["a.example", "::1", "b"]
        );
        let both = list("https://a.example, http://b.example:8080 ,").unwrap();
        assert_eq!(
            both.iter().map(PublicUrl::origin).collect::<Vec<_>>(),
            ["https://a.example", "http://b.example:8080"]
        );
    }

    #[test]
    fn a_prefix_that_would_hide_the_servers_own_paths_is_refused() {
        for text in ["https://a/api", "https://a/Health/x", "https://a/socket.io"] {
            assert!(list(text).unwrap_err().contains("choose another"), "{text}");
        }
        assert!(list("https://a/chat/api, https://b/apis").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_in_one_line() {
        for bad in [
            "chat.example.com",
            "*",
            "null",
            "ws://a",
            "https://",
            "https://u:p@a",
            "https://a?x",
            "https://a/b#c",
            "https://a//",
            "https://a/../b",
            "https://a/b c",
            "https://a:x",
            "https://a:+1",
            "https://a:70000",
        ] {
            let error = list(bad).unwrap_err();
            assert!(error.contains("as in https://") && !error.contains('\n'), "{bad}: {error}");
        }
    }
}
