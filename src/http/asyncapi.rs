//! `/api/asyncapi.json`: what goes over sockets, beside the OpenAPI document.

use axum::Json;
use serde_json::Value;

use crate::wire::asyncapi;

/// The events that go over Socket.IO, both ways.
#[utoipa::path(
    get, path = "/api/asyncapi.json", operation_id = "asyncApi", tag = "server",
    responses(
        (status = 200, description = "AsyncAPI 3.0", body = Value),
    )
)]
pub(crate) async fn document() -> Json<&'static Value> {
    Json(asyncapi())
}
