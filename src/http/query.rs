//! Query parameters: typed, each given at most once, with all mistakes told at once; unknown ones are ignored.

use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::{Error, FieldError, Location};

/// The largest whole number that every JSON reader takes as it is.
const MAX_NUMBER: u64 = 9_007_199_254_740_991;

/// A request that is read from query parameters.
pub(crate) trait FromParams: Sized {
    /// Reads all parameters, so that all mistakes are noted; `None` exactly where some were.
    fn read(params: &mut Params) -> Option<Self>;
}

/// The query of a request, checked.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<S: Sync, T: FromParams> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let pairs = axum::extract::Query::try_from_uri(&parts.uri).map_or_else(|_| Vec::new(), |query| query.0);
        let mut params = Params { pairs, errors: Vec::new() };
        let read = T::read(&mut params);
        if !params.errors.is_empty() {
            return Err(Error::Validation(params.errors));
        }
        read.map(Self).ok_or(Error::Internal)
    }
}

/// The parameters of one request and what was found wrong with them.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Params {
    /// The text of a parameter; `Ok(None)` where it is absent, `Err` where it is given twice (then it has been noted).
    fn single(&mut self, name: &str) -> Result<Option<String>, ()> {
        let mut given = self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone());
        let (first, second) = (given.next(), given.next());
        if second.is_some() {
            self.wrong(name, "must be given once only");
            return Err(());
        }
        Ok(first)
    }

    /// Text, empty where it is absent.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.single(name).ok().map(Option::unwrap_or_default)
    }

    /// A whole number within bounds, `default` where it is absent.
    pub(crate) fn count(&mut self, name: &str, default: usize, bounds: RangeInclusive<usize>) -> Option<usize> {
        Some(self.count_if_given(name, bounds)?.unwrap_or(default))
    }

    /// A whole number within bounds; `Some(None)` where it is absent.
    pub(crate) fn count_if_given(&mut self, name: &str, bounds: RangeInclusive<usize>) -> Option<Option<usize>> {
        let rule = format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
        let within = |number: &usize| bounds.contains(number);
        self.optional(name, |text| whole(text).and_then(|number| usize::try_from(number).ok()).filter(within), &rule)
    }

    /// A whole number of at least 0; `Some(None)` where it is absent.
    pub(crate) fn number(&mut self, name: &str) -> Option<Option<u64>> {
        self.optional(name, whole, "must be a whole number of at least 0")
    }

    /// A value of one kind; `Some(None)` where it is absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        rule: &str,
    ) -> Option<Option<T>> {
        let Some(text) = self.single(name).ok()? else {
            return Some(None);
        };
        let value = parse(&text);
        if value.is_none() {
            self.wrong(name, rule);
        }
        value.map(Some)
    }

    /// Notes a mistake.
    pub(crate) fn wrong(&mut self, name: &str, message: &str) {
        self.errors.push(FieldError::new(Location::Query, name, message));
    }
}

/// Digits alone: no sign, no space, no exponent.
fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= MAX_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Sample(usize, Option<u64>, String);

    impl FromParams for Sample {
        fn read(params: &mut Params) -> Option<Self> {
            let limit = params.count("limit", 50, 1..=200);
            let before = params.number("before");
            let search = params.text("search");
            Some(Self(limit?, before?, search?))
        }
    }

    async fn read(query: &str) -> Result<Sample, usize> {
        let request = axum::http::Request::builder().uri(format!("/x?{query}")).body(()).unwrap();
        let read = Query::<Sample>::from_request_parts(&mut request.into_parts().0, &()).await;
        read.map(|query| query.0).map_err(|error| match error {
            Error::Validation(errors) => errors.len(),
            other => panic!("{other}"),
        })
    }

    #[tokio::test]
    async fn what_is_absent_has_its_default_and_what_is_unknown_is_ignored() {
        assert_eq!(read("").await, Ok(Sample(50, None, String::new())));
        assert_eq!(
            read("search=&colour=red&colour=blue&limit%5B%24gt%5D=1").await,
            Ok(Sample(50, None, String::new()))
        );
        assert_eq!(read("limit=200&before=0&search=%C3%84n").await, Ok(Sample(200, Some(0), "Än".to_owned())));
    }

    #[tokio::test]
    async fn values_of_another_type_out_of_range_or_given_twice_are_refused() {
        for bad in ["", "0", "201", "-1", "%2B5", "1.0", "1e2", "0x10", "%205", "abc", "99999999999999999999999"] {
            assert_eq!(read(&format!("limit={bad}")).await, Err(1), "{bad}");
        }
        for bad in ["limit", "limit=5&limit=5", "before=9007199254740992", "before=", "search=a&search=b"] {
            assert_eq!(read(bad).await, Err(1), "{bad}");
        }
        assert_eq!(read("limit=x&before=-1&search=&search=").await, Err(3));
    }
}
