//! `/api/calls`: the caller's history of calls.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa::IntoParams;

use super::caller::Caller;
use super::query::{FromParams, Params, Query};
use crate::chat::Calls;
use crate::error::Error;
use crate::model::CallId;
use crate::wire::CallView;

/// Which calls are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: usize,
    /// Those before this call. Any id is a place in the order.
    #[param(nullable = false)]
    before: Option<CallId>,
}

impl FromParams for Wanted {
    fn read(params: &mut Params) -> Option<Self> {
        let limit = params.count("limit", 50, 1..=200);
        let before = params.optional("before", CallId::parse, "must be an id: 24 lower-case hex digits");
        Some(Self { limit: limit?, before: before? })
    }
}

/// The calls that the caller was invited to, was in or began, newest first.
#[utoipa::path(
    get, path = "/api/calls", operation_id = "calls", tag = "calls",
    security(("bearer" = [])), params(Wanted),
    responses(
        (status = 200, description = "The calls", body = Vec<CallView>),
    )
)]
pub(crate) async fn history(
    State(calls): State<Arc<Calls>>,
    Caller(who): Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<CallView>>, Error> {
    Ok(Json(calls.history(&who, wanted.before, wanted.limit).await?))
}
