//! How a failure is told: one JSON shape for all of them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, FieldError, Location};

/// What every failure is answered with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// What is wrong, for a person.
    message: String,
    /// What is wrong, for a program.
    code: &'static str,
    /// The wrong values, one entry each, where `code` is `validation_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<WrongValue>>,
}

/// One wrong value, in express-validator's form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
struct WrongValue {
    r#type: &'static str,
    location: ValueLocation,
    path: String,
    msg: String,
}

/// Where a wrong value stood.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Location)]
enum ValueLocation {
    /// In the body, or in an event's payload.
    Body,
    /// In the query string.
    Query,
}

impl ErrorBody {
    /// As clients are told of it.
    pub fn of(error: &Error) -> Self {
        let errors = match error {
            Error::Validation(errors) => Some(errors.iter().map(WrongValue::of).collect()),
            _ => None,
        };
        Self { message: error.message(), code: error.code(), errors }
    }
}

impl WrongValue {
    fn of(error: &FieldError) -> Self {
        let location = match error.location {
            Location::Body => ValueLocation::Body,
            Location::Query => ValueLocation::Query,
        };
        Self { r#type: "field", location, path: error.path.clone(), msg: error.msg.clone() }
    }
}
