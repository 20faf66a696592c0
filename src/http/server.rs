//! What the server says of itself: `/health`, `/api/config`, `/api/ice-servers`; and what all handlers share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use crate::chat::Chat;
use crate::config::IceServer;
use crate::model::Timestamp;

/// How long the store may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long ICE servers may be kept by a client where nothing about them expires, in seconds.
const ICE_TTL: u64 = 86_400;

/// What handlers share.
#[derive(Clone)]
pub struct Shared {
    chat: Arc<Chat>,
    started: Instant,
}

impl Shared {
    /// Of a server that starts now.
    pub fn new(chat: Arc<Chat>) -> Self {
        Self { chat, started: Instant::now() }
    }

    /// The verbs.
    pub fn chat(&self) -> &Arc<Chat> {
        &self.chat
    }
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
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
pub struct StoreHealth {
    /// `polodb` or `mongodb`.
    #[schema(example = "polodb")]
    engine: &'static str,
    /// `ok` or `degraded`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// How the server is. For load balancers and supervisors.
#[utoipa::path(
    get, path = "/health", tag = "server",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 503, description = "The store does not answer or cannot write, or the server shuts down", body = Health),
    )
)]
pub async fn health(State(shared): State<Shared>) -> (StatusCode, Json<Health>) {
    let store = shared.chat.store();
    let trouble = match tokio::time::timeout(PATIENCE, store.health()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("it does not answer".to_owned()),
    };
    if let Some(reason) = &trouble {
        tracing::warn!(reason, "the store is not well");
    }
    let word = |well: bool| if well { "ok" } else { "degraded" };
    let well = trouble.is_none() && !shared.chat.is_closing();
    let health = Health {
        status: word(well),
        uptime: shared.started.elapsed().as_millis() as f64 / 1000.0,
        version: env!("CARGO_PKG_VERSION"),
        timestamp: Timestamp::now(),
        store: StoreHealth { engine: store.engine().as_str(), status: word(trouble.is_none()) },
    };
    (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(health))
}

/// What a client should know before it logs in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicConfig {
    /// The server's name.
    #[schema(example = "Tincan")]
    name: &'static str,
    /// The server's version.
    version: &'static str,
    /// `open` or `closed`.
    #[schema(example = "open")]
    signup: &'static str,
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
pub async fn config(State(shared): State<Shared>) -> Json<PublicConfig> {
    let config = shared.chat.config();
    Json(PublicConfig {
        name: "Tincan",
        version: env!("CARGO_PKG_VERSION"),
        signup: if config.signup_open { "open" } else { "closed" },
        ring_timeout_ms: config.ring_timeout.as_millis() as u64,
        call_grace_ms: config.call_grace.as_millis() as u64,
    })
}

/// For `RTCPeerConnection`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceServers {
    /// As its constructor takes them.
    ice_servers: Vec<IceServer>,
    /// For how many seconds they are good.
    ttl: u64,
}

/// STUN and TURN servers, ready for `RTCPeerConnection`.
#[utoipa::path(
    get, path = "/api/ice-servers", operation_id = "iceServers", tag = "server",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The servers", body = IceServers),
    )
)]
pub async fn ice_servers(State(shared): State<Shared>, Caller(_): Caller) -> Json<IceServers> {
    Json(IceServers { ice_servers: shared.chat.config().ice_servers.clone(), ttl: ICE_TTL })
}
