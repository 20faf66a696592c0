//! `--public-url`: the addresses under which people reach the server.

use super::parse;

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
            PublicUrl::parse(part).ok_or_else(|| {
                format!("{part:?} is no address of this server; write scheme and host, as in https://chat.example.com")
            })
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
        let both = list("https://a.example, http://b.example:8080 ,").unwrap();
        assert_eq!(
            both.iter().map(PublicUrl::origin).collect::<Vec<_>>(),
            ["https://a.example", "http://b.example:8080"]
        );
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
