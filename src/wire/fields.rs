//! Reads typed fields out of a JSON object from outside and collects everything that is wrong with it.
//!
//! `null` is as if absent, unknown fields are ignored, and a value of another type is a mistake of the sender, never an
//! operator.

use serde_json::{Map, Value};

use crate::error::{Error, FieldError, Location};
use crate::model::RuleError;

/// The fields of one request; [`Fields::finish`] tells whether all were good.
#[derive(Debug)]
pub struct Fields<'a> {
    location: Location,
    object: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Of a request's body.
    pub const fn body(object: &'a Map<String, Value>) -> Self {
        Self { location: Location::Body, object, errors: Vec::new() }
    }

    /// The first of the names that is there and not `null`. The first name is the proper one.
    pub fn value(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().find_map(|name| self.object.get(*name).filter(|value| !value.is_null()))
    }

    /// A string that keeps a rule; `None` where it is absent or wrong (then it has been noted).
    pub fn optional<T>(&mut self, names: &[&str], parse: impl FnOnce(&str) -> Result<T, RuleError>) -> Option<T> {
        match self.value(names)? {
            Value::String(text) => match parse(text) {
                Ok(value) => Some(value),
                Err(RuleError(message)) => self.wrong(names[0], message),
            },
            _ => self.wrong(names[0], "must be a string"),
        }
    }

    /// As [`Fields::optional`], but noted where it is absent too.
    pub fn required<T>(&mut self, names: &[&str], parse: impl FnOnce(&str) -> Result<T, RuleError>) -> Option<T> {
        if self.value(names).is_none() {
            return self.wrong(names[0], "is required");
        }
        self.optional(names, parse)
    }

    /// A boolean; noted where it is absent or of another type.
    pub fn required_bool(&mut self, names: &[&str]) -> Option<bool> {
        match self.value(names) {
            Some(Value::Bool(value)) => Some(*value),
            Some(_) => self.wrong(names[0], "must be true or false"),
            None => self.wrong(names[0], "is required"),
        }
    }

    /// A boolean, `false` where it is absent.
    pub fn flag(&mut self, names: &[&str]) -> bool {
        match self.value(names) {
            Some(Value::Bool(value)) => *value,
            Some(_) => self.wrong(names[0], "must be true or false").unwrap_or_default(),
            None => false,
        }
    }

    /// A list of at most `most` strings that keep a rule each; noted where it is anything else.
    pub fn optional_list<T>(
        &mut self,
        name: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, RuleError>,
    ) -> Option<Vec<T>> {
        let Value::Array(values) = self.value(&[name])? else { return self.wrong(name, "must be a list of strings") };
        if values.len() > most {
            return self.wrong(name, &format!("must be at most {most}"));
        }
        let read: Option<Result<Vec<T>, RuleError>> = values.iter().map(|one| Some(parse(one.as_str()?))).collect();
        match read {
            Some(Ok(list)) => Some(list),
            Some(Err(RuleError(message))) => self.wrong(name, message),
            None => self.wrong(name, "must be a list of strings"),
        }
    }

    /// A whole number of at least 0.
    pub fn optional_count(&mut self, names: &[&str]) -> Option<u64> {
        match self.value(names)? {
            Value::Number(number) => match whole(number) {
                Some(count) => Some(count),
                None => self.wrong(names[0], "must be a whole number of at least 0"),
            },
            _ => self.wrong(names[0], "must be a whole number of at least 0"),
        }
    }

    /// Notes a mistake. Returns `None`, for the caller to pass on.
    pub fn wrong<T>(&mut self, path: &str, message: &str) -> Option<T> {
        self.errors.push(FieldError::new(self.location, path, message));
        None
    }

    /// The values that were read, where all were there and good: `fields.complete(name.zip(content))`.
    ///
    /// # Errors
    /// As [`Fields::finish`].
    pub fn complete<T>(self, values: Option<T>) -> Result<T, Error> {
        self.finish()?;
        // A required value that is missing has been noted; one that is not noted was forgotten by whoever wrote the
        // caller.
        values.ok_or(Error::Internal)
    }

    /// # Errors
    /// [`Error::Validation`] with one entry for each mistake noted.
    pub fn finish(self) -> Result<(), Error> {
        if self.errors.is_empty() { Ok(()) } else { Err(Error::Validation(self.errors)) }
    }
}

/// A request that is read from the fields of a JSON object.
pub trait FromFields: Sized {
    /// Reads all fields, so that all mistakes are noted; `None` exactly where some were.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;

    /// Reads it out of an object.
    ///
    /// # Errors
    /// [`Error::Validation`] with one entry for each mistake.
    fn of(object: &Map<String, Value>) -> Result<Self, Error> {
        let mut fields = Fields::body(object);
        let read = Self::read(&mut fields);
        fields.complete(read)
    }
}

/// `3` and `3.0` are the same number in JSON.
fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        (float >= 0.0 && float.fract() == 0.0 && float <= 9_007_199_254_740_991.0).then_some(float as u64)
    })
}
