//! REST: the table of routes, and the gate that every request passes, those of Socket.IO and of the web client too.

mod accounts;
mod answers;
mod body;
mod caller;
mod calls;
mod carry;
mod directory;
mod headers;
mod messages;
mod metrics;
mod openapi;
mod origin;
mod paths;
mod query;
mod refusals;
mod reply;
mod rooms;
mod server;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get, post};

use crate::chat::Chat;
use crate::config::Metrics;
use crate::error::Error;

pub use metrics::serve as serve_metrics;
use server::Shared;

/// All routes with their methods. What is not here is 404, and another method 405.
fn table() -> [(&'static str, MethodRouter<Shared>); 14] {
    [
        ("/health", get(server::health)),
        ("/api/auth/signup", post(accounts::signup)),
        ("/api/auth/login", post(accounts::login)),
        ("/api/auth/me", get(accounts::me)),
        ("/api/auth/password", post(accounts::change_password)),
        ("/api/auth/refresh", post(accounts::refresh)),
        ("/api/users", get(directory::users)),
        ("/api/rooms", get(rooms::list).post(rooms::create)),
        ("/api/rooms/{roomId}", get(rooms::one).patch(rooms::update).delete(rooms::delete)),
        ("/api/rooms/{roomId}/messages", get(messages::history)),
        ("/api/calls", get(calls::history)),
        ("/api/ice-servers", get(server::ice_servers)),
        ("/api/config", get(server::config)),
        ("/api/openapi.json", get(openapi::document)),
    ]
}

/// Paths under `/api` for which no token is needed.
const PUBLIC: [&str; 4] = ["/api/auth/signup", "/api/auth/login", "/api/config", "/api/openapi.json"];

/// The routes, and `client` for every path that is not the server's. To be served behind [`gate`], which lets in whom they then know
/// by name.
pub fn router(chat: Arc<Chat>, client: Router) -> Router {
    let metrics = chat.config().metrics;
    let routes = table().into_iter().fold(Router::new(), |routes, (path, methods)| routes.route(path, methods));
    let routes = routes
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .layer(from_fn(watch::name_route))
        .with_state(Shared::new(chat));
    let routes = match metrics {
        Metrics::On => routes.merge(metrics::router()),
        Metrics::Off | Metrics::At(_) => routes.route("/metrics", any(not_found)),
    };
    routes.fallback_service(client.layer(from_fn(paths::keep_from_client)))
}

async fn not_found() -> Error {
    Error::NotFound
}

/// Puts the gate in front of everything that is served: `library`, the client's files below the path of Socket.IO, and `app`. From the
/// outside in: each path gets its one spelling; each request is watched and its answer gets the security headers; from then on it runs in a task of its own, to its end; the Origin is checked; a panic becomes an answer; under `/api`
/// the token comes before the path; and large answers are counted.
pub fn gate(chat: &Arc<Chat>, library: Router, app: Router) -> Router {
    let app = library.layer(from_fn(watch::name_route)).fallback_service(app);
    let origins = Arc::new(origin::Origins::new(Arc::clone(chat)));
    let under_way = (Arc::clone(chat), carry::UnderWay::default());
    let waiting = (Arc::clone(chat), answers::Waiting::default());
    // As a service, not merged: a route would write its `Allow` on whatever the gate answers, also to those who may not know it.
    Router::new()
        .fallback_service(app)
        .layer(from_fn_with_state(waiting, answers::bound))
        .layer(from_fn_with_state(Arc::clone(chat), caller::authenticate))
        .layer(from_fn(watch::catch_panic))
        .layer(from_fn_with_state(origins, origin::check))
        .layer(from_fn_with_state(under_way, carry::to_the_end))
        .layer(from_fn_with_state(Arc::clone(chat), headers::secure))
        .layer(from_fn(watch::watch))
        .layer(from_fn(paths::spell))
}
