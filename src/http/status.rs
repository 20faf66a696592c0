//! What the server says of itself: `/health`, `/api/config`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::chat::{Accounts, Connections};
use crate::config::Config;
use crate::error::Error;
use crate::model::Timestamp;
use crate::store::Store;

/// How long the store may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `degraded` where the store does not answer or cannot write, and while the server shuts down.
    #[schema(example = "ok")]
    status: &'static str,
    /// Seconds since the start.
    uptime: f64,
    /// The server's version.
    version: &'static str,
    /// Now.
    timestamp: Timestamp,
    /// How the store is.
    store: StoreHealth,
}

/// How the store is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoreHealth {
    /// `polodb` or `mongodb`.
    #[schema(example = "polodb")]
    engine: &'static str,
    /// `ok` or `degraded`.
    #[schema(example = "ok")]
    status: &'static str,
}

impl StoreHealth {
    /// Of a store that is well or not.
    pub(crate) fn of(store: &dyn Store, well: bool) -> Self {
        Self { engine: store.engine().as_str(), status: word(well) }
    }
}

const fn word(well: bool) -> &'static str {
    if well { "ok" } else { "degraded" }
}

/// How the server is. For load balancers and supervisors.
#[utoipa::path(
    get, path = "/health", tag = "server",
    responses(
        (status = 200, description = "All is well", body = Health),
        (
            status = 503, body = Health,
            description = "The store does not answer or cannot write, or the server shuts down",
        ),
    )
)]
pub(crate) async fn health(
    State(store): State<Arc<dyn Store>>,
    State(connections): State<Arc<Connections>>,
    State(started): State<Instant>,
) -> (StatusCode, Json<Health>) {
    let trouble = match tokio::time::timeout(PATIENCE, store.health()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it does not answer".to_owned()),
    };
    if let Some(reason) = &trouble {
        tracing::warn!(reason, "the store is not well");
    }
    let well = trouble.is_none() && !connections.are_closing();
    let health = Health {
        status: word(well),
        uptime: started.elapsed().as_millis() as f64 / 1000.0,
        version: env!("CARGO_PKG_VERSION"),
        timestamp: Timestamp::now(),
        store: StoreHealth::of(&*store, trouble.is_none()),
    };
    (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(health))
}

/// What a client should know before it logs in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicConfig {
    /// The server's name.
    #[schema(example = "Tincan")]
    name: &'static str,
    /// The server's version.
    version: &'static str,
    /// `open`, `invite` or `closed`.
    #[schema(example = "open")]
    signup: &'static str,
    /// Nobody has an account yet: whoever makes the first one looks after the server.
    first: bool,
    /// How long a call rings, in milliseconds.
    ring_timeout_ms: u64,
    /// How long one who dropped out of a call may take to come back, in milliseconds.
    call_grace_ms: u64,
}

/// What a client should know before it logs in.
#[utoipa::path(
    get, path = "/api/config", tag = "server",
    responses(
        (status = 200, description = "Settings that concern clients", body = PublicConfig),
    )
)]
pub(crate) async fn config(
    State(config): State<Arc<Config>>,
    State(accounts): State<Arc<Accounts>>,
) -> Result<Json<PublicConfig>, Error> {
    Ok(Json(PublicConfig {
        name: "Tincan",
        version: env!("CARGO_PKG_VERSION"),
        signup: config.signup.as_str(),
        ring_timeout_ms: config.ring_timeout.as_millis() as u64,
        call_grace_ms: config.call_grace.as_millis() as u64,
        first: accounts.first().await?,
    }))
}
