//! The OpenAPI document, made of the types that the code itself uses.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::{accounts, administration, asyncapi, calls, directory, ice, invites, members, messages, rooms, status};
use crate::wire::ErrorBody;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Tincan", description = "Chat and WebRTC calls. What happens live goes over Socket.IO, beside this."),
    paths(
        status::health,
        accounts::signup,
        accounts::login,
        accounts::me,
        accounts::change_password,
        accounts::refresh,
        accounts::logout_everywhere,
        accounts::reset,
        directory::users,
        rooms::list,
        rooms::create,
        rooms::one,
        rooms::update,
        rooms::delete,
        messages::history,
        members::direct,
        members::add,
        members::remove,
        calls::history,
        ice::servers,
        invites::create,
        invites::list,
        invites::delete,
        invites::look,
        invites::follow,
        administration::users,
        administration::update,
        administration::reset,
        administration::remove,
        administration::overview,
        status::config,
        document,
        asyncapi::document,
    ),
    components(schemas(ErrorBody)),
    modifiers(&Everywhere)
)]
struct Document;

/// What holds for all routes: how a token is sent, and how they fail.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let items = document.paths.paths.values_mut();
        let operations = items
            .flat_map(|item| [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten());
        for operation in operations {
            let mut failures = vec![("default", "Any other failure, in the shape of all")];
            if operation.security.is_some() {
                failures.push(("401", "`unauthorized`, `token_expired` or `invalid_credentials`"));
                failures.push(("429", "`rate_limited`; `Retry-After` has the seconds"));
            }
            let of_query = |parameter: &RefOr<Parameter>| match parameter {
                RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
                RefOr::Ref(_) => false,
            };
            let queried = operation.parameters.iter().flatten().any(of_query);
            if operation.request_body.is_some() || queried {
                failures.push(("400", "`validation_failed`, with one entry of `errors` a field; `invalid_json`"));
            }
            for (status, description) in failures {
                let body = Content::new(Some(Ref::from_schema_name("Error")));
                let response = ResponseBuilder::new().description(description).content("application/json", body);
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| response.build().into());
            }
        }
    }
}

static DOCUMENT: LazyLock<Result<Bytes, serde_json::Error>> =
    LazyLock::new(|| Document::openapi().to_json().map(Bytes::from));

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "openApi", tag = "server",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = serde_json::Value),
    )
)]
pub(crate) async fn document() -> Response {
    match &*DOCUMENT {
        Ok(document) => ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response(),
        Err(error) => {
            tracing::error!(%error, "the OpenAPI document could not be written");
            crate::error::Error::Internal.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_documented_and_nothing_that_is_none() {
        let routes: BTreeSet<String> = super::super::table().into_iter().map(|(path, _)| path.to_owned()).collect();
        let documented: BTreeSet<String> = Document::openapi().paths.paths.into_keys().collect();
        assert_eq!(documented, routes);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let names: Vec<&str> = items
            .flat_map(|item| item.as_object().unwrap().values())
            .map(|operation| operation["operationId"].as_str().unwrap())
            .collect();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let mut waiting = vec![&document];
        while let Some(value) = waiting.pop() {
            if let Some(pointer) = value["$ref"].as_str() {
                let target = pointer.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                assert!(target.is_some(), "{pointer} leads nowhere");
            }
            waiting.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
            waiting.extend(value.as_array().into_iter().flatten());
        }
    }
}
