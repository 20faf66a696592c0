//! Reads the token out of what a client presents: `Bearer <token>`, as REST and sockets both take it.

/// The token behind the scheme `Bearer`, in any case of that word. `None` where there is another scheme, none, or no
/// token.
pub fn bearer(credentials: &str) -> Option<&str> {
    let (scheme, token) = credentials.trim().split_once(char::is_whitespace)?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A token that may have the scheme `Bearer` before it. `None` where there is no token.
pub fn bearer_or_bare(text: &str) -> Option<&str> {
    let text = text.trim();
    let nothing = text.is_empty() || text.eq_ignore_ascii_case("bearer");
    bearer(text).or_else(|| (!nothing).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_follows_the_scheme_in_any_case() {
        for good in ["Bearer abc", "bearer  abc", " BEARER\tabc "] {
            assert_eq!(bearer(good), Some("abc"), "{good}");
        }
        for none in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc", "é", "é abc"] {
            assert_eq!(bearer(none), None, "{none}");
        }
    }

    #[test]
    fn a_token_may_stand_alone_where_no_scheme_is_asked_for() {
        for good in ["abc", " abc ", "Bearer abc", "bEARER   abc"] {
            assert_eq!(bearer_or_bare(good), Some("abc"), "{good}");
        }
        for none in ["", "  ", "Bearer", "bearer  "] {
            assert_eq!(bearer_or_bare(none), None, "{none}");
        }
        assert_eq!(bearer_or_bare("Bearerabc"), Some("Bearerabc"));
        assert_eq!(bearer_or_bare("Basic abc"), Some("Basic abc"));
    }
}
